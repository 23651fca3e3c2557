"""Instances: the processes that hold runs, as the registry knows them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from stoma.processes import Instance
from stoma.storage.database import Database
from stoma.storage.samples import add_sample_in
from stoma.storage.tables import INSTANCES
from stoma.usage import Sample


class InstanceStore:
    """The instances that have used one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, instance: Instance, *, version: str, now: datetime) -> None:
        """Record that *instance* has started."""
        with self._database.write() as connection:
            connection.execute(
                insert(INSTANCES).values(
                    id=instance.id,
                    kind=instance.kind,
                    host=instance.host,
                    boot_id=instance.boot_id,
                    pid=instance.pid,
                    pid_started=instance.pid_started,
                    version=version,
                    started_at=now,
                    heartbeat_at=now,
                )
            )

    def beat(self, instance_id: str, *, now: datetime, sample: Sample | None = None) -> None:
        """Record that an instance is at work, and what it uses."""
        with self._database.write() as connection:
            connection.execute(
                update(INSTANCES).where(INSTANCES.c.id == instance_id).values(heartbeat_at=now)
            )
            if sample is not None:
                add_sample_in(connection, instance_id, sample)

    def leave(self, instance_id: str, *, now: datetime) -> None:
        """Record that an instance has ended in order."""
        with self._database.write() as connection:
            connection.execute(
                update(INSTANCES).where(INSTANCES.c.id == instance_id).values(stopped_at=now)
            )

    def find(self, instance_id: str) -> Instance | None:
        """Return one instance, or None."""
        with self._database.read() as connection:
            rows = connection.execute(select(INSTANCES).where(INSTANCES.c.id == instance_id))
            return next((_from_row(row) for row in rows), None)

    def last_seen(self) -> datetime | None:
        """Return the newest moment at which a scheduler is known to have been at work."""
        schedulers = INSTANCES.c.kind == "scheduler"
        with self._database.read() as connection:
            seen = [
                connection.scalar(select(func.max(column)).where(schedulers))
                for column in (INSTANCES.c.heartbeat_at, INSTANCES.c.stopped_at)
            ]
        return max(filter(None, seen), default=None)

    def dead(self) -> list[Instance]:
        """Return the instances that neither ended in order nor still run."""
        with self._database.read() as connection:
            rows = connection.execute(select(INSTANCES).where(INSTANCES.c.stopped_at.is_(None)))
            found = [_from_row(row) for row in rows]
        return [instance for instance in found if not instance.is_alive]


def _from_row(row: Row[Any]) -> Instance:
    names = ("id", "kind", "host", "boot_id", "pid", "pid_started")
    return Instance(**{name: getattr(row, name) for name in names})
