"""Eight processes that ask one source as fast as they may: the source counts, and is content."""

import subprocess
import sys
from pathlib import Path

from stoma.app import open_app
from stoma.settings import load_settings
from tests.replay import ReplayServer, feed

PROCESSES, REQUESTS, INTERVAL = 8, 3, 0.15

#: One process that makes eight of itself, each with a connection of its own to the registry.
_ASK = """
import os
import sys
from pathlib import Path
from stoma.app import open_app
from stoma.httpclient import Gate, GatePolicy
from stoma.settings import load_settings

home, url, interval, requests, processes = sys.argv[1:]
children = []
for _ in range(int(processes)):
    child = os.fork()
    if not child:
        break
    children.append(child)
else:
    sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children))
loaded = load_settings(home=Path(home), environ={}, overrides={
    "sources.arxiv.base_url": url, "sources.arxiv.interval_seconds": float(interval)})
with open_app(loaded) as app:
    policy = GatePolicy(base_url=url, max_wait_seconds=60)
    with Gate("arxiv", policy=policy, budgets=app.budgets, clock=app.clock) as gate:
        for _ in range(int(requests)):
            gate.get(f"{url}/api/query")
"""


def test_eight_processes_never_ask_more_often_than_the_budget_allows(tmp_path: Path) -> None:
    with open_app(load_settings(home=tmp_path, environ={})):
        pass  # the registry is there before they begin
    with ReplayServer() as server:
        server.answer("/api/query", feed(b"<feed/>"))
        arguments = [tmp_path, server.url, INTERVAL, REQUESTS, PROCESSES]
        asking = [sys.executable, "-c", _ASK, *map(str, arguments)]
        assert subprocess.run(asking, timeout=300).returncode == 0
        arrived = server.arrived

    assert server.peak == 1
    assert len(arrived) == PROCESSES * REQUESTS
    # One connection at a time: a request that arrives late holds up the next one. So of any number
    # of arrivals in a row, all intervals but one lie between the first and the last.
    for first, begin in enumerate(arrived):
        for number, end in enumerate(arrived[first + 2 :], 1):
            assert end - begin >= INTERVAL * number * 0.95
