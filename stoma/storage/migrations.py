"""From an empty file, or from an older schema, to this version's.

A step is all or nothing. Before the first step on a registry that holds data, a copy is made
beside it in `backups/`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from stoma.storage import audit_guard, search
from stoma.storage.copying import copy
from stoma.storage.item_tables import ITEMS
from stoma.storage.schema import APPLICATION_ID, SCHEMA_VERSION

#: By the schema a step leads to, from the one before.
Steps: TypeAlias = Mapping[int, Callable[[Connection], None]]
#: Version 1 is where registries begin.
STEPS: Steps = {}


@cache
def _tables() -> tuple[str, ...]:
    """Return what makes tables and indexes: compiled once, it is carried out in no time."""
    tables = ITEMS.metadata.sorted_tables  # one for all tables
    making: list[DDLElement] = [CreateTable(table) for table in tables]
    for table in tables:
        making += map(CreateIndex, sorted(table.indexes, key=lambda index: str(index.name)))
    return tuple(str(each.compile(dialect=dialect())) for each in making)


def newest(steps: Steps) -> int:
    """Return the schema that *steps* lead to."""
    return max([SCHEMA_VERSION, *steps])


def migrate(connection: Connection, version: int, steps: Steps = STEPS) -> None:
    """Bring the schema from *version* (0: empty) to the newest one, in the open transaction."""
    if version == 0:
        for statement in (*_tables(), *search.CREATE, *audit_guard.CREATE):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    else:
        for number in range(version + 1, newest(steps) + 1):
            steps[number](connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {newest(steps)}")


def back_up(path: Path, *, version: int, now: datetime) -> Path:
    """Copy the registry at *path* to `backups/`, as one consistent file, and return its path."""
    target = path.parent / "backups" / f"{path.stem}-v{version}-{now:%Y%m%dT%H%M%SZ}.db"
    copy(path, target)
    return target
