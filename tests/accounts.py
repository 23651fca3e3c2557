"""What must be true of a ledger: every slot of the schedules in force, exactly once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from stoma.domain.run import Run
from stoma.schedules.base import BaseSchedule

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Force:
    """A schedule of a task while it counts: slots in (after, until]."""

    schedule: BaseSchedule
    after: datetime
    until: datetime | None = None
    first: datetime | None = None  #: a slot that the schedule does not name: a run at the start


@dataclass
class Account:
    """What one task owes."""

    forces: list[Force] = field(default_factory=list)
    #: Slots that had run before the clock went back behind them.
    ran_before: set[datetime] = field(default_factory=set)
    #: Slots that somebody let run although they were never due.
    asked_for: set[datetime] = field(default_factory=set)

    def opened(self, force: Force) -> None:
        self.forces.append(force)

    def closed(self, until: datetime) -> None:
        if self.forces and self.forces[-1].until is None:
            self.forces[-1] = replace(self.forces[-1], until=until)

    def went_back(self, now: datetime, rows: Iterable[Run], *, starts: bool) -> None:
        """Forget what lies ahead again and has not run; *starts*: a run at the start is due now."""
        kept = []
        for force in self.forces:
            if force.until is None:
                kept.append(replace(force, after=min(force.after, now)))
            elif force.after <= now:  # the first slot of some is the moment itself
                kept.append(replace(force, until=min(force.until, now)))
        self.forces = [
            replace(each, first=now if starts and each.until is None else None)
            if each.first and each.first > now
            else each
            for each in kept
        ]
        self.ran_before |= {run.due_at for run in rows if run.due_at and run.due_at > now}

    def slots(self, now: datetime) -> dict[datetime, bool]:
        """Return every slot up to *now*, and whether it runs (or a filter hits it)."""
        found: dict[datetime, bool] = {}
        for force in self.forces:
            # What has ended was decided then, by whoever ended it, also on a clock that was ahead.
            until = now if force.until is None else force.until
            if force.first is not None and force.first <= until:
                found[force.first] = True
            if force.schedule.chained:
                continue
            for slot in force.schedule.slots_between(force.after, until):
                found[slot.due_at] = found.get(slot.due_at, False) or slot.skipped_by is None
        return found

    def problems(self, rows: Iterable[Run], now: datetime) -> Iterator[str]:
        """Yield what is wrong with the rows of the task, all slots up to *now* being decided."""
        rows = [run for run in rows if run.due_at is not None]
        expected = self.slots(now)
        single = {run.due_at: run for run in rows if run.slots == 1 and run.due_at is not None}
        allowed = expected.keys() | self.ran_before | self.asked_for
        for due_at, run in single.items():
            if due_at not in allowed and not self._chained(due_at):
                yield f"run {run.id} is of {due_at}, which is no slot"
        left = {slot: runs for slot, runs in expected.items() if slot not in single}
        for run in rows:
            if run.slots > 1:
                yield from self._stretch(run, left)
        lost = sorted(left)
        if lost:
            yield f"{len(lost)} slot(s) without a row, from {lost[0]} to {lost[-1]}"

    def _chained(self, slot: datetime) -> bool:
        """Return whether the slot may have come from the end of a run."""
        chains = [force for force in self.forces if force.schedule.chained]
        return any(
            force.after <= slot and (force.until is None or slot <= force.until) for force in chains
        )

    def _stretch(self, run: Run, left: dict[datetime, bool]) -> Iterator[str]:
        assert run.due_at
        assert run.due_to
        would_run = run.reason != "filter"
        inside = [
            slot
            for slot, runs in left.items()
            if run.due_at <= slot <= run.due_to and runs == would_run
        ]
        if len(inside) != run.slots:
            yield (
                f"run {run.id} ({run.state}) stands for {run.slots} slots in "
                f"{run.due_at}..{run.due_to}, and there are {len(inside)}"
            )
        elif run.due_at != min(inside) or run.due_to != max(inside):
            yield f"run {run.id} is {run.due_at}..{run.due_to}, not {min(inside)}..{max(inside)}"
        for slot in inside:
            del left[slot]
