"""The registry file: created, refused, never replaced."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from stoma.exceptions import (
    DamagedRegistryError,
    NewerSchemaError,
    OlderSchemaError,
    RegistryBusyError,
    RegistryUnavailableError,
)
from stoma.storage.database import Database
from stoma.storage.migrations import back_up
from stoma.storage.read import reading
from stoma.storage.schema import SCHEMA_VERSION, last_backup
from stoma.storage.tables import BUDGETS
from tests.fakes import START


def opened(path: Path) -> Database:
    database = Database(path, busy_timeout_seconds=0.05)
    database.open(now=START)
    return database


def pragma(path: Path, name: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]
    finally:
        connection.close()


def test_a_registry_is_created_with_its_folder_and_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "stoma.db"

    for _ in range(2):
        database = opened(path)
        database.check()
        database.close()

    assert pragma(path, "user_version") == SCHEMA_VERSION
    assert pragma(path, "journal_mode") == "wal"


def test_what_was_practised_elsewhere_stays_there(tmp_path: Path) -> None:
    database = Database(tmp_path / "stoma.db")

    with database.elsewhere(tmp_path / "scratch.db"):
        database.open(now=START)

    assert not (tmp_path / "stoma.db").exists()
    assert database.path == tmp_path / "stoma.db"
    database.open(now=START)
    database.close()
    assert pragma(tmp_path / "stoma.db", "user_version") == SCHEMA_VERSION


def test_foreign_keys_and_full_sync_are_on(tmp_path: Path) -> None:
    database = opened(tmp_path / "stoma.db")

    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    database.close()


def test_a_newer_schema_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "stoma.db"
    opened(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(NewerSchemaError, match="schema version") as caught:
        opened(path)
    with pytest.raises(NewerSchemaError), reading(path):
        pass

    assert caught.value.exit_code == 78
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"hello, this is not a database", b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 4080],
)
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "stoma.db"
    path.write_bytes(content)

    with pytest.raises(DamagedRegistryError) as caught:
        opened(path)
    with pytest.raises(DamagedRegistryError), reading(path):
        pass

    assert caught.value.exit_code == 78
    assert path.read_bytes() == content


def test_a_truncated_registry_is_refused_and_the_last_backup_named(tmp_path: Path) -> None:
    path = tmp_path / "stoma.db"
    database = opened(path)
    with database.write() as connection:
        connection.execute(insert(BUDGETS), [{"source": "x" * 5000, "next_at": START}])
    database.close()
    copy = back_up(path, version=SCHEMA_VERSION, now=START)
    path.write_bytes(path.read_bytes()[: 8 * 4096])

    with pytest.raises(DamagedRegistryError) as caught:
        opened(path)

    assert copy.name in caught.value.hint
    assert last_backup(path) == str(copy)


def test_damage_inside_is_found_by_the_check(tmp_path: Path) -> None:
    path = tmp_path / "stoma.db"
    opened(path).close()
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\x55" * 4096 * 3
    path.write_bytes(content)

    database = opened(path)
    with pytest.raises(DamagedRegistryError):
        database.check()
    database.close()


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stoma.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()

    with pytest.raises(DamagedRegistryError, match="another program"):
        opened(path)


def test_a_locked_registry_is_tried_again_later(tmp_path: Path) -> None:
    path = tmp_path / "stoma.db"
    database = opened(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(RegistryBusyError) as caught, database.write():
        pass
    holder.close()
    database.close()

    assert caught.value.exit_code == 75


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(RegistryUnavailableError, match="file"):
        opened(tmp_path / "file" / "stoma.db")


def test_a_naive_datetime_can_not_be_stored(tmp_path: Path) -> None:
    database = opened(tmp_path / "stoma.db")

    with pytest.raises(StatementError, match="naive datetime"), database.write() as connection:
        connection.execute(insert(BUDGETS).values(source="x", next_at=datetime(2026, 1, 1)))
    database.close()


def test_a_moment_of_any_zone_comes_back_as_the_same_moment_in_utc(tmp_path: Path) -> None:
    database = opened(tmp_path / "stoma.db")
    moment = datetime.fromisoformat("2026-03-02T12:00:00+02:00")

    with database.write() as connection:
        connection.execute(insert(BUDGETS).values(source="x", next_at=moment))
    with database.read() as connection:
        kept = connection.scalar(select(BUDGETS.c.next_at))
    database.close()

    assert kept == moment
    assert kept is not None
    assert kept.isoformat() == "2026-03-02T10:00:00+00:00"


def test_an_older_schema_says_how_it_is_migrated() -> None:
    error = OlderSchemaError("stoma.db", 1, 2)

    assert "backup" in error.hint
