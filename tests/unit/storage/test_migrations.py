"""From one schema to the next: all of it or nothing, and a copy of what was there."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import OperationalError

from stoma.exceptions import NewerSchemaError, OlderSchemaError
from stoma.storage.database import Database
from stoma.storage.migrations import STEPS, Steps, newest
from stoma.storage.read import reading
from stoma.storage.schema import SCHEMA_VERSION, last_backup, require_current
from stoma.storage.tables import BUDGETS
from tests.fakes import START

ROOT = Path(__file__).parents[3]
NEXT = SCHEMA_VERSION + 1


def widen(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE budgets ADD COLUMN note TEXT")
    connection.exec_driver_sql("UPDATE budgets SET note = 'of before'")


def stumble(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE half (done)")
    connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A registry of today, with something in it."""
    path = tmp_path / "stoma.db"
    database = Database(path)
    database.open(now=START)
    with database.write() as connection:
        connection.execute(insert(BUDGETS).values(source="arxiv", next_at=START))
    database.close()
    return path


def opened(path: Path, steps: Steps) -> None:
    database = Database(path, steps=steps)
    database.open(now=START)
    database.close()


def look(path: Path) -> tuple[int, list[tuple[object, ...]], bool]:
    connection = sqlite3.connect(path)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        rows = connection.execute("SELECT * FROM budgets").fetchall()
        half = connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchone()
        return version, rows, half is not None
    finally:
        connection.close()


def test_a_step_is_taken_once_and_a_copy_of_before_is_kept(path: Path) -> None:
    before = look(path)
    for _ in range(2):
        opened(path, {NEXT: widen})

    version, rows, _ = look(path)
    assert version == newest({NEXT: widen}) == NEXT
    assert [row[-1] for row in rows] == ["of before"]
    copy = last_backup(path)
    assert copy is not None
    assert f"-v{SCHEMA_VERSION}-20260302T120000Z" in copy
    assert look(Path(copy)) == before


def test_a_new_registry_takes_no_steps(tmp_path: Path) -> None:
    opened(tmp_path / "new.db", {NEXT: stumble})

    assert look(tmp_path / "new.db") == (NEXT, [], False)


def test_a_step_that_fails_undoes_those_before_it(path: Path) -> None:
    before = look(path)

    with pytest.raises(OperationalError):
        opened(path, {NEXT: widen, NEXT + 1: stumble})

    assert look(path) == before


KILLED = """
import os, sys
from pathlib import Path
from stoma.storage.database import Database
from tests.fakes import START

def die(connection):
    connection.exec_driver_sql("CREATE TABLE half (done)")
    os.kill(os.getpid(), int(sys.argv[2]))

Database(Path(sys.argv[1]), steps={2: die}).open(now=START)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_step_that_is_cut_off_has_changed_nothing(path: Path, number: signal.Signals) -> None:
    before = look(path)

    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(int(number))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )

    assert done.returncode == -number, done.stderr
    assert look(path) == before
    opened(path, STEPS)


def test_a_file_without_any_schema_is_no_registry_yet(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 0")
    connection.close()

    with reading(path) as reader:
        assert reader is None  # nothing of ours in it yet


def test_who_only_reads_an_older_registry_is_told_how_it_is_migrated(path: Path) -> None:
    connection = sqlite3.connect(path)
    try:
        assert require_current(connection, path)
        with pytest.raises(OlderSchemaError) as caught:
            require_current(connection, path, NEXT)
    finally:
        connection.close()

    assert caught.value.exit_code == 78
    assert "backup" in caught.value.hint


def test_one_of_a_later_version_is_left_alone(path: Path) -> None:
    opened(path, {NEXT: widen})

    with pytest.raises(NewerSchemaError):
        opened(path, STEPS)


class Overtaken(Database):
    """Between its look at the file and its lock on it, another process makes the registry."""

    def _version(self) -> int:
        found = super()._version()
        opened(self.path, STEPS)
        return found


def test_what_somebody_else_has_made_meanwhile_stays(tmp_path: Path) -> None:
    database = Overtaken(tmp_path / "new.db")

    database.open(now=START)
    database.close()

    assert look(database.path) == (SCHEMA_VERSION, [], False)
