"""One scheduler per registry: a lock on a file beside the database, which dies with its holder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stoma.exceptions import SchedulerRunningError


@contextmanager
def only_scheduler(lock_file: Path, registry: Path) -> Iterator[None]:
    """Hold the scheduler's lock of *registry*.

    Raises:
        SchedulerRunningError: Another process holds it.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise SchedulerRunningError(str(registry), file.read().strip() or "unknown") from None
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield
