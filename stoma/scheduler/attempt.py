"""One attempt, from the claimed run to its recorded end: in this process, or as a child of it.

`main` is what the executor of a scheduler runs, in a process of its own per attempt.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from stoma import logs
from stoma.app import App, open_app
from stoma.boundary import exit_codes
from stoma.domain.run import Failure, Outcome, Run, after_failure
from stoma.domain.task import Task
from stoma.domain.window import DAYS, AsOf
from stoma.exceptions import (
    CollectError,
    DeadlineError,
    DeferredError,
    LostClaimError,
    RegistryError,
    StomaError,
)
from stoma.pipeline import Progress, collect
from stoma.scheduler.placing import schedule_of
from stoma.scheduler.volumes import note_volume
from stoma.schedules.as_of import as_of
from stoma.settings import Loaded
from stoma.storage.database import Database

_log = logging.getLogger(__name__)

#: An attempt that reached its memory limit: the same request would reach it again.
OUT_OF_MEMORY = Failure(
    kind="out_of_memory",
    message="it needed more memory than it may have",
    retryable=False,
)

#: An attempt that somebody stopped.
CANCELLED = Failure(
    kind="cancelled", message="stopped: somebody asked for it", outcome=Outcome.CANCELLED
)


def carry_out(app: App, run: Run, *, on_page: Callable[[Progress], None] = lambda _: None) -> Run:
    """Carry out the started *run* and record how it ended; return the run as it is then.

    Every error of the work itself becomes an outcome of the run; nothing else is caught.
    """
    with logs.about(run.id, run.task_id):
        return _carried_out(app, run, on_page)


def _carried_out(app: App, run: Run, on_page: Callable[[Progress], None]) -> Run:
    task = app.tasks.definition(run.task_id, run.task_version)
    _log.info("run %d of task %s: attempt %d started", run.id, task.id, run.attempts)
    try:
        outcome = _collect(app, task, run, on_page)
    except LostClaimError as error:
        _log.warning("%s: what it did after that was not stored", error)
    except DeferredError as error:
        _defer(app, run, error)
    except StomaError as error:
        _fail(app, task, run, failure_of(error))
    except MemoryError:
        _fail(app, task, run, OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - the boundary of an attempt: a bug is an outcome
        _log.exception("bug in task type %s", task.type)
        _fail(app, task, run, Failure(kind="bug", message=f"{type(error).__name__}: {error}"))
    else:
        _log.info("run %d: %s", run.id, outcome)
        ended = app.runs.get(run.id)
        note_volume(app, ended)
        return ended
    return app.runs.get(run.id)


def failure_of(error: StomaError) -> Failure:
    """Return the failure that *error* means for an attempt."""
    if isinstance(error, RegistryError):  # locked, no room, ...: may have passed by then
        return Failure(kind="registry", message=str(error))
    if not isinstance(error, CollectError):
        return Failure(kind="config", message=str(error), retryable=False)
    return Failure(
        kind=error.kind,
        message=str(error),
        outcome=Outcome.TIMED_OUT if isinstance(error, DeadlineError) else Outcome.FAILED,
        retryable=error.retryable,
        retry_after_seconds=error.retry_after_seconds,
    )


def record_failure(app: App, task: Task, run: Run, failure: Failure) -> None:
    """Store a failed attempt of *run* and what follows: a retry, or the end."""
    now = app.clock.now()
    listed = not task.retry_on or failure.names.intersection(task.retry_on)
    if failure.names.intersection(task.no_retry_on) or not listed:
        failure = replace(failure, retryable=False)
    verdict = after_failure(
        run, failure, now=now, base_seconds=task.retry_delay_seconds, roll=app.roll()
    )
    app.runs.fail(run, failure, verdict, now=now)


def _collect(app: App, task: Task, run: Run, on_page: Callable[[Progress], None]) -> Outcome:
    checkpoint = app.runs.checkpoint(run.id)
    if checkpoint:
        _log.info("going on after the last stored page: %.200s", checkpoint)
    slot = _slot(app, task, run)
    with app.parts(task) as parts:
        return collect(task, run, parts, checkpoint=checkpoint, as_of=slot, on_page=on_page)


def _fail(app: App, task: Task, run: Run, failure: Failure) -> None:
    _log.error("%s: %s", failure.kind, failure.message)
    record_failure(app, task, run, failure)


def _defer(app: App, run: Run, error: DeferredError) -> None:
    _log.info("%s", error)
    now = app.clock.now()
    wait = timedelta(seconds=error.retry_after_seconds or 0)
    app.runs.defer(run, failure_of(error), now=now, not_before=now + wait)


def _slot(app: App, task: Task, run: Run) -> AsOf | None:
    """Return which slot the run carries out."""
    if run.due_at is None and DAYS not in run.params:
        return None
    return as_of(run, schedule_of(task, app.settings.timezone))


def _announce(app: App, run: Run) -> None:
    """Let whatever this process starts know which slot it is for."""
    slot = _slot(app, app.tasks.definition(run.task_id, run.task_version), run)
    if slot is None:
        return
    named = {"STOMA_SCHEDULED_FOR": slot.scheduled_for}
    if slot.window is not None:
        named |= {"STOMA_WINDOW_START": slot.window.start, "STOMA_WINDOW_END": slot.window.end}
    for name, moment in named.items():
        os.environ[name] = moment.isoformat()  # noqa: TID251 - written, for what it will start


#: Settings and a closed registry of the process this one was forked from: they are at hand.
_inherited: dict[str, Any] = {}


def inherit(loaded: Loaded, database: Database) -> None:
    """Let the attempts that are forked from this process begin with these."""
    _inherited.update(loaded=loaded, database=database)


def main(run_id: int, fence: int) -> None:
    """Carry out one attempt whose run the scheduler has claimed and started: a child's entry."""
    # Where the registry has gone, an empty one in its place would only hide that.
    with exit_codes(), open_app(create=False, **_inherited) as app:
        logs.configure(app.settings.logging.level, timestamps=False)
        run = app.runs.get(run_id)
        if run.fence != fence:
            raise LostClaimError(run_id, fence)
        _announce(app, run)
        carry_out(app, run)
