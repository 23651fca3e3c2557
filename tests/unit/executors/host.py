"""A small scheduler of these tests: a process with an executor, to be killed or starved.

python -m tests.unit.executors.host KIND FOLDER kept     an attempt and its family, until killed
python -m tests.unit.executors.host KIND FOLDER starved  starts without processes, or files, left
"""

import errno
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from stoma.clock import SystemClock
from stoma.executors import EXECUTORS
from stoma.executors.base import AttemptSpec, Launch
from stoma.executors.supervision.executor import ProcessExecutor
from stoma.executors.supervision.memory import children

ENTRIES = "tests.unit.executors.entries"
PATIENCE = 30.0
NOBODY = 54_321


class Host:
    """Starts attempts on an executor of its own."""

    def __init__(self, executor: ProcessExecutor, folder: Path) -> None:
        self._executor = executor
        self._folder = folder
        self._wake = threading.Event()

    def start(self, run_id: int) -> None:
        spec = AttemptSpec(
            run_id=run_id,
            fence=0,
            timeout_seconds=PATIENCE,
            log_path=self._folder / f"logs/{run_id}.log",
        )
        self._executor.start(spec, self._wake)

    def refusal(self, run_id: int) -> str:
        """Return why an attempt can not be started; empty if it can."""
        try:
            self.start(run_id)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return ""

    def exit_code(self) -> int:
        """Wait for the end of an attempt."""
        assert self._wake.wait(PATIENCE)
        self._wake.clear()
        (end,) = self._executor.ended()
        return end.exit_code


@contextmanager
def limited(kind: int, limit: int) -> Iterator[None]:
    """Limit this process and those it has started, for a while."""
    processes = [os.getpid(), *children(os.getpid())]
    before = {pid: resource.prlimit(pid, kind) for pid in processes}
    for pid in processes:
        resource.prlimit(pid, kind, (limit, before[pid][1]))
    try:
        yield
    finally:
        for pid in processes:
            resource.prlimit(pid, kind, before[pid])


@contextmanager
def nobody() -> Iterator[None]:
    """Be nobody for a while: the limit of processes does not bind root."""
    if os.getuid():
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def starve(host: Host) -> dict[str, object]:
    """Start attempts when something has run out, and when it is there again."""
    found: dict[str, object] = {}
    with nobody(), limited(resource.RLIMIT_NPROC, 1):
        found["user"] = os.getuid()
        found["without processes"] = host.refusal(1)
    host.start(2)
    found["with processes"] = host.exit_code()
    with limited(resource.RLIMIT_NOFILE, 3):
        found["without files"] = host.refusal(3)
    host.start(4)
    found["with files"] = host.exit_code()
    return found


def main(kind: str, folder: Path, action: str) -> None:
    launch = Launch(
        entry=f"{ENTRIES}:{'nothing' if action == 'starved' else 'family_that_stays'}",
        environment=os.environ,
        instance=f"host-{os.getpid()}",
        work_dir=folder / "work",
        preload=(ENTRIES, "tests.unit.executors.nobody") if action == "starved" else (),
    )
    with EXECUTORS.get(kind)(launch, SystemClock()) as executor:
        host = Host(executor, folder)
        if action == "starved":
            # A zygote stays nobody; an interpreter may be where only root can execute it.
            with nobody() if kind == "zygote" else nullcontext():
                sys.stdout.write(json.dumps(starve(host)))
        else:
            host.start(1)
            signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
