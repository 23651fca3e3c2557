"""Small jobs that may take their time, on a thread beside the loop: they never delay a fire."""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)

_Job = Callable[[], None]


class Aside:
    """Does one job at a time; of those handed over meanwhile, only the newest.

    A job that fails is logged, once as long as it fails in the same way, and forgotten.

    Args:
        name: What the jobs are about, for the log.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: _Job | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._problem = ""

    def do(self, job: _Job) -> None:
        """Hand over *job*, and go on at once."""
        with self._changed:
            self._waiting = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, seconds: float) -> None:
        """Let what was handed over be done, for *seconds* at most."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._waiting is not None)
                job, self._waiting = self._waiting, None
            if job is None:
                return
            self._try(job)

    def _try(self, job: _Job) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 - nothing that fails here may reach the loop
            if str(error) != self._problem:
                _log.warning("%s: %s", self._name, error)
            self._problem = str(error)
        else:
            if self._problem:
                _log.info("%s: all is well again", self._name)
            self._problem = ""
