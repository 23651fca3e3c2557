"""An executor that starts nothing: attempts end when, and as, the test says."""

import threading

from stoma.app import App
from stoma.domain.run import Failure, GiveUp, Outcome
from stoma.executors.base import AttemptEnd, AttemptSpec


class ScriptedExecutor:
    """Keeps the promise of `stoma.executors.base.Executor` on the test's word.

    Attributes:
        started: The attempts, in the order they were started.
        stopped: The runs that somebody asked to stop.
        refuses: How many starts fail, as they do when no process can be had.
    """

    def __init__(self, refuses: int = 0) -> None:
        self.started: list[AttemptSpec] = []
        self.stopped: list[int] = []
        self.refuses = refuses
        self._ends: list[AttemptEnd] = []

    def start(self, spec: AttemptSpec, wake: threading.Event) -> None:
        if self.refuses:
            self.refuses -= 1
            raise BlockingIOError(11, "Resource temporarily unavailable")
        self.started.append(spec)

    def ended(self) -> list[AttemptEnd]:
        ends, self._ends = self._ends, []
        return ends

    def stop(self, run_id: int) -> None:
        self.stopped.append(run_id)
        spec = next(spec for spec in self.started if spec.run_id == run_id)
        self._ends.append(AttemptEnd(spec=spec, exit_code=-15, stopped=True))

    @property
    def run_ids(self) -> list[int]:
        """The runs that were started, attempt by attempt."""
        return [spec.run_id for spec in self.started]

    def succeed(self, app: App, run_id: int) -> None:
        """Let the newest attempt of a run end well."""
        app.runs.finish(app.runs.get(run_id), Outcome.SUCCEEDED, now=app.clock.now())
        self.end(run_id)

    def fail(self, app: App, run_id: int) -> None:
        """Let the newest attempt of a run fail for good."""
        failure = Failure(kind="refused", message="no")
        app.runs.fail(app.runs.get(run_id), failure, GiveUp(Outcome.FAILED), now=app.clock.now())
        self.end(run_id)

    def end(self, run_id: int, exit_code: int = 0, *, timed_out: bool = False) -> None:
        """Let the process of a run's newest attempt end, without a word of its own."""
        spec = next(spec for spec in reversed(self.started) if spec.run_id == run_id)
        self._ends.append(
            AttemptEnd(
                spec=spec,
                exit_code=exit_code,
                timed_out=timed_out,
                peak_memory_bytes=1000,
                cpu_seconds=0.5,
            )
        )
