"""Budgets kept in the registry: one per source, shared by every task and process."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from stoma.budgets import Allowance, Count, held_off, reserve
from stoma.clock import Clock
from stoma.exceptions import DeferredError
from stoma.storage.database import Database
from stoma.storage.tables import BUDGETS

#: How often somebody who waits for a connection looks whether it is free.
_LOOK_SECONDS = 0.1


class StoredBudgets:
    """Keeps the promise of `stoma.budgets.Budgets` with one short write per request.

    A connection is a lock on a file beside the database: the system gives it up when its
    holder dies, however that happens.
    """

    def __init__(
        self, database: Database, allowances: Mapping[str, Allowance], locks: Path, clock: Clock
    ) -> None:
        self._database = database
        self._allowances = dict(allowances)
        self._locks = locks
        self._clock = clock

    def allow(self, source: str, allowance: Allowance) -> None:
        """Let *source*, which no settings are about, have *allowance*."""
        self._allowances.setdefault(source, allowance)

    def reserve(self, source: str, patience_seconds: float) -> float:
        """Take one request of *source* and return how many seconds to wait before sending it."""
        allowance = self._allowances[source]
        with self._database.write() as connection:
            now = self._clock.now()
            kept = connection.scalar(select(BUDGETS.c.next_at).where(BUDGETS.c.source == source))
            reservation = reserve(allowance, kept, now)
            wait = (reservation.starts_at - now).total_seconds()
            if wait <= patience_seconds:
                self._keep(connection, source, next_at=reservation.next_at)
        return max(wait, 0.0)

    def hold_off(self, source: str, seconds: float) -> None:
        """Let nobody send a request to *source* for *seconds* from now."""
        with self._database.write() as connection:
            until = self._clock.now() + timedelta(seconds=seconds)
            kept = connection.scalar(select(BUDGETS.c.next_at).where(BUDGETS.c.source == source))
            next_at = held_off(self._allowances[source], kept, until)
            self._keep(connection, source, next_at=next_at, held_until=until)

    def told(self, source: str, count: Count) -> None:
        """Take note of how *source* itself counts our requests."""
        with self._database.write() as connection:
            values = {
                "rate_limit": count.limit,
                "remaining": count.remaining,
                "reset_at": count.reset_at,
            }
            connection.execute(update(BUDGETS).where(BUDGETS.c.source == source).values(values))

    def turn_back(self, by: timedelta) -> None:
        """Let every wait end so much earlier: the clock was set back."""
        with self._database.write() as connection:
            for row in connection.execute(select(BUDGETS)).all():
                values = {"next_at": row.next_at - by}
                if row.held_until is not None:
                    values["held_until"] = row.held_until - by
                connection.execute(
                    update(BUDGETS).where(BUDGETS.c.source == row.source).values(values)
                )

    @contextmanager
    def connection(self, source: str, wait_seconds: float) -> Iterator[None]:
        """Hold one of the connections *source* allows, waiting up to *wait_seconds* for it."""
        self._locks.mkdir(parents=True, exist_ok=True)
        names = [
            self._locks / f"{source}-{number}.lock"
            for number in range(self._allowances[source].connections)
        ]
        give_up_at = self._clock.monotonic() + wait_seconds
        while True:
            for name in names:
                with name.open("w") as file:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        continue
                    yield
                    return
            if self._clock.monotonic() >= give_up_at:
                raise DeferredError(source, wait_seconds)
            self._clock.sleep(_LOOK_SECONDS)

    def _keep(self, connection: Connection, source: str, **changed: datetime) -> None:
        allowance = self._allowances[source]
        values: dict[str, object] = {
            "source": source,
            "interval_seconds": allowance.interval.total_seconds(),
            "burst": allowance.burst,
            **changed,
        }
        statement = insert(BUDGETS).values(values)
        connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))
