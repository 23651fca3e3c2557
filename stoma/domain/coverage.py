"""Which days of a source are provably read whole. Pure."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from stoma.domain.task import Json

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """From one day to another, both included, in the source's own calendar."""

    first: date
    last: date

    @classmethod
    def between(cls, first: date, last: date) -> Self | None:
        """Return the days from *first* to *last*; None if there are none."""
        return cls(first, last) if first <= last else None

    @classmethod
    def parse(cls, written: Json) -> Self | None:
        """Return what `written` gave; None if it is something else."""
        match written:
            case [str(first), str(last)]:
                return cls.between(date.fromisoformat(first), date.fromisoformat(last))
        return None

    def written(self) -> Json:
        """Return it as JSON."""
        return [self.first.isoformat(), self.last.isoformat()]

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + n * _DAY for n in range(len(self)))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def query_name(kind: str, config: Mapping[str, Json]) -> str:
    """Return the name under which a query's cursor and coverage are kept: another query, another.

    Args:
        kind: The task's type.
        config: The task's config.
    """
    text = json.dumps([kind, dict(config)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def holes_in(proven: Iterable[Days], within: Days) -> list[Days]:
    """Return the days of *within* that are in none of *proven*, as few stretches as there are."""
    holes: list[Days] = []
    next_day = within.first
    for days in sorted(proven):
        if days.first > within.last:
            break
        if hole := Days.between(next_day, days.first - _DAY):
            holes.append(hole)
        next_day = max(next_day, days.last + _DAY)
    if hole := Days.between(next_day, within.last):
        holes.append(hole)
    return holes


def in_portions(days: Days, most: int) -> Iterator[Days]:
    """Yield *days* in stretches of at most *most* days."""
    first = days.first
    while first <= days.last:
        last = min(first + (most - 1) * _DAY, days.last)
        yield Days(first, last)
        first = last + _DAY
