"""What every reader and writer of the database file must agree on. Standard library only."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from stoma.exceptions import (
    DamagedRegistryError,
    DiskFullError,
    NewerSchemaError,
    OlderSchemaError,
    RegistryBusyError,
    RegistryError,
    RegistryIoError,
    RegistryUnavailableError,
)

#: Kept in `PRAGMA user_version`; a step in `migrations.py` leads to each number.
SCHEMA_VERSION = 1
#: Kept in `PRAGMA application_id`: "Stom". Tells our files from other programs' databases.
APPLICATION_ID = 0x53746F6D

#: No SQLite database is shorter; SQLite itself would overwrite what is (its page is 512 or more).
_LEAST_BYTES = 512
_UNAVAILABLE = ("readonly", "read-only", "unable to open")


def parse_utc(text: str | None) -> datetime | None:
    """Return the stored *text* as an aware moment; None stays None."""
    # A list has thousands of moments, and `replace` takes three times as long.
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def format_utc(moment: datetime) -> str:
    """Return *moment* as the database stores it: UTC, sortable, microseconds always there."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def check_file(path: Path) -> None:
    """Refuse a file that SQLite would take for an empty one. A missing or empty file is fine.

    The file is never opened here: closing it would take from this process the locks that its
    own connections hold (https://sqlite.org/howtocorrupt.html, 2.2).

    Raises:
        DamagedRegistryError: The file is something else.
    """
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return
    except OSError as error:
        raise RegistryUnavailableError(str(path), error.strerror or str(error)) from error
    if 0 < found < _LEAST_BYTES:
        raise damaged(path, "file is not a database")


def check_version(connection: sqlite3.Connection, path: Path, newest: int = SCHEMA_VERSION) -> int:
    """Return the schema version in the file, *newest* at most; 0 for an empty one.

    Raises:
        NewerSchemaError: Written by a newer stoma; nothing is read or written.
        DamagedRegistryError: A database of another program.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if mark != APPLICATION_ID and (mark or version or tables):
        raise DamagedRegistryError(str(path), "it is a database of another program")
    if version > newest:
        raise NewerSchemaError(str(path), version, newest)
    return version


def require_current(
    connection: sqlite3.Connection, path: Path, newest: int = SCHEMA_VERSION
) -> bool:
    """Return whether the file holds a registry of this version; False if it is still empty.

    Raises:
        OlderSchemaError: It has to be migrated first.
    """
    version = check_version(connection, path, newest)
    if 0 < version < newest:
        raise OlderSchemaError(str(path), version, newest)
    return version == newest


def last_backup(path: Path) -> str | None:
    """Return the newest backup made of the registry at *path*, if there is one."""
    backups = sorted((path.parent / "backups").glob(f"{path.stem}-*.db"))
    return str(backups[-1]) if backups else None


def damaged(path: Path, problem: str) -> DamagedRegistryError:
    """Return the error for a damaged file, naming the last good backup."""
    return DamagedRegistryError(str(path), problem, last_backup(path))


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file at *path* into our errors."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise translate(path, error) from error


def translate(path: Path, error: BaseException) -> RegistryError | BaseException:
    """Return our error for what SQLite raised, or *error* itself where it is a bug of ours."""
    text = str(error).lower()
    if "locked" in text or "busy" in text:
        return RegistryBusyError(str(path))
    if "disk is full" in text:
        return DiskFullError(str(path), str(error))
    if "disk i/o" in text:
        return RegistryIoError(str(path), str(error))
    if any(word in text for word in _UNAVAILABLE):
        return RegistryUnavailableError(str(path), str(error))
    if "malformed" in text or "not a database" in text:
        return damaged(path, str(error))
    return error
