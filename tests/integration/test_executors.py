"""Executors under a scheduler that is killed, or out of processes and files; and real attempts."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import Outcome, RunState
from stoma.executors.supervision import marks
from stoma.executors.supervision.memory import children
from stoma.scheduler.manager import Scheduler
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from tests.feeds import serve_pages
from tests.makers import make_firing, make_task
from tests.replay import ReplayServer
from tests.unit.executors.conftest import PATIENCE, ROOT, Ears

FAMILY = ("child", "session leader", "daemon", "executed")
#: The user that the host becomes: the limit of processes does not bind root.
NOBODY = 54_321


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@contextmanager
def host(kind: str, folder: Path, action: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.executors.host", kind, str(folder), action],
        cwd=ROOT,
        env={**os.environ, "TELL": str(folder / "ears"), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("kind", "survivors"),
    # Without a zygote there is nobody to kill what the attempts had started.
    [("zygote", []), ("subprocess", sorted(FAMILY))],
)
def test_a_killed_scheduler_leaves_nobody_behind(
    kind: str, survivors: list[str], folder: Path
) -> None:
    ears = Ears(folder)
    with host(kind, folder, "kept") as process:
        told = ears.hear_all(*FAMILY, "attempt")
        process.kill()

        assert all(each.dies() for each in told if each.name not in survivors)
    for each in told:
        if each.name in survivors:
            os.kill(each.pid, signal.SIGKILL)
    ears.close()


def test_what_outlived_scheduler_and_zygote_is_found_by_its_marks(folder: Path) -> None:
    ears = Ears(folder)
    with host("zygote", folder, "kept") as process:
        told = ears.hear_all(*FAMILY, "attempt")
        process.send_signal(signal.SIGSTOP)
        (zygote,) = children(process.pid)
        os.kill(zygote, signal.SIGKILL)
        process.kill()
    assert all(each.dies() for each in told if each.name == "attempt")
    assert all(each.lives() for each in told if each.name in FAMILY)

    marks.kill_marked(f"host-{process.pid}")

    assert all(each.dies() for each in told)
    ears.close()


@pytest.mark.parametrize("kind", ["zygote", "subprocess"])
def test_want_of_processes_or_files_is_told_and_survived(kind: str, folder: Path) -> None:
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)

    with host(kind, folder, "starved") as process:
        said, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, errors
    found = json.loads(said)
    assert found.pop("user") != 0
    assert found == {
        "without processes": "EAGAIN",
        "with processes": 0,
        "without files": "EMFILE",
        "with files": 0,
    }


def test_the_scheduler_runs_attempts_in_processes_and_leaves_nothing_of_them(
    tmp_path: Path, server: ReplayServer
) -> None:
    serve_pages(server, pages=3, size=10)
    overrides = {
        "sources.arxiv.base_url": server.url,
        "sources.arxiv.interval_seconds": 0.0,
        "sources.arxiv.page_size": 10,
    }
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with Scheduler(loaded=loaded) as scheduler:
        app = scheduler.app
        now = app.clock.now()
        config = {"search_query": "testing", "max_results": 30, "sort_by": "relevance"}
        task = make_task(schedule="manual", config=config)
        app.tasks.add(place(task, now=now, timezone="UTC"), now=now)
        app.runs.fire([make_firing(Decision(state=RunState.PENDING, due_at=now))], now=now)

        scheduler.start(once=True)

        run = app.runs.get(1)
        (attempt,) = app.runs.attempts(1)
        assert (run.outcome, run.counts.new) == (Outcome.SUCCEEDED, 30)
        assert attempt.exit_code == 0
        assert attempt.cpu_seconds
        assert "INFO    run 1: succeeded" in app.log_path("papers", 1).read_text()
        (work_dir,) = (app.paths.run_dir / "work").iterdir()
        assert list(work_dir.iterdir()) == []
    assert children(os.getpid()) == []
