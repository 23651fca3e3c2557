"""Slots of the past that are to run after all: values that the run store writes down."""

from dataclasses import dataclass
from datetime import datetime

from stoma.domain.run import Run


@dataclass(frozen=True, slots=True)
class Slots:
    """What is left of a stretch."""

    first: datetime
    last: datetime | None  #: None: it is one slot
    count: int


@dataclass(frozen=True, slots=True)
class Split:
    """A row that stands for several slots, of which some are taken out."""

    run: Run
    taken: tuple[datetime, ...]
    left: tuple[Slots, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refill:
    """Everything a backfill changes, written in one transaction."""

    task_id: str
    task_version: int
    priority: int
    attempts: int  #: what each run is allowed, besides those it had
    fresh: tuple[datetime, ...] = ()  #: slots without any row
    reopened: tuple[Run, ...] = ()  #: rows of one slot that run after all
    splits: tuple[Split, ...] = ()
