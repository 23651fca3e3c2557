"""Which slots of the past are to run after all. Pure: ledger and schedules in, changes out."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stoma.domain.refill import Refill, Slots, Split
from stoma.domain.run import Outcome, Run, RunState
from stoma.domain.task import StoredTask, TaskPriority
from stoma.scheduler.due import Stretch, cut
from stoma.schedules.base import BaseSchedule

#: What fills gaps goes last.
PRIORITY = TaskPriority.LOW.rank + 1
_TICK = timedelta(microseconds=1)
#: States of slots that never started.
_IDLE = frozenset({RunState.SKIPPED, RunState.COALESCED, RunState.MISSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a backfill of an interval does."""

    fresh: Sequence[datetime]  #: slots without any row
    reopened: Sequence[Run]  #: rows of one slot that run after all
    splits: Sequence[Split]  #: rows of several slots, of which some are taken out
    #: Every slot that is to run, in order, and what became of it before: `never recorded`,
    #: `missed`, `skipped`, `coalesced`, `dead`.
    slots: Mapping[datetime, str]
    left: int  #: slots beyond the limit, left as they are
    others: Mapping[str, int]  #: slots of the interval that need nothing, by what became of them

    def refill(self, task: StoredTask) -> Refill:
        """Return what the run store is to write: runs of *task* as it is now."""
        return Refill(
            task_id=task.id,
            task_version=task.version,
            priority=PRIORITY,
            attempts=1 + task.max_retries,
            fresh=tuple(self.fresh),
            reopened=tuple(self.reopened),
            splits=tuple(self.splits),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is written of an interval."""

    singles: Mapping[datetime, Run]
    stretches: Sequence[Run]
    schedule_of: Callable[[Run], BaseSchedule]  #: what was in force when a row was written
    decided_in: Callable[[Run], Collection[datetime]]  #: slots in its span with a row of their own


def plan_backfill(
    schedule: BaseSchedule, ledger: Ledger, *, first: datetime, until: datetime, limit: int
) -> Filling:
    """Decide which slots of [first, until) are to run: those that no run has carried out.

    Args:
        schedule: The schedule of the task as it is now; its slots are looked at.
        ledger: What is written of the interval.
        first: Included.
        until: Excluded.
        limit: At most so many slots, the oldest.
    """
    fresh: list[datetime] = []
    reopened: list[Run] = []
    taken: dict[int, list[datetime]] = {}
    filled: dict[datetime, str] = {}
    others: Counter[str] = Counter()
    left = 0
    for slot in _fires(schedule, first - _TICK, until - _TICK):
        run = ledger.singles.get(slot) or _stretch_with(ledger, slot)
        word = "never recorded" if run is None else _word(run)
        if run is not None and not _open(run):
            others[word] += 1
            continue
        if len(filled) >= limit:
            left += 1
            continue
        filled[slot] = word
        if run is None:
            fresh.append(slot)
        elif run.slots == 1:
            reopened.append(run)
        else:
            taken.setdefault(run.id, []).append(slot)
    by_id = {run.id: run for run in ledger.stretches}
    return Filling(
        fresh=fresh,
        reopened=reopened,
        splits=[_split(by_id[run_id], slots, ledger) for run_id, slots in taken.items()],
        slots=filled,
        left=left,
        others=dict(others),
    )


def _fires(schedule: BaseSchedule, after: datetime, until: datetime) -> Iterator[datetime]:
    due = schedule.next_after(after)
    while due is not None and due <= until:
        yield due
        due = schedule.next_after(due)


def _word(run: Run) -> str:
    return str(run.outcome or run.state)


def _open(run: Run) -> bool:
    """Return whether nothing was carried out for a slot."""
    return run.state in _IDLE or run.outcome is Outcome.DEAD


def _stretch_with(ledger: Ledger, slot: datetime) -> Run | None:
    """Return the row of several slots that stands for *slot*."""
    for run in ledger.stretches:
        if run.due_at is None or run.due_to is None or not run.due_at <= slot <= run.due_to:
            continue
        if slot == run.due_at or _is_member(ledger.schedule_of(run), slot, run):
            return run
    return None


def _is_member(schedule: BaseSchedule, slot: datetime, run: Run) -> bool:
    found = schedule.next_slot(slot - _TICK)
    hit = run.reason == "filter"
    return found is not None and found.due_at == slot and bool(found.skipped_by) == hit


def _split(run: Run, taken: Sequence[datetime], ledger: Ledger) -> Split:
    return Split(run=run, taken=tuple(taken), left=tuple(_left(run, taken, ledger)))


def _left(run: Run, taken: Sequence[datetime], ledger: Ledger) -> Iterable[Slots]:
    """Yield the stretches that are left of a row once slots are taken out of it."""
    schedule = ledger.schedule_of(run)
    if run.due_at is None or run.due_to is None:
        return
    start: datetime | None = run.due_at
    for gone in [*taken, run.due_to + _TICK]:
        if start is not None and start < gone:
            found = _piece(schedule, run, start, gone - _TICK, ledger)
            if found is not None:
                yield Slots(found.first, found.last if found.count > 1 else None, found.count)
        start = _member_after(schedule, gone, run)


def _piece(
    schedule: BaseSchedule, run: Run, start: datetime, until: datetime, ledger: Ledger
) -> Stretch | None:
    rule = run.detail if run.reason == "filter" else ""
    whole = Stretch(start, until, run.slots, rule)
    return cut(schedule, whole, until=until, taken=ledger.decided_in(run))


def _member_after(schedule: BaseSchedule, moment: datetime, run: Run) -> datetime | None:
    """Return the next slot of the kind that *run* stands for."""
    hit = run.reason == "filter"
    found = schedule.next_slot(moment)
    while found is not None and bool(found.skipped_by) != hit:
        found = schedule.next_slot(found.due_at)
    return None if found is None else found.due_at
