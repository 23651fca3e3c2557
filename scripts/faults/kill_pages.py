#!/usr/bin/env python3
"""kill -9 at every request of every way a source is asked: nothing lost, nothing doubled.

    python scripts/faults/kill_pages.py [--source SecLatest]

A source on the loopback kills the process that asks it, in the middle of one answer after the
other; each time the attempt is a process of its own, on a registry of its own. A second process
recovers the run and finishes it. The rows must be those of an undisturbed run, and no request but
the one that was cut off may be sent twice. Prints one JSON object; exits 1 if that is not so.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from stoma.domain.ledger import Decision  # noqa: E402
from stoma.domain.run import Outcome, RunState  # noqa: E402
from stoma.processes import this_process  # noqa: E402
from stoma.scheduler.recovery import recover  # noqa: E402
from stoma.version import __version__  # noqa: E402
from tests.contract.sources import ALL  # noqa: E402
from tests.fakes import START  # noqa: E402
from tests.makers import make_firing  # noqa: E402
from tests.replay import Answer, ReplayServer  # noqa: E402
from tests.served import Contract, attempt, registry, rows, serve  # noqa: E402

NAMES: dict[str, Contract] = {contract.__name__: contract for contract in ALL}


def work(home: Path, name: str, url: str) -> int:
    """Carry out one attempt: of the run that was cut off, or of a new one."""
    with registry(home, NAMES[name], url) as (app, _):
        recover(app)
        me = this_process("run-task")
        app.instances.enter(me, version=__version__, now=app.clock.now())
        waiting = app.runs.active(["t"])
        if not waiting:
            slot = Decision(state=RunState.PENDING, due_at=START)
            waiting = [app.runs.add(make_firing(slot, task_id="t", max_attempts=4), now=START)]
        done = attempt(app, waiting[0], owner=me.id)
        return 0 if done.outcome is Outcome.SUCCEEDED else 1


def child(home: Path, name: str, url: str) -> subprocess.Popen[bytes]:
    arguments = ["--attempt", str(home), "--source", name, "--url", url]
    return subprocess.Popen([sys.executable, __file__, *arguments])


def killing(victim: list[int]) -> Answer:
    """Return an answer of which a few bytes come; whoever waits for the rest is killed."""

    def pieces(_: ReplayServer) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n<"
        os.kill(victim[0], signal.SIGKILL)

    return Answer(raw=pieces)


def one(name: str, number: int) -> tuple[int, int, object]:
    """Kill at one request; return both exit codes with the number of requests, and the rows.

    Number 0 kills nowhere.
    """
    with ExitStack() as stack:
        server = stack.enter_context(serve(ReplayServer(), NAMES[name]))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        victim: list[int] = []
        if number:
            server.answer_request(number, killing(victim))
        first = child(home, name, server.url)
        victim.append(first.pid)
        code = first.wait()
        if number:
            if code != -signal.SIGKILL:
                raise SystemExit(f"{name}: request {number} was never sent")
            code = child(home, name, server.url).wait()
        with registry(home, NAMES[name], server.url) as (app, _):
            return code, len(server.seen), rows(app)


def sweep(name: str) -> dict[str, object]:
    code, requests, whole = one(name, 0)
    if code:
        raise SystemExit(f"{name}: it fails undisturbed")
    wrong = []
    for number in range(1, requests + 1):
        code, sent, found = one(name, number)
        if code or found != whole or sent != requests + 1:
            wrong.append({"request": number, "code": code, "requests": sent})
    return {"requests": requests, "kills": requests, "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", choices=NAMES)
    parser.add_argument("--attempt", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.attempt:
        sys.exit(work(chosen.attempt, chosen.source, chosen.url))
    found = {name: sweep(name) for name in ([chosen.source] if chosen.source else NAMES)}
    print(json.dumps(found, indent=2))
    sys.exit(any(each["wrong"] for each in found.values()))


if __name__ == "__main__":
    main()
