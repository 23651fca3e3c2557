"""A task run now, in this process, with an instance and a ledger row of its own."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stoma.app import App
from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import Failure, GiveUp, Outcome, Run, RunState, Trigger
from stoma.domain.task import Overlap, StoredTask
from stoma.exceptions import TaskRunningError
from stoma.logs import RunLog, RunLogHandler
from stoma.pipeline import Progress
from stoma.processes import Instance, this_process
from stoma.scheduler.attempt import carry_out
from stoma.scheduler.loop import LEASE
from stoma.scheduler.recovery import recover
from stoma.version import __version__


def run_now(app: App, task_id: str, *, on_page: Callable[[Progress], None] = lambda _: None) -> Run:
    """Run one task now and return the run when it has ended, however it ended.

    One attempt, no retries: who asked is there to ask again. Works for a disabled task too.

    Raises:
        NotFoundError: There is no such task.
        TaskRunningError: It is running already, and its `overlap` is not `allow`.
    """
    task = app.tasks.get(task_id)
    recover(app)
    _refuse_second(app, task)
    instance = this_process("run-task")
    app.instances.enter(instance, version=__version__, now=app.clock.now())
    try:
        return _carry_out(app, task, instance, on_page)
    finally:
        app.instances.leave(instance.id, now=app.clock.now())


def _carry_out(
    app: App, task: StoredTask, instance: Instance, on_page: Callable[[Progress], None]
) -> Run:
    now = app.clock.now()
    claimed = app.runs.add(_manual(task), now=now, owner=instance.id, lease_until=now + LEASE)
    log_path = app.log_path(task.id, claimed.id)
    started = app.runs.start(claimed, now=now, log_path=str(log_path))
    with RunLog(log_path) as log, _logging_to(log):
        try:
            return carry_out(app, started, on_page=on_page)
        except BaseException:
            # Ctrl-C, or the program around us ends: the ledger says so.
            _stopped(app, started)
            raise


def _stopped(app: App, run: Run) -> None:
    now = app.clock.now()
    if app.runs.get(run.id).cancel_requested:
        failure = Failure(kind="cancelled", message="stopped: somebody asked for it")
        app.runs.fail(run, failure, GiveUp(Outcome.CANCELLED), now=now)
    else:
        app.runs.interrupt(run, now=now, again=False, error="stopped by hand")


def _refuse_second(app: App, task: StoredTask) -> None:
    if task.overlap is Overlap.ALLOW:
        return
    for run in app.runs.active([task.id]):
        if run.state is RunState.RUNNING:
            raise TaskRunningError(task.id, run.id, run.started_at)


def _manual(task: StoredTask) -> Firing:
    return Firing(
        task_id=task.id,
        task_version=task.version,
        seen_next_slot_at=task.next_slot_at,
        next_slot_at=task.next_slot_at,
        next_run_at=task.next_run_at,
        watermark_at=task.watermark_at,
        priority=task.priority.rank,
        max_attempts=1,
        decisions=(Decision(state=RunState.PENDING, due_at=None, trigger=Trigger.MANUAL),),
    )


@contextmanager
def _logging_to(log: RunLog) -> Iterator[None]:
    """Send what this thread logs to the run's file as well."""
    handler = RunLogHandler(log)
    thread = threading.get_ident()
    handler.addFilter(lambda record: record.thread == thread)
    logger = logging.getLogger("stoma")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
