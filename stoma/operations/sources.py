"""How the sources stand: what may be asked of each now, and who waits. Light."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stoma.budgets import Allowance, left, reserve
from stoma.storage.read import Reader
from stoma.storage.read_sources import BudgetLine, DeferredLine, UnusualLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """What may be asked of one source now."""

    source: str
    left: int  #: requests that may be sent at once
    burst: int  #: and so many at best
    interval_seconds: float  #: after them one each so many seconds
    free_at: datetime | None  #: when the next request may be sent; None: now
    held_until: datetime | None  #: the source asked for a pause that is not over
    limit: int | None  #: what the source itself counts, if it says and that still holds
    remaining: int | None
    reset_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """How the sources stand at one look."""

    lines: Sequence[SourceLine] = ()
    deferred: Sequence[DeferredLine] = ()  #: runs that wait for a budget
    unusual: Sequence[UnusualLine] = ()  #: tasks that bring less than they usually do


def sources_of(reader: Reader, now: datetime) -> Sources:
    """Return how the sources stand at *now*."""
    found = reader.sources
    return Sources(
        lines=[_line(each, now) for each in found.budgets()],
        deferred=found.deferred(),
        unusual=found.unusual(),
    )


def unusual_of(reader: Reader | None, task_id: str) -> Sequence[UnusualLine]:
    """Return what is unusual about what a task brings."""
    return reader.sources.unusual(task_id) if reader else ()


def _line(budget: BudgetLine, now: datetime) -> SourceLine:
    allowance = Allowance(timedelta(seconds=budget.interval_seconds), budget.burst)
    free_at = reserve(allowance, budget.next_at, now).starts_at
    held = budget.held_until is not None and budget.held_until > now
    holds = budget.reset_at is None or budget.reset_at > now
    return SourceLine(
        source=budget.source,
        left=left(allowance, budget.next_at, now),
        burst=budget.burst,
        interval_seconds=budget.interval_seconds,
        free_at=free_at if free_at > now else None,
        held_until=budget.held_until if held else None,
        limit=budget.limit if holds else None,
        remaining=budget.remaining if holds else None,
        reset_at=budget.reset_at if holds else None,
    )
