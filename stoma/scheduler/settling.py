"""What follows from the end of a run: the tasks after it, and the next slot of a chained task.

Ends are written down by whoever ends a run, in whatever process. They are seen to here, once
each: a run is over and not settled until its followers are in the ledger.
"""

import logging

from stoma.app import App
from stoma.domain.dependency import satisfies
from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import Run, RunState, Trigger
from stoma.domain.task import AfterOn, StoredTask
from stoma.scheduler.heralding import announce_ends
from stoma.scheduler.placing import coming, schedule_of
from stoma.storage.tasks import Next

_log = logging.getLogger(__name__)


def settle(app: App) -> int:
    """See to every end that has not been seen to; return how many runs were added."""
    runs = app.runs.unsettled()
    if not runs:
        return 0
    ids = {run.task_id for run in runs}
    leading, chained = app.tasks.upstream_of_any(ids), app.tasks.without_slot(ids)
    plain = [run for run in runs if run.task_id not in leading and run.task_id not in chained]
    if plain:
        with app.database.together():
            app.runs.settle(plain, (), now=app.clock.now())
            announce_ends(app, plain)
    # One by one: what a task after two others does depends on what is in the ledger by then.
    return sum(_settle(app, run, chained.get(run.task_id)) for run in runs if run not in plain)


def _settle(app: App, run: Run, chained: StoredTask | None) -> int:
    firings = [follow(app, task, run) for task in app.tasks.downstream(run.task_id)]
    if chained is not None and run.ended_at is not None:
        schedule = schedule_of(chained, app.settings.timezone)
        if schedule.chained:
            app.tasks.set_next(chained.id, coming(schedule, run.ended_at))
    with app.database.together():
        added = app.runs.settle([run], filter(None, firings), now=app.clock.now())
        announce_ends(app, [run])
    return added


def after_skip(app: App, task_id: str) -> Next | None:
    """Return when a chained task is due if its run is skipped: no end will come to count from."""
    task = app.tasks.without_slot([task_id]).get(task_id)
    if task is None:
        return None
    schedule = schedule_of(task, app.settings.timezone)
    return coming(schedule, app.clock.now()) if schedule.chained else None


def follow(app: App, task: StoredTask, run: Run) -> Firing | None:
    """Return the run of *task* that follows from the end of *run*; None while others are open.

    An end that is not what `after` asks for is recorded as a skipped run: a chain never stops
    without a word.
    """
    wanted = task.upstreams
    if not satisfies(wanted[run.task_id], run.outcome):
        words = f"run {run.id} of {run.task_id} is {run.outcome}"
        return _firing(task, run, RunState.SKIPPED, f"{words}, not {_good(wanted[run.task_id])}")
    since = app.runs.newest_triggered(task.id, Trigger.DEPENDENCY)
    for name, on in wanted.items():
        if name == run.task_id:
            continue
        other = app.runs.newest_done(name)
        fresh = other is not None and (since is None or other.id > (since.parent_run_id or 0))
        if other is None or not fresh or not satisfies(on, other.outcome):
            _log.info("task %s waits for task %s", task.id, name)
            return None
    return _firing(task, run, RunState.PENDING, f"after run {run.id} of {run.task_id}")


def _firing(task: StoredTask, run: Run, state: RunState, detail: str) -> Firing:
    decision = Decision(
        state=state,
        due_at=None,
        trigger=Trigger.DEPENDENCY,
        reason="upstream" if state is RunState.SKIPPED else "",
        detail=detail,
        parent_run_id=run.id,
    )
    return Firing(
        task_id=task.id,
        task_version=task.version,
        seen_next_slot_at=task.next_slot_at,
        next_slot_at=task.next_slot_at,
        next_run_at=task.next_run_at,
        watermark_at=task.watermark_at,
        priority=task.priority.rank,
        max_attempts=1 + task.max_retries,
        decisions=(decision,),
    )


def _good(on: AfterOn) -> str:
    return "a success" if on is AfterOn.SUCCESS else "a failure"
