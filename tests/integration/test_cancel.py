"""Runs at work are stopped: in a scheduler, in a `run-task` process, and in one that will not."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stoma.app import App, open_app
from stoma.domain.run import Outcome
from stoma.operations.control import cancel_run
from stoma.processes import Instance, boot_id, started, this_process
from stoma.scheduler.now import RUN_TASK
from stoma.settings import Loaded, child_environment, load_settings
from tests.fakes import START
from tests.integration.test_scheduler_process import add_due, children, scheduler, stop
from tests.makers import make_firing
from tests.replay import Answer, ReplayServer

ROOT = Path(__file__).parents[2]
#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 60.0


class Hanging:
    """An answer that never comes, and whether it was asked for."""

    def __init__(self, server: ReplayServer) -> None:
        self.asked = threading.Event()
        server.answer("/api/query", Answer(raw=self._silent))

    def _silent(self, server: ReplayServer) -> Iterator[bytes]:
        self.asked.set()
        server.closing.wait()
        yield b""


@pytest.fixture
def loaded(tmp_path: Path, server: ReplayServer) -> Loaded:
    overrides: Mapping[str, object] = {
        "sources.arxiv.base_url": server.url,
        "sources.arxiv.interval_seconds": 0.0,
        "scheduler.drain_seconds": 0.5,
        "scheduler.check_interval_seconds": 0.05,
    }
    return load_settings(home=tmp_path, environ={}, overrides=overrides)


def holder_of(process: "subprocess.Popen[str]") -> Instance:
    here = this_process(RUN_TASK)
    return Instance(
        id="held",
        kind=RUN_TASK,
        host=here.host,
        boot_id=boot_id(),
        pid=process.pid,
        pid_started=started(process.pid),
    )


def test_an_attempt_of_a_scheduler_is_stopped(loaded: Loaded, server: ReplayServer) -> None:
    hanging = Hanging(server)
    with open_app(loaded) as app:
        add_due(app)
        with scheduler(loaded) as process:
            assert hanging.asked.wait(PATIENCE)
            (zygote,) = children(process.pid)

            found = cancel_run(app, 1, patience_seconds=PATIENCE)

            assert children(zygote) == []
            assert stop(process)[0] == 0
        assert (found.run.outcome, found.text) == (Outcome.CANCELLED, "it was stopped")
        assert [each.outcome for each in app.runs.attempts(1)] == [Outcome.CANCELLED]


def test_a_task_that_is_run_by_hand_is_stopped(loaded: Loaded, server: ReplayServer) -> None:
    hanging = Hanging(server)
    with open_app(loaded) as app:
        add_due(app)
        app.runs.cancel(1, now=START, reason="user")
        with subprocess.Popen(
            [sys.executable, "-m", "stoma", "scheduler", "run-task", "papers"],
            env={**os.environ, **child_environment(loaded)},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert hanging.asked.wait(PATIENCE)

            found = cancel_run(app, 2, patience_seconds=PATIENCE, grace_seconds=PATIENCE)

            assert process.wait(PATIENCE) == 143
        assert (found.run.outcome, found.text) == (Outcome.CANCELLED, "it was stopped")
        assert app.instances.dead() == []


#: Does not obey SIGTERM, and neither does what it starts, in a session of its own.
STUBBORN = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(child.pid, flush=True)
signal.pause()
"""


def test_a_process_that_does_not_obey_is_killed_with_what_it_started(app: App) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN],
        env={**os.environ, "STOMA_INSTANCE": "held"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        app.instances.enter(holder_of(process), version="0", now=START)
        run = app.runs.add(make_firing(), now=START, owner="held", lease_until=START)
        app.runs.start(run, now=START, log_path="")

        with open_app(app.loaded) as on_time:  # a clock that goes by itself
            found = cancel_run(on_time, 1, patience_seconds=PATIENCE, grace_seconds=0.1)

        assert process.wait(PATIENCE) == -9
    assert found.run.outcome is Outcome.CANCELLED
    assert (
        not Path(f"/proc/{child}/cmdline").exists()
        or not Path(f"/proc/{child}/cmdline").read_bytes()
    )  # gone, or a zombie of the init process


#: Cancels a run that the first process of the machine is said to hold, and not as root.
STRANGER = """
import os, sys
from pathlib import Path
from stoma.app import open_app
from stoma.operations.control import cancel_run
from stoma.processes import Instance, boot_id, started, this_process
from stoma.scheduler.now import RUN_TASK
from stoma.settings import load_settings
from tests.fakes import START, FakeClock
from tests.makers import make_firing

if os.getuid() == 0:
    os.chown(sys.argv[1], 54_321, 54_321)
    os.setresuid(54_321, 54_321, 54_321)
host = this_process("x").host
init = Instance(
    id="held", kind=RUN_TASK, host=host, boot_id=boot_id(), pid=1, pid_started=started(1)
)
with open_app(load_settings(home=Path(sys.argv[1]), environ={}), clock=FakeClock()) as app:
    app.instances.enter(init, version="0", now=START)
    run = app.runs.add(make_firing(), now=START, owner="held", lease_until=START)
    app.runs.start(run, now=START, log_path="")
    print(cancel_run(app, 1).text)
"""


def test_a_process_that_may_not_be_signalled_is_told_and_that_is_said() -> None:
    with tempfile.TemporaryDirectory() as folder:  # outside of what root alone may enter
        done = subprocess.run(
            [sys.executable, "-c", STRANGER, folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    assert done.stdout == "the run-task process 1 was told, but may not be signalled by you\n"
