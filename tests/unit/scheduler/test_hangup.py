"""A closed terminal ends what was started in it; without one, SIGHUP means: read again."""

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

IN_FRONT = "import os, sys; os.open(os.ttyname(0), os.O_RDWR);"
START = "from stoma.scheduler.manager import main; main(['--home', sys.argv[1]])"
#: What takes longer hangs, and is killed.
PATIENCE = 30


@pytest.fixture
def terminal() -> Iterator[list[int]]:
    """Both ends of a terminal: whoever sits there, and what runs in it."""
    ends = list(pty.openpty())
    yield ends
    for end in ends:
        os.close(end)


def started(home: Path, code: str, stdin: int) -> subprocess.Popen[str]:
    """Start a scheduler that is not in our session, and wait until it is at work."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text('[scheduler]\ntask_files = ["tasks.yaml"]\n')
    (home / "tasks.yaml").write_text(
        "tasks: {a: {name: A, type: arxiv, schedule: daily, config: {search_query: x}}}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, home],
        stdin=stdin,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.daemon = True
    watchdog.start()
    wait_for(process, "scheduler started")
    return process


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"it ended without {words!r}")


def test_a_closed_terminal_ends_it_in_order(tmp_path: Path, terminal: list[int]) -> None:
    with started(tmp_path, IN_FRONT + START, terminal[1]) as process:
        os.close(terminal.pop(0))
        wait_for(process, "scheduler stopped")

        assert process.wait(PATIENCE) == 0


def test_without_a_terminal_it_reads_its_files_again(tmp_path: Path) -> None:
    with started(tmp_path, "import sys;" + START, subprocess.DEVNULL) as process:
        (tmp_path / "tasks.yaml").write_text("tasks: [")
        process.send_signal(signal.SIGHUP)
        wait_for(process, "task files can not be used; what was in force stays in force")
        process.terminate()

        assert process.wait(PATIENCE) == 0
