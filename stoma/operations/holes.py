"""Filling holes: days of the past that no run has proven whole are asked for again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from stoma.app import App
from stoma.domain.coverage import Days, in_portions
from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import RunState, Trigger
from stoma.domain.task import Json, StoredTask
from stoma.domain.window import DAYS
from stoma.operations.audited import record
from stoma.operations.coverage import holes
from stoma.scheduler.backfill import PRIORITY

#: One run asks for at most so many days: what it proves is not lost if a later one fails.
_DAYS_AT_ONCE = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What is done about the holes of a task."""

    task_id: str
    queued: Sequence[Days]  #: one run each, in order
    waiting: Sequence[Days]  #: that runs of an earlier call are going to ask for


def fill_holes(app: App, task_id: str, first: date, last: date, *, dry_run: bool = False) -> Filled:
    """Queue one run for each hole from *first* to *last*; a long one is asked for in portions.

    They run one at a time, after everything else that is ready, and move no cursor.

    Raises:
        NotFoundError: There is no such task.
        UsageError: These are no days, or the source tells nothing of the past.
    """
    task = app.tasks.get(task_id)
    found = [each for hole in holes(app, task_id, first, last) for each in _portions(hole)]
    active = [Days.parse(run.params.get(DAYS)) for run in app.runs.active([task_id])]
    queued = [days for days in found if days not in active]
    if queued and not dry_run:
        with app.database.together():
            for days in queued:
                app.runs.add(_firing(task, days), now=app.clock.now())
            record(app, "backfill", task_id, after=_told(first, last, len(queued)))
    return Filled(task_id=task_id, queued=queued, waiting=[d for d in found if d in active])


def _told(first: date, last: date, count: int) -> dict[str, Json]:
    """Return what the audit log says of it."""
    return {"from": first.isoformat(), "to": last.isoformat(), "holes": count}


def _portions(hole: Days) -> Sequence[Days]:
    return list(in_portions(hole, _DAYS_AT_ONCE))


def _firing(task: StoredTask, days: Days) -> Firing:
    decision = Decision(
        state=RunState.PENDING,
        due_at=None,
        trigger=Trigger.BACKFILL,
        reason="backfill",
        detail=f"a hole: {days}",
        params={DAYS: days.written()},
    )
    return Firing(
        task_id=task.id,
        task_version=task.version,
        seen_next_slot_at=task.next_slot_at,
        next_slot_at=task.next_slot_at,
        next_run_at=task.next_run_at,
        watermark_at=task.watermark_at,
        priority=PRIORITY,
        max_attempts=1 + task.max_retries,
        decisions=(decision,),
    )
