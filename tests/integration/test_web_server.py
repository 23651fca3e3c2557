"""The web as it is served: the documented lines, runs without a scheduler, its start and end."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2 as httpx
import pytest

from stoma.app import open_app
from stoma.clock import SystemClock
from stoma.operations import accounts
from stoma.settings import load_settings
from tests.feeds import papers
from tests.replay import ReplayServer, feed, silent

ROOT = Path(__file__).parents[2]
#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 60.0
LINES = (ROOT / "docs" / "how-to" / "use-the-api.md").read_text(encoding="utf-8")


class Served(NamedTuple):
    """A web process that answers."""

    url: str
    home: Path
    process: subprocess.Popen[str]


@contextmanager
def served(home: Path, source: str, *options: str) -> Iterator[Served]:
    """Serve the web on a free port until the end of the body."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("STOMA_")}
    env |= {
        "STOMA_SOURCES__ARXIV__BASE_URL": source,
        "STOMA_SOURCES__ARXIV__INTERVAL_SECONDS": "0.001",
        "STOMA_SCHEDULER__DRAIN_SECONDS": "0.1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "stoma.api.main", "--home", str(home), "--port", "0", *options],
        env=env,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = next(each for each in process.stderr if "http://" in each)
        found = re.search(r"http://[^ ]+(?=/)", line)
        assert found
        yield Served(found[0], home, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server with a source on the loopback, and no scheduler beside it."""
    with ReplayServer() as source:
        source.answer("/api/query", *[feed(papers(0, 3))] * 20)
        with served(tmp_path_factory.mktemp("web") / "home", source.url) as found:
            yield found


def curl(web: Served, command: str) -> str:
    """Run a documented line against the server; fail on an error status."""
    function = 'curl() { command curl -sS --fail-with-body --max-time 50 "$@"; }\n'
    done = subprocess.run(
        ["/bin/sh", "-ec", function + command.replace("http://localhost:8000", web.url)],
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


@needs_curl
def test_the_documented_lines_work_and_a_run_is_carried_out_without_a_scheduler(
    web: Served,
) -> None:
    told = [curl(web, block) for block in re.findall(r"```sh\n(.*?)```", LINES, re.DOTALL)]

    run = httpx.get(f"{web.url}/api/scheduler/runs/1").json()
    assert len(told) == 6
    assert (run["outcome"], run["new"], run["attempts"]) == ("succeeded", 3, 1)
    assert "event: end" in told[2]
    assert '"executed_by":"web"' in told[2]
    assert "run 1 of task ml_papers: attempt 1 started" in told[2]
    assert told[5].count("@") >= 3


@needs_curl
@pytest.mark.parametrize(
    "line",
    [
        "curl http://localhost:8000/api/scheduler/status",
        "curl http://localhost:8000/api/scheduler/tasks",
        "curl -X POST http://localhost:8000/api/scheduler/presets/development",
        "curl -X PUT http://localhost:8000/api/scheduler/tasks/github_python_trending/disable",
        "curl -X PUT http://localhost:8000/api/scheduler/tasks/github_python_trending/enable",
        "curl http://localhost:8000/api/scheduler/history",
    ],
)
def test_the_lines_of_the_reference_work(web: Served, line: str) -> None:
    assert json.loads(curl(web, line))


def test_a_follower_is_told_of_changes_and_a_stop_ends_streams(tmp_path: Path) -> None:
    with served(tmp_path / "home", "http://127.0.0.1:9") as web:
        follow = httpx.stream("GET", f"{web.url}/api/scheduler/events", timeout=PATIENCE)
        with follow as answer:
            events = (line for line in answer.iter_lines() if line.startswith("event:"))
            first = next(events)
            httpx.post(f"{web.url}/api/scheduler/pause")
            second = next(events)
            web.process.send_signal(signal.SIGTERM)
            rest = list(events)

        code = web.process.wait(PATIENCE)

    assert (first, second) == ("event: change", "event: change")
    assert (set(rest) - {"event: change"}, code) == (set(), 0)


def test_an_address_of_the_network_needs_an_account(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "stoma", "--home", str(home), "web", "--port", "0"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("STOMA_")}

    refused = subprocess.run(
        [*command, "--host", "0.0.0.0"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=env,
        cwd=ROOT,
        check=False,
    )

    assert refused.returncode == 78
    assert "anybody who reaches it could do anything" in refused.stderr
    assert "stoma users add NAME --admin" in refused.stderr


def test_with_an_account_it_listens_everywhere_and_needs_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_app(load_settings(home=home, environ={})) as app:
        token = accounts.create_token(app, "ci", scope="admin").text
    with served(home, "http://127.0.0.1:9", "--host", "0.0.0.0") as web:
        url = web.url.replace("0.0.0.0", "127.0.0.1")
        without = httpx.get(f"{url}/api/me").status_code
        with_it = httpx.get(f"{url}/api/me", headers={"Authorization": f"Bearer {token}"})
        open_to_all = httpx.get(f"{url}/healthz").status_code

    assert (without, with_it.status_code, open_to_all) == (401, 200, 200)


def test_a_run_at_work_is_cancelled_and_a_stop_interrupts_what_does_not_end(
    tmp_path: Path,
) -> None:
    with ReplayServer() as source:
        source.answer("/api/query", silent(), silent())
        home = tmp_path / "home"
        with served(home, source.url) as web:
            scheduler = f"{web.url}/api/scheduler"
            task = {
                "id": "slow",
                "name": "Slow",
                "type": "arxiv",
                "schedule": "manual",
                "config": {"search_query": "x", "max_results": 5},
            }
            httpx.post(f"{scheduler}/tasks", json=task).raise_for_status()
            asked = f"{scheduler}/tasks/slow/run"
            first = httpx.post(asked).json()["id"]
            at_work(f"{scheduler}/runs/{first}")
            httpx.post(f"{scheduler}/runs/{first}/cancel", timeout=PATIENCE)
            cancelled = over(f"{scheduler}/runs/{first}")
            second = httpx.post(asked).json()["id"]
            at_work(f"{scheduler}/runs/{second}")
    with open_app(load_settings(home=home, environ={})) as app:
        interrupted = app.runs.get(second)

    assert cancelled["outcome"] == "cancelled"
    assert interrupted.outcome == "interrupted"


def at_work(url: str) -> None:
    """Wait until a run is at work and has something in its log."""
    waited(lambda: httpx.get(f"{url}/log").text != "")


def over(url: str) -> dict[str, object]:
    """Wait until a run is over; return it."""
    waited(lambda: httpx.get(url).json()["state"] == "done")
    found: dict[str, object] = httpx.get(url).json()
    return found


def waited(done: Callable[[], bool]) -> None:
    clock = SystemClock()
    give_up = clock.monotonic() + PATIENCE
    while not done():
        assert clock.monotonic() < give_up
        clock.sleep(0.05)
