"""Runs that somebody asked for, carried out by a process that is no scheduler.

They wait in the registry like all others. A scheduler at work takes them; while there is none, this
does: the same loop, executor and ends, and nothing that a schedule says.
"""

import logging
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Final

from stoma.app import App, open_app
from stoma.clock import Clock
from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import Run, RunState, Trigger
from stoma.domain.task import Overlap, StoredTask
from stoma.exceptions import ConflictError, StomaError, TaskRunningError
from stoma.processes import Instance, this_process
from stoma.scheduler.launching import at_work, attempt_executor
from stoma.scheduler.loop import HEARTBEAT, Loop
from stoma.scheduler.recovery import recover
from stoma.settings import Loaded
from stoma.storage.read import reading

_log = logging.getLogger(__name__)

#: After trouble that ended it, it is not begun again for so long.
_AGAIN_SECONDS: Final = 10.0


def ask(app: App, task: StoredTask) -> Run:
    """Write down that *task* is to run now, with the attempts that it allows; return the run.

    Raises:
        TaskRunningError: It runs already, and its `overlap` is not `allow`.
        ConflictError: It was asked for before, and has not started yet.
    """
    with app.database.together():
        _refuse_second(app, task)
        return app.runs.add(_asked(task), now=app.clock.now())


def _refuse_second(app: App, task: StoredTask) -> None:
    if task.overlap is Overlap.ALLOW:
        return
    for run in app.runs.active([task.id]):
        if run.state is RunState.RUNNING:
            raise TaskRunningError(task.id, run.id, run.started_at)
        if run.trigger is Trigger.MANUAL:
            raise ConflictError(
                f"task {task.id!r} is about to run: run {run.id} waits to start",
                hint="to end that one: stoma scheduler cancel-run " + str(run.id),
            )


def _asked(task: StoredTask) -> Firing:
    return Firing(
        task_id=task.id,
        task_version=task.version,
        seen_next_slot_at=task.next_slot_at,
        next_slot_at=task.next_slot_at,
        next_run_at=task.next_run_at,
        watermark_at=task.watermark_at,
        priority=task.priority.rank,
        max_attempts=1 + task.max_retries,
        decisions=(Decision(state=RunState.PENDING, due_at=None, trigger=Trigger.MANUAL),),
    )


class AskedLoop(Loop):
    """Starts what was asked for while no scheduler is at work, and sees it to its end."""

    def tick(self) -> None:
        """Do everything there is to do at this moment."""
        self.wake.clear()
        ended = self._note_ends()
        self._launch_all()
        version, now = self._app.database.data_version(), self._app.clock.now()
        due = self._look_at is not None and now >= self._look_at
        if ended or due or version != self._seen:
            self._obey()
            if not scheduler_at_work(self._app):
                self._start_ready()
            self._look_at = self._app.runs.next_ready_at(now)
            self._seen = version
        if now - self._heartbeat_at >= HEARTBEAT:
            self._app.instances.beat(self._instance.id, now=now)
            self._heartbeat_at = now
            # A scheduler that ended without a word has changed nothing in the registry.
            self._look_at = now

    def _obey(self) -> None:
        """Stop what somebody asked to stop."""
        for run_id in self._app.runs.to_cancel(self._instance.id):
            if run_id not in self._cancelled:
                self._cancelled[run_id] = "cancelled"
                self._executor.stop(run_id)

    def _choose(self) -> list[Run]:
        """Return runs to start next: of those that were asked for, the most urgent."""
        ready = self._app.runs.ready(self._app.clock.now(), limit=2 * self._room, asked=True)
        return list({run.task_id: run for run in reversed(ready)}.values())[::-1]


def scheduler_at_work(app: App) -> bool:
    """Return whether a scheduler is there to start what is ready."""
    with reading(app.paths.database) as reader:
        return reader is not None and reader.scheduler() is not None


class AskedRuns:
    """Carries out what was asked for, on a thread of its own that is begun when it is needed."""

    def __init__(self, loaded: Loaded, *, clock: Clock | None = None) -> None:
        self._loaded = loaded
        self._clock = clock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: AskedLoop | None = None
        self._closed = threading.Event()

    def begin(self) -> None:
        """See to it that what is ready is looked at soon."""
        with self._lock:
            if self._closed.is_set():
                return  # it waits in the registry for whoever comes
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="asked runs", daemon=True)
                self._thread.start()
            elif self._loop is not None:
                self._loop.wake.set()

    def resume(self, app: App) -> None:
        """Begin if an earlier process left something that was asked for."""
        if app.runs.ready(app.clock.now() + timedelta(hours=1), limit=1, asked=True):
            self.begin()

    def close(self) -> None:
        """Let what runs come to its end for a while; what has not started stays in the registry."""
        with self._lock:
            self._closed.set()
            loop, thread = self._loop, self._thread
        if loop is not None:
            loop.stop.set()
            loop.wake.set()
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        try:
            with open_app(self._loaded, clock=self._clock) as app:
                self._carry_out(app, this_process("api"))
        except StomaError:
            _log.exception("runs that were asked for can not be carried out here for now")
            self._closed.wait(_AGAIN_SECONDS)

    def _carry_out(self, app: App, instance: Instance) -> None:
        # Code of the user's own runs in attempts, and never in the process that starts them.
        app.own = replace(app.own, runs=False)
        recover(app)
        apart = f"asked-{instance.id}"
        with at_work(app, instance), attempt_executor(app, instance, apart=apart) as executor:
            loop = AskedLoop(app, executor, instance)
            with self._lock:
                self._loop = loop
                if self._closed.is_set():
                    return
            loop.run()
