"""Is the registry whole? Its pages, constraints, references and indexes, and the audit log."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from stoma.exceptions import DamagedRegistryError
from stoma.storage.copying import connect
from stoma.storage.migrations import migrate
from stoma.storage.read_audit import AuditReader
from stoma.storage.schema import check_file, check_version, translated

#: So many findings of one kind are told: a damaged file has thousands.
_TOLD = 10

#: (kind, name) -> names of columns
_Shape = dict[tuple[str, str], set[str]]


def check(path: Path, *, timeout_seconds: float = 15) -> list[str]:
    """Return what is wrong with the registry at *path*; nothing, if all is well.

    Also one that a scheduler works on: it goes on meanwhile.

    Raises:
        NewerSchemaError: Written by a newer stoma.
        RegistryBusyError: Somebody held it for longer than *timeout_seconds*.
        RegistryUnavailableError: It can not be read.
    """
    if not path.exists():
        return [f"there is no registry at {path}"]
    findings: list[str] = []
    try:
        check_file(path)
        opened = connect(path, "rw", timeout_seconds=timeout_seconds)
        with translated(path), closing(opened) as connection:
            if not check_version(connection, path):
                return [f"{path} is empty: no registry was ever created in it"]
            findings.extend(_broken_pages(connection))
            findings.extend(_broken_references(connection))
            findings.extend(_broken_search(connection))
            missing = list(_missing(connection))
            findings.extend(missing)
            if not any(each.startswith("table audit") for each in missing):
                findings.extend(_broken_audit(connection))
    except DamagedRegistryError as error:
        findings.append(str(error))
    return findings


def _broken_pages(connection: sqlite3.Connection) -> Iterator[str]:
    for (found,) in connection.execute(f"PRAGMA integrity_check({_TOLD})"):
        if found != "ok":
            yield from str(found).splitlines()


def _broken_references(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute("PRAGMA foreign_key_check").fetchmany(_TOLD)
    for table, row, parent, _ in rows:
        yield f"row {row} of {table} refers to a row of {parent} that is not there"


def _broken_search(connection: sqlite3.Connection) -> Iterator[str]:
    """Compare the full-text index with the items.

    The command is an INSERT, though it writes nothing
    (https://sqlite.org/fts5.html#the_integrity_check_command).
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO items_fts(items_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if "malformed" in str(error):
            yield "the search index does not fit the items"
        elif not any(words in str(error) for words in ("readonly", "no such table")):
            raise
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _broken_audit(connection: sqlite3.Connection) -> Iterator[str]:
    connection.row_factory = sqlite3.Row
    problem = AuditReader(connection).verify().problem
    if problem:
        yield f"the audit log is broken: {problem}; see: stoma audit verify"


def _missing(connection: sqlite3.Connection) -> Iterator[str]:
    found = _shape(connection)
    for (kind, name), columns in _wanted().items():
        if (kind, name) not in found:
            yield f"{kind} {name} is missing"
        elif lost := columns - found[kind, name]:
            yield f"{kind} {name} has no column {', '.join(sorted(lost))}"


def _shape(connection: sqlite3.Connection) -> _Shape:
    rows = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^'"
    )
    return {(kind, name): _columns(connection, name) for kind, name in rows.fetchall()}


def _columns(connection: sqlite3.Connection, name: str) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))}


def _wanted() -> _Shape:
    """Return what a registry of this version consists of: that of a new one."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection, 0)
        made = connection.connection.driver_connection
        assert isinstance(made, sqlite3.Connection)  # noqa: S101 - the engine is SQLite's
        shape = _shape(made)
    engine.dispose()
    return shape
