"""Which slot a run carries out, and the time that slot stands for."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Protocol

from stoma.domain.coverage import Days
from stoma.domain.run import Trigger
from stoma.domain.task import Json
from stoma.domain.window import DAYS, SINCE, AsOf, Window
from stoma.schedules.base import BaseSchedule
from stoma.schedules.policies import slot_before


class Slotted(Protocol):
    """A run, as the ledger or a list has it."""

    @property
    def trigger(self) -> str:
        """What started it."""

    @property
    def due_at(self) -> datetime | None:
        """Its slot."""

    @property
    def params(self) -> Mapping[str, Json]:
        """What was decided with it."""


def as_of(run: Slotted, schedule: BaseSchedule) -> AsOf | None:
    """Return which slot *run* carries out; None if somebody asked for it and no slot did.

    Args:
        run: The run. One that fills a hole carries out no slot, and has the days of the hole.
        schedule: That of the definition it runs with.
    """
    if hole := Days.parse(run.params.get(DAYS)):
        begin = datetime.combine(hole.first, time.min, UTC)
        end = datetime.combine(hole.last, time(23, 59), UTC)
        return AsOf(scheduled_for=end, window=Window(start=begin, end=end, past=True))
    if run.due_at is None:
        return None
    since = run.params.get(SINCE)
    first = datetime.fromisoformat(since) if isinstance(since, str) else run.due_at
    start, past = slot_before(schedule, first), run.trigger == Trigger.BACKFILL
    window = Window(start=start, end=run.due_at, past=past) if start else None
    return AsOf(scheduled_for=run.due_at, window=window)
