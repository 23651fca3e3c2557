"""Which days a task has provably got whole, and filling those it has not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from stoma.domain.coverage import Days, holes_in, query_name
from stoma.domain.task import Json
from stoma.exceptions import UsageError
from stoma.operations.tasks import show_task
from stoma.storage.read import Reader, reading
from stoma.storage.read_coverage import Proven

if TYPE_CHECKING:
    from stoma.app import App

#: More days are not looked at together.
_MOST_DAYS = 36_600


class DayState(StrEnum):
    """What is known of a day."""

    COMPLETE = "complete"  #: all that the source had of it is here, provably
    HOLE = "hole"  #: that is not proven
    OPEN = "open"  #: not over, or so young that the source itself may not have all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredDay:
    """One day of the source's calendar."""

    day: date
    state: DayState
    run_id: int | None = None  #: that proved it last


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The days of a task."""

    task_id: str
    days: Sequence[CoveredDay]
    obstacle: str = ""  #: why no day of the past can be filled; empty if they can

    @property
    def holes(self) -> Sequence[Days]:
        """The days that are not proven, as stretches."""
        within = Days.between(self.days[0].day, self.days[-1].day) if self.days else None
        other = [Days(each.day, each.day) for each in self.days if each.state is not DayState.HOLE]
        return holes_in(other, within) if within else ()


def coverage(
    reader: Reader | None, task_id: str, first: date, last: date, *, today: date
) -> Coverage:
    """Return the days from *first* to *last*, both included, and what is proven of them.

    Args:
        reader: The registry; None if there is none yet.
        task_id: The task. What counts is its config as it is now.
        first: The first day.
        last: The last day.
        today: The day it is at the source; later days are left out.

    Raises:
        NotFoundError: There is no such task.
        UsageError: These are no days, or too many.
    """
    within = Days.between(first, min(last, today))
    if within is None:
        raise UsageError(f"from {first} to {last} there is no day that has come")
    if len(within) > _MOST_DAYS:
        raise UsageError(f"from {first} to {last} are {len(within):,} days: too many to look at")
    definition = show_task(reader, task_id).definitions[0].definition
    kind, config = _asked(definition)
    settled, obstacle = _promises(kind, config)
    proven = reader.proven_days(task_id, query_name(kind, config)) if reader else ()
    young = today - timedelta(days=settled)
    return Coverage(
        task_id=task_id,
        days=[_day(day, proven, young) for day in within],
        obstacle=obstacle,
    )


def holes(app: "App", task_id: str, first: date, last: date) -> Sequence[Days]:
    """Return the days from *first* to *last* that are over and not proven, as stretches.

    Raises:
        NotFoundError: There is no such task.
        UsageError: These are no days, too many, or the source tells nothing of the past.
    """
    with reading(app.paths.database) as reader:
        found = coverage(reader, task_id, first, last, today=app.clock.now().date())
    if found.obstacle:
        raise UsageError(
            f"the holes of task {task_id!r} can not be filled: {found.obstacle}",
            hint=f"to run it now: stoma scheduler run-task {task_id}",
        )
    return found.holes


def _asked(definition: Json) -> tuple[str, Mapping[str, Json]]:
    match definition:
        case {"type": str(kind), "config": dict(config)}:
            return kind, config
    raise AssertionError(definition)  # pragma: no cover - every definition has both


def _promises(kind: str, config: Mapping[str, Json]) -> tuple[int, str]:
    """Return after how many days a source has all of a day, and what it does not tell."""
    from stoma.collectors import COLLECTORS

    if kind not in COLLECTORS.table:  # code that did not come with us is not asked here
        return 0, ""
    collector = COLLECTORS.get(kind)
    return collector.settled_days, collector.no_past(config)


def _day(day: date, proven: Sequence[Proven], young: date) -> CoveredDay:
    runs = [each for each in proven if day in each.days]
    if runs:
        newest = max(runs, key=lambda each: each.proven_at)
        return CoveredDay(day=day, state=DayState.COMPLETE, run_id=newest.run_id)
    return CoveredDay(day=day, state=DayState.OPEN if day >= young else DayState.HOLE)
