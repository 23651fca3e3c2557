"""A task run now, in this process, with an instance and a ledger row of its own."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from stoma.app import App
from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import Failure, GiveUp, Outcome, Run, RunState, Trigger
from stoma.domain.task import Json, Overlap, StoredTask
from stoma.exceptions import LostClaimError, TaskRunningError
from stoma.executors.supervision.alone import TimeLimitReached, supervised
from stoma.logs import RunLog, RunLogHandler
from stoma.pipeline import NO_CACHE, Progress
from stoma.processes import Instance, this_process
from stoma.scheduler.attempt import CANCELLED, carry_out
from stoma.scheduler.loop import LEASE
from stoma.scheduler.recovery import recover
from stoma.version import __version__

_log = logging.getLogger(__name__)

#: What an instance is that runs one task: a process of its own, which may be stopped with it, or
#: a part of somebody's program, which may not.
RUN_TASK, PROGRAM = "run-task", "program"


def run_now(
    app: App,
    task_id: str,
    *,
    cached: bool = True,
    on_page: Callable[[Progress], None] = lambda _: None,
) -> Run:
    """Run one task now and return the run when it has ended, however it ended.

    One attempt, no retries: who asked is there to ask again. Works for a disabled task too.

    Raises:
        NotFoundError: There is no such task.
        TaskRunningError: It is running already, and its `overlap` is not `allow`.
    """
    task = app.tasks.get(task_id)
    recover(app)
    _refuse_second(app, task)
    dedicated = threading.current_thread() is threading.main_thread()
    instance = this_process(RUN_TASK if dedicated else PROGRAM)
    app.instances.enter(instance, version=__version__, now=app.clock.now())
    try:
        return _carry_out(app, manual(task, cached=cached), instance, on_page)
    finally:
        app.instances.leave(instance.id, now=app.clock.now())


def _carry_out(
    app: App, firing: Firing, instance: Instance, on_page: Callable[[Progress], None]
) -> Run:
    now, task = app.clock.now(), app.tasks.get(firing.task_id)
    claimed = app.runs.add(firing, now=now, owner=instance.id, lease_until=now + LEASE)
    log_path = app.log_path(task.id, claimed.id)
    started = app.runs.start(claimed, now=now, log_path=str(log_path))
    limits = supervised(instance.id, started.id, task.timeout_seconds)
    with _opened(log_path) as log, _logging_to(log):
        try:
            with limits if instance.kind == RUN_TASK else nullcontext():
                return carry_out(app, started, on_page=on_page)
        except TimeLimitReached:
            return _timed_out(app, started, task.timeout_seconds)
        except BaseException:
            # Ctrl-C, or the program around us ends: the ledger says so.
            with suppress(LostClaimError):  # whoever stopped us has said so already
                _stopped(app, started)
            raise


def _stopped(app: App, run: Run) -> None:
    now = app.clock.now()
    if app.runs.get(run.id).cancel_requested:
        app.runs.fail(run, CANCELLED, GiveUp(Outcome.CANCELLED), now=now)
    else:
        app.runs.interrupt(run, now=now, again=False, error="stopped by hand")


def _timed_out(app: App, run: Run, seconds: float) -> Run:
    failure = Failure(
        kind="timed_out",
        message=f"stopped after its time limit of {seconds:g} s",
        outcome=Outcome.TIMED_OUT,
    )
    with suppress(LostClaimError):  # it ended in that very moment
        app.runs.fail(run, failure, GiveUp(Outcome.TIMED_OUT), now=app.clock.now())
    return app.runs.get(run.id)


def _opened(path: Path) -> RunLog:
    """Return the log of a run; one that leads nowhere if a file can not be had."""
    try:
        return RunLog(path)
    except OSError as error:
        _log.warning("the run goes on without a log: %s", error)
        return RunLog(Path(os.devnull))


def _refuse_second(app: App, task: StoredTask) -> None:
    if task.overlap is Overlap.ALLOW:
        return
    for run in app.runs.active([task.id]):
        if run.state is RunState.RUNNING:
            raise TaskRunningError(task.id, run.id, run.started_at)


def manual(task: StoredTask, *, cached: bool = True) -> Firing:
    """Return the run of *task* that somebody asks for; *cached*: kept answers will do."""
    params: dict[str, Json] = {} if cached else {NO_CACHE: True}
    return Firing(
        task_id=task.id,
        task_version=task.version,
        seen_next_slot_at=task.next_slot_at,
        next_slot_at=task.next_slot_at,
        next_run_at=task.next_run_at,
        watermark_at=task.watermark_at,
        priority=task.priority.rank,
        max_attempts=1,
        decisions=(
            Decision(state=RunState.PENDING, due_at=None, trigger=Trigger.MANUAL, params=params),
        ),
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
