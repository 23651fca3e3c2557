"""`stoma scheduler start`, in a process of its own, with children of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.feeds import serve_pages
from tests.replay import ReplayServer
from tests.unit.cli.support import Cli

ROOT = Path(__file__).parents[2]
#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 60.0
PRESET = """
[tasks.papers]
name = "Papers"
type = "arxiv"
schedule = "run_then_wait_10m"
config = { search_query = "testing", max_results = 20, sort_by = "relevance" }
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ReplayServer) -> Path:
    for name in list(os.environ):
        if name.startswith("STOMA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STOMA_HOME", str(tmp_path))
    # Whatever the default preset has due at this moment of the day stays on this machine.
    for name in ("ARXIV__BASE_URL", "GITHUB__BASE_URL", "GITHUB__TRENDING_URL"):
        monkeypatch.setenv(f"STOMA_SOURCES__{name}", server.url)
    monkeypatch.setenv("STOMA_SOURCES__ARXIV__PAGE_SIZE", "10")
    monkeypatch.setenv("STOMA_SOURCES__ARXIV__INTERVAL_SECONDS", "0.001")
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "mine.toml").write_text(PRESET)
    return tmp_path


@pytest.fixture
def cli(home: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys, clock)


def stoma(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stoma", *arguments]


def test_once_runs_what_is_due_and_ends(cli: Cli, server: ReplayServer) -> None:
    serve_pages(server, pages=2, size=10)

    done = subprocess.run(
        stoma("scheduler", "start", "--once", "--preset", "mine"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    (run,) = json.loads(cli.scheduler("history", "--json").out)
    assert (done.returncode, done.stdout) == (0, "")
    assert "preset mine: task papers added" in done.stderr
    assert (run["outcome"], run["new"], run["trigger"]) == ("succeeded", 20, "schedule")
    assert "page stored" in cli.scheduler("logs", "papers").out


def test_sigterm_ends_it_in_order(home: Path) -> None:
    process = subprocess.Popen(
        stoma("scheduler", "start", "--log-level", "INFO"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "scheduler started" in line:
            break
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert "scheduler stopped" in err


def test_an_empty_registry_gets_the_default_preset(cli: Cli) -> None:
    shown = cli.scheduler("start", "--once")

    assert shown.code == 0
    assert "is empty: loading preset 'default'" in shown.err
    assert len(cli.scheduler("list-tasks", "-o", "name").lines) == 6


def test_until_is_a_moment(cli: Cli, clock: FakeClock) -> None:
    shown = cli.scheduler("start", "--until", "2026-03-02T12:00:05", "--log-level", "ERROR")

    assert (shown.code, shown.err) == (0, "")
    assert clock.now().second == 5
    assert cli.scheduler("start", "--until", "soon").code == 2


def test_a_second_scheduler_is_a_conflict(home: Path) -> None:
    first = subprocess.Popen(
        stoma("scheduler", "start"), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert first.stderr is not None
    for line in first.stderr:
        if "scheduler started" in line:
            break
    second = subprocess.run(
        stoma("scheduler", "start"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    status = subprocess.run(
        stoma("scheduler", "status"), cwd=ROOT, capture_output=True, text=True, check=True
    )
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE)

    assert second.returncode == 6
    assert "another scheduler" in second.stderr
    assert status.stdout.startswith("scheduler  ✓ running for ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--preset", "mien"], 5, "did you mean: mine ?"),
        (["--log-level", "LOUD"], 2, "Invalid value for '--log-level'"),
    ],
)
def test_what_can_not_be_started_is_explained(
    cli: Cli, arguments: list[str], code: int, message: str
) -> None:
    shown = cli.scheduler("start", *arguments)

    assert shown.code == code
    assert message in shown.err
