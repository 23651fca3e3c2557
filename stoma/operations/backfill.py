"""Filling gaps: slots of the past that nothing was carried out for run after all."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from stoma.app import App
from stoma.collectors import COLLECTORS
from stoma.domain.run import Run
from stoma.domain.task import Json, StoredTask
from stoma.exceptions import UsageError
from stoma.operations.audited import record
from stoma.scheduler.backfill import Filling, Ledger, plan_backfill
from stoma.scheduler.placing import schedule_of
from stoma.schedules.base import BaseSchedule
from stoma.storage.read import reading

#: More slots than that only if somebody says so.
MOST = 10_000
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Which slots of which task are to be filled: *first* included, *until* excluded."""

    task_id: str
    first: datetime
    until: datetime
    limit: int | None = None  #: at most so many, the oldest; None: refused above `MOST`


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """What a backfill does, or would do."""

    task_id: str
    timezone: str  #: whose clock the task lives by
    slots: Mapping[datetime, str]  #: that wait to run now, in order, and what they were before
    rows: int  #: rows that stood for several slots, of which some are taken out
    others: Mapping[str, int]  #: slots that need nothing -> how many
    left: int  #: slots beyond the limit
    undecided_from: datetime | None  #: slots from here on are the scheduler's to decide
    seconds: float | None  #: how long they take one after the other; None: nobody knows

    @property
    def counts(self) -> Mapping[str, int]:
        """What the slots were before, and how many."""
        return Counter(self.slots.values())


def backfill(app: App, wanted: Interval, *, dry_run: bool = False) -> Backfilled:
    """Queue the slots of an interval that no run carried out; each keeps its one row.

    They run one at a time, after everything else that is ready.

    Raises:
        NotFoundError: There is no such task.
        UsageError: It has no slots to fill, the interval is none, or there are too many.
        ConflictError: The ledger changed in between; nothing was done.
    """
    now = app.clock.now()
    task = app.tasks.get(wanted.task_id)
    schedule = schedule_of(task, app.settings.timezone)
    if schedule.chained or not schedule.has_slots:
        raise UsageError(
            f"task {task.id!r} has no slots that could be filled: {schedule.describe()}",
            hint=f"to run it now: stoma scheduler run-task {task.id}",
        )
    if obstacle := _obstacle(task):
        raise UsageError(
            f"task {task.id!r} has no past that could be filled: {obstacle}",
            hint=f"to run it now: stoma scheduler run-task {task.id}",
        )
    if wanted.first >= wanted.until:
        raise UsageError(
            f"the interval from {wanted.first.isoformat()} to {wanted.until.isoformat()} is empty",
            hint="--from is the first moment, --to the one after the last",
        )
    until, undecided = _until(task, wanted.until, now)
    found = _planned(app, task, schedule, wanted, until)
    if wanted.limit is None and found.left:
        total = len(found.slots) + found.left
        raise UsageError(
            f"{total:,} slots would run, and without --limit at most {MOST:,} do",
            hint="a shorter interval, or --limit N for the oldest N of them",
        )
    if not dry_run and found.slots:
        with app.database.together():
            app.runs.refill(found.refill(task), now=now)
            record(app, "backfill", task.id, after=_told(wanted, len(found.slots)))
    return Backfilled(
        task_id=task.id,
        timezone=schedule.timezone,
        slots=found.slots,
        rows=len(found.splits),
        others=found.others,
        left=found.left,
        undecided_from=undecided,
        seconds=_seconds(app, task, len(found.slots)),
    )


def _told(wanted: Interval, slots: int) -> dict[str, Json]:
    """Return what the audit log says of a backfill."""
    first, until = wanted.first.isoformat(), wanted.until.isoformat()
    return {"from": first, "to": until, "limit": wanted.limit, "slots": slots}


def _obstacle(task: StoredTask) -> str:
    """Return why the source can not be asked for the past; empty if it can."""
    if task.type not in COLLECTORS.table:  # code that did not come with us is not asked here
        return ""
    return COLLECTORS.get(task.type).no_past(task.config)


def _until(task: StoredTask, until: datetime, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the end of what is decided, and what comes after it, if that cuts the interval."""
    coming = task.next_slot_at if task.enabled else None
    if coming is not None and coming <= now and coming < until:
        return coming, coming
    return min(until, now + _TICK), None


def _planned(
    app: App, task: StoredTask, schedule: BaseSchedule, wanted: Interval, until: datetime
) -> Filling:
    versions: dict[int, BaseSchedule] = {}

    def schedule_then(run: Run) -> BaseSchedule:
        if run.task_version not in versions:
            then = app.tasks.definition(run.task_id, run.task_version)
            versions[run.task_version] = schedule_of(then, app.settings.timezone)
        return versions[run.task_version]

    def decided_in(run: Run) -> set[datetime]:
        return app.runs.decided(task.id, run.due_at or wanted.first, run.due_to)

    ledger = Ledger(
        singles=app.runs.singles(task.id, wanted.first, until),
        stretches=app.runs.stretches(task.id, wanted.first, until),
        schedule_of=schedule_then,
        decided_in=decided_in,
    )
    limit = MOST if wanted.limit is None else wanted.limit
    return plan_backfill(schedule, ledger, first=wanted.first, until=until, limit=limit)


def _seconds(app: App, task: StoredTask, slots: int) -> float | None:
    with reading(app.paths.database) as reader:
        usage = reader.ledger.usage_of(task.id) if reader else None
    return slots * usage.seconds if usage and usage.runs else None
