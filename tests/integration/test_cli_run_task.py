"""`stoma scheduler run-task`, from the command to the rows, against a source on the loopback."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stoma.collectors.arxiv import ArxivCollector
from stoma.settings import load_settings
from tests.fakes import FakeClock
from tests.feeds import page, papers, serve_pages
from tests.registries import opened_app
from tests.replay import Answer, ReplayServer, dropped, feed, slow_down
from tests.replay import page as html
from tests.unit.cli.support import Cli, Registry, Terminal

ROOT = Path(__file__).parents[2]
#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 60.0
CONFIG = {"search_query": "testing", "max_results": 30, "sort_by": "relevance"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ReplayServer) -> Path:
    for name in list(os.environ):
        if name.startswith("STOMA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STOMA_HOME", str(tmp_path))
    monkeypatch.setenv("STOMA_SOURCES__ARXIV__BASE_URL", server.url)
    monkeypatch.setenv("STOMA_SOURCES__ARXIV__PAGE_SIZE", "10")
    monkeypatch.setenv("STOMA_SOURCES__ARXIV__INTERVAL_SECONDS", "0.001")
    return tmp_path


@pytest.fixture
def cli(home: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys, clock)


@pytest.fixture
def registry(home: Path, clock: FakeClock) -> Iterator[Registry]:
    with opened_app(load_settings(home=home), clock=clock) as app:
        registry = Registry(app, clock)
        registry.task("papers", config=CONFIG)
        yield registry


def test_what_came_is_shown(cli: Cli, registry: Registry, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)

    shown = cli.scheduler("run-task", "papers")

    assert (shown.code, shown.err) == (0, "")
    assert shown.lines[0].startswith("✓ papers: ok in ")
    assert shown.lines[0].endswith(": 30 new (run 1)")
    assert shown.lines[1:] == [
        *(f"  + Paper {number}" for number in range(5)),
        "    and 25 more: stoma items list --run 1",
    ]


def test_what_was_known_is_told_apart(cli: Cli, registry: Registry, server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 7)), feed(papers(0, 8, version=2)))
    cli.scheduler("run-task", "papers")

    shown = cli.scheduler("run-task", "papers")

    assert shown.lines[0].endswith(": 1 new, 7 updated (run 2)")
    assert shown.lines[1:] == [
        "  + Paper 7",
        *(f"  ~ Paper {number}" for number in range(5)),
        "    and 2 more",
    ]


def test_the_same_again_is_unchanged(cli: Cli, registry: Registry, server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 7)))
    cli.scheduler("run-task", "papers")

    assert cli.scheduler("run-task", "papers").lines[0].endswith(": 7 unchanged (run 2)")


def test_nothing_found_is_a_success(cli: Cli, registry: Registry, server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 0)))

    shown = cli.scheduler("run-task", "papers")

    assert shown.code == 0
    assert shown.out.startswith("○ papers: empty in ")


def test_json_is_the_run(cli: Cli, registry: Registry, server: ReplayServer) -> None:
    serve_pages(server, pages=3, size=10)

    found = json.loads(cli.scheduler("run-task", "papers", "--json").out)

    assert (found["id"], found["task_id"], found["trigger"]) == (1, "papers", "manual")
    assert (found["outcome"], found["new"], found["requests"]) == ("succeeded", 30, 3)


def test_a_disabled_task_can_be_run_by_hand(
    cli: Cli, registry: Registry, server: ReplayServer
) -> None:
    server.answer("/api/query", feed(papers(0, 1)))
    cli.scheduler("disable-task", "papers")

    assert cli.scheduler("run-task", "papers").code == 0


def test_the_log_can_be_watched(cli: Cli, registry: Registry, server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 1)))

    shown = cli.scheduler("run-task", "papers", "--log-level", "info")

    assert "INFO    run 1 of task papers: attempt 1 started" in shown.err
    assert "run 1: succeeded" in cli.scheduler("logs", "papers").out


CODES: dict[str, tuple[Callable[[], Answer], int, str]] = {
    "slow down": (slow_down, 75, "rate_limited"),
    "no word": (dropped, 1, "network"),
    "a page": (lambda: html("<html><title>Maintenance</title></html>"), 1, "bad_answer"),
    "a fault": (lambda: html("oops", 503), 1, "source_failed"),
    "blocked": (lambda: html("no", 403), 1, "blocked"),
    "refused": (lambda: html("no", 404), 1, "refused"),
}


@pytest.mark.parametrize("name", CODES)
def test_a_failure_has_the_code_of_its_error(
    cli: Cli, registry: Registry, server: ReplayServer, name: str
) -> None:
    answer, code, kind = CODES[name]
    server.answer("/api/query", answer())

    shown = cli.scheduler("run-task", "papers")

    assert shown.code == code
    assert shown.out.startswith("✗ papers: failed")
    assert shown.err.startswith(f"error: {kind}: ")
    assert shown.err.endswith("  log: stoma scheduler logs 1\n")


def test_a_source_that_is_not_to_be_asked_now_defers_the_run(
    cli: Cli, registry: Registry, server: ReplayServer
) -> None:
    server.answer("/api/query", slow_down("120"))
    cli.scheduler("run-task", "papers")

    shown = cli.scheduler("run-task", "papers")

    assert shown.code == 75
    assert shown.out == "· papers: waiting (run 2)\n"
    assert "the scheduler runs it in 2m" in shown.err


def test_a_partial_collection_exits_3(cli: Cli, registry: Registry, server: ReplayServer) -> None:
    registry.task("some", config={"ids": ["2601.00000", "not an id"]})
    server.answer("/api/query", feed(papers(0, 1)))

    shown = cli.scheduler("run-task", "some")

    assert shown.code == 3
    assert shown.out.startswith("! some: partial in ")
    assert "not arXiv ids" in shown.err


def test_a_time_limit_exits_124(
    cli: Cli, registry: Registry, server: ReplayServer, clock: FakeClock
) -> None:
    registry.task("slow", config=CONFIG, timeout_seconds=60.0)

    def late(server: ReplayServer) -> Iterator[bytes]:
        clock.sleep(61)
        yield b"HTTP/1.1 200 OK\r\n\r\n"

    server.answer("/api/query", Answer(raw=late))

    shown = cli.scheduler("run-task", "slow")

    assert shown.code == 124
    assert shown.out.startswith("✗ slow: timed out in ")


@pytest.mark.parametrize(
    ("task_id", "code", "hint"),
    [("paprs", 5, "did you mean: papers ?"), ("xyzzy", 5, "see: stoma scheduler list-tasks")],
)
def test_an_unknown_task_is_answered_with_the_nearest(
    cli: Cli, registry: Registry, task_id: str, code: int, hint: str
) -> None:
    shown = cli.scheduler("run-task", task_id)

    assert (shown.code, shown.out) == (code, "")
    assert hint in shown.err


def test_a_task_at_work_is_not_started_again(cli: Cli, registry: Registry) -> None:
    run = registry.started("papers")

    shown = cli.scheduler("run-task", "papers")

    assert shown.code == 6
    assert f"already running: run {run.id}" in shown.err


def test_a_bug_in_a_collector_is_an_outcome(
    cli: Cli, registry: Registry, server: ReplayServer
) -> None:
    server.answer("/api/query", feed(papers(0, 1).replace(b"About 0.", b"\x00")))

    assert cli.scheduler("run-task", "papers").code == 1
    assert ArxivCollector.source == "arxiv"


# --- in front of a terminal -------------------------------------------------------------------


def test_a_bar_is_shown_to_who_waits(
    cli: Cli,
    registry: Registry,
    server: ReplayServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = threading.Event()

    class Screen(Terminal):
        def write(self, text: str) -> int:
            if "collecting" in text:
                shown.set()
            return super().write(text)

    def patient(server: ReplayServer) -> Iterator[bytes]:
        assert shown.wait(PATIENCE)
        body = papers(10, 10, total=20)
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\n"
        yield f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    server.answer("/api/query", page(0, pages=2, size=10), Answer(raw=patient))

    result = cli.scheduler("run-task", "papers")

    assert result.code == 0
    assert "collecting papers" in screen.getvalue()
    assert "10/20" in screen.getvalue()


# --- signals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_and_the_ledger_says_so(
    cli: Cli, registry: Registry, server: ReplayServer, number: signal.Signals, code: int
) -> None:
    asked = threading.Event()

    def silent(server: ReplayServer) -> Iterator[bytes]:
        asked.set()
        server.closing.wait()
        yield b""

    server.answer("/api/query", page(0, pages=3, size=10), Answer(raw=silent))
    process = subprocess.Popen(
        [sys.executable, "-m", "stoma", "scheduler", "run-task", "papers"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert asked.wait(PATIENCE)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)

    (run,) = json.loads(cli.scheduler("history", "--json").out)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert (run["outcome"], run["error"], run["new"]) == ("interrupted", "stopped by hand", 10)
