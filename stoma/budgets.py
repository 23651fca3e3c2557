"""How many requests a source allows: the arithmetic, and the port that shares it.

The state lives in the registry (`stoma.storage.budgets`), so that every task, process and
instance that uses one registry shares one budget per source.
"""

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a source allows: one request each *interval*, up to *burst* at once."""

    interval: timedelta
    burst: int = 1
    connections: int = 1  #: open at the same time


@dataclass(frozen=True, slots=True)
class Reservation:
    """A place in the queue of a source."""

    starts_at: datetime  #: when the request may be sent
    next_at: datetime  #: the state to keep: the theoretical arrival time of the next request


def reserve(allowance: Allowance, next_at: datetime | None, now: datetime) -> Reservation:
    """Take one request out of *allowance*, given the kept state *next_at* (None: unused so far).

    The generic cell rate algorithm (ITU-T I.371): a request may start when it is at most
    `burst - 1` intervals ahead of the steady rate.
    """
    arrival = max(next_at or now, now)
    starts_at = max(now, arrival - allowance.interval * (allowance.burst - 1))
    return Reservation(starts_at, arrival + allowance.interval)


def held_off(allowance: Allowance, next_at: datetime | None, until: datetime) -> datetime:
    """Return the state to keep so that nobody starts a request before *until*, burst or not."""
    arrival = until + allowance.interval * (allowance.burst - 1)
    return arrival if next_at is None else max(next_at, arrival)


@dataclass(frozen=True, slots=True)
class Count:
    """How a source itself counts requests, as it says beside an answer."""

    limit: int
    remaining: int
    reset_at: datetime | None = None


def left(allowance: Allowance, next_at: datetime | None, now: datetime) -> int:
    """Return how many requests may be sent at *now*, given the kept state *next_at*."""
    if next_at is None or next_at <= now:
        return allowance.burst
    if not allowance.interval:
        return 0
    return max(0, allowance.burst - math.ceil((next_at - now) / allowance.interval))


class Budgets(Protocol):
    """The shared budgets, as the gate uses them."""

    def reserve(self, source: str, patience_seconds: float) -> float:
        """Take one request of *source* and return how many seconds to wait before sending it.

        A wait above *patience_seconds* is returned, but nothing is taken: whoever will not wait
        does not make the others wait longer.
        """
        ...

    def hold_off(self, source: str, seconds: float) -> None:
        """Let nobody send a request to *source* for *seconds* from now."""
        ...

    def told(self, source: str, count: Count) -> None:
        """Take note of how *source* itself counts our requests. It changes no wait."""
        ...

    def connection(self, source: str, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold one of the connections *source* allows, waiting up to *wait_seconds* for it.

        Raises:
            DeferredError: None came free in time.
        """
        ...
