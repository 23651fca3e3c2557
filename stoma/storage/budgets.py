"""Budgets kept in the registry: one per source, shared by every task and process."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from stoma.budgets import Allowance, held_off, reserve
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
        self._allowances = allowances
        self._locks = locks
        self._clock = clock

    def reserve(self, source: str, patience_seconds: float) -> float:
        """Take one request of *source* and return how many seconds to wait before sending it."""
        allowance = self._allowances[source]
        with self._database.write() as connection:
            now = self._clock.now()
            kept = connection.scalar(select(BUDGETS.c.next_at).where(BUDGETS.c.source == source))
            reservation = reserve(allowance, kept, now)
            wait = (reservation.starts_at - now).total_seconds()
            if wait <= patience_seconds:
                _keep(connection, source, reservation.next_at)
        return max(wait, 0.0)

    def hold_off(self, source: str, seconds: float) -> None:
        """Let nobody send a request to *source* for *seconds* from now."""
        with self._database.write() as connection:
            until = self._clock.now() + timedelta(seconds=seconds)
            kept = connection.scalar(select(BUDGETS.c.next_at).where(BUDGETS.c.source == source))
            _keep(connection, source, held_off(self._allowances[source], kept, until))

    def turn_back(self, by: timedelta) -> None:
        """Let every wait end so much earlier: the clock was set back."""
        with self._database.write() as connection:
            for row in connection.execute(select(BUDGETS)).all():
                _keep(connection, row.source, row.next_at - by)

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


def _keep(connection: Connection, source: str, next_at: datetime) -> None:
    values = {"source": source, "next_at": next_at}
    connection.execute(
        insert(BUDGETS).values(values).on_conflict_do_update(index_elements=["source"], set_=values)
    )
