"""From an empty file, or from an older schema, to this version's.

A step is all or nothing. Before the first step on a registry that holds data, a copy is made
beside it in `backups/`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from stoma.storage import search
from stoma.storage.copying import copy
from stoma.storage.schema import APPLICATION_ID, SCHEMA_VERSION
from stoma.storage.tables import METADATA

#: Step n leads from schema n - 1 to n. Version 1 is where registries begin.
STEPS: Mapping[int, Callable[[Connection], None]] = {}


def migrate(connection: Connection, version: int) -> None:
    """Bring the schema from *version* (0: empty) to the current one, in the open transaction."""
    if version == 0:
        METADATA.create_all(connection)
        for statement in search.CREATE:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    else:
        for number in range(version + 1, SCHEMA_VERSION + 1):
            STEPS[number](connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def back_up(path: Path, *, version: int, now: datetime) -> Path:
    """Copy the registry at *path* to `backups/`, as one consistent file, and return its path."""
    target = path.parent / "backups" / f"{path.stem}-v{version}-{now:%Y%m%dT%H%M%SZ}.db"
    copy(path, target)
    return target
