"""The registry's file: checked, copied, put back, made small, and missed when it is gone."""

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from stoma.exceptions import (
    ConflictError,
    DamagedRegistryError,
    NewerSchemaError,
    NotFoundError,
    RegistryBusyError,
    RegistryUnavailableError,
)
from stoma.processes import this_process
from stoma.storage.checking import check
from stoma.storage.copying import connect, copy
from stoma.storage.database import Database
from stoma.storage.instances import InstanceStore
from stoma.storage.items import ItemStore, PageToStore
from stoma.storage.maintenance import release_pages, restore, shorten_log
from stoma.storage.runs import RunStore
from stoma.storage.schema import SCHEMA_VERSION
from stoma.storage.tables import BUDGETS
from tests.fakes import START
from tests.makers import make_firing, make_item, make_raw


def fill(database: Database, rows: int = 1, *, size: int = 10) -> None:
    """Write rows that the tests count."""
    with database.write() as connection:
        first = connection.scalar(select(func.count()).select_from(BUDGETS)) or 0
        values = [
            {"source": f"{number:06d}".ljust(size, "x"), "next_at": START}
            for number in range(first, first + rows)
        ]
        connection.execute(insert(BUDGETS), values)


def rows_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM budgets").fetchone()[0])


def change(path: Path, statement: str) -> None:
    """Change a registry behind the back of whoever has it open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


@pytest.fixture
def closed(database: Database) -> Path:
    """A registry that nobody has open."""
    claimed = RunStore(database).add(make_firing(), now=START, owner="me", lease_until=START)
    run = RunStore(database).start(claimed, now=START, log_path="")
    page = PageToStore(raw=make_raw(), items=[make_item()])
    ItemStore(database).store_page(run, page, now=START)
    fill(database, 3)
    database.close()
    return database.path


# --- check ----------------------------------------------------------------------------------------


def test_a_good_registry_has_no_findings_also_while_it_is_written(
    database: Database, closed: Path
) -> None:
    fill(database)

    assert check(closed) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("DROP INDEX runs_of_task", "index runs_of_task is missing"),
        ("DROP TRIGGER items_fts_update", "trigger items_fts_update is missing"),
        ("DROP TABLE items_fts", "table items_fts is missing"),
        ("ALTER TABLE budgets RENAME COLUMN next_at TO later", "budgets has no column next_at"),
        ("UPDATE items SET title = 'x'", "the search index does not fit the items"),
        ("DELETE FROM runs", "row 1 of attempts refers to a row of runs that is not there"),
        ("UPDATE runs SET state = 'done' WHERE id = 1", "CHECK constraint failed in runs"),
    ],
)
def test_what_is_wrong_inside_is_found(closed: Path, statement: str, finding: str) -> None:
    with closing(sqlite3.connect(closed, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        if statement.startswith("UPDATE items"):
            connection.execute("DROP TRIGGER items_fts_update")
        connection.execute(statement)

    assert any(finding in each for each in check(closed))


def test_damaged_pages_are_found(closed: Path) -> None:
    content = bytearray(closed.read_bytes())
    content[4096 * 5 : 4096 * 9] = b"\x55" * 4096 * 4
    closed.write_bytes(content)

    assert check(closed)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"hello", "file is not a database"),
        (b"\x00" * 4096, "file is not a database"),
        (b"", "is empty"),
        (None, "there is no registry"),
    ],
)
def test_what_is_no_registry_is_a_finding(
    tmp_path: Path, content: bytes | None, finding: str
) -> None:
    path = tmp_path / "stoma.db"
    if content is not None:
        path.write_bytes(content)

    assert [finding in each for each in check(path)] == [True]


def test_a_locked_registry_is_not_called_damaged(closed: Path) -> None:
    with closing(sqlite3.connect(closed, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryBusyError):
            check(closed, timeout_seconds=0)


# --- copies ---------------------------------------------------------------------------------------


def test_a_copy_is_of_one_moment_though_others_write(database: Database, tmp_path: Path) -> None:
    fill(database, 10_000, size=1000)
    target, seen = tmp_path / "copies" / "one.db", []

    def look(done: int, pages: int) -> None:
        seen.append((done, pages))
        fill(database)

    copy(database.path, target, on_pages=look)

    assert rows_in(target) == 10_000
    assert len(seen) > 2
    assert seen[-1][0] == seen[-1][1]
    assert check(target) == []
    assert [file.name for file in target.parent.iterdir()] == ["one.db"]


def test_a_copy_is_as_private_as_the_original(closed: Path, tmp_path: Path) -> None:
    closed.chmod(0o640)

    copy(closed, tmp_path / "copy.db")

    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o640


def test_what_can_not_be_copied_leaves_nothing(closed: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.db"
    good.write_bytes(b"kept")
    content = bytearray(closed.read_bytes())
    content[4096 * 2 : 4096 * 6] = b"\x55" * 4096 * 4
    closed.write_bytes(content)

    with pytest.raises(DamagedRegistryError):
        copy(closed, good)

    assert good.read_bytes() == b"kept"
    assert {file.name for file in tmp_path.glob(".*")} == set()


def test_a_place_that_can_not_be_written_is_named(closed: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(RegistryUnavailableError, match="file"):
        copy(closed, tmp_path / "file" / "copy.db")


@pytest.mark.parametrize(("content", "problem"), [(b"", "empty"), (b"hello", "not a database")])
def test_what_is_no_registry_is_not_copied(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "other.db").write_bytes(content)

    with pytest.raises(DamagedRegistryError, match=problem):
        copy(tmp_path / "other.db", tmp_path / "copy.db")


def test_a_copy_that_breaks_a_rule_is_refused(closed: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(closed, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE runs SET state = 'done'")

    with pytest.raises(DamagedRegistryError, match="CHECK constraint"):
        copy(closed, tmp_path / "copy.db")


# --- putting a copy back --------------------------------------------------------------------------


@pytest.fixture
def saved(database: Database, closed: Path, tmp_path: Path) -> Path:
    """A copy with three rows of a registry that has four by now."""
    copy(closed, tmp_path / "saved.db")
    fill(database)
    database.close()
    return tmp_path / "saved.db"


def test_a_copy_is_put_back_and_what_was_there_is_kept(closed: Path, saved: Path) -> None:
    kept = restore(closed, saved, now=START)

    assert kept == closed.parent / "backups" / f"stoma-v{SCHEMA_VERSION}-20260302T120000Z.db"
    assert (rows_in(closed), rows_in(kept), rows_in(saved)) == (3, 4, 3)
    assert check(closed) == []


@pytest.mark.parametrize("content", [None, b""])
def test_a_copy_is_put_where_no_registry_was(
    saved: Path, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "new" / "stoma.db"
    if content is not None:
        path.parent.mkdir()
        path.write_bytes(content)

    assert restore(path, saved, now=START) is None
    assert rows_in(path) == 3


@pytest.mark.parametrize("newer", [True, False])
def test_a_registry_that_can_not_be_copied_is_moved_away(
    closed: Path, saved: Path, newer: bool
) -> None:
    if newer:
        change(closed, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    else:
        closed.write_bytes(b"no database, but somebody's data")
    content = closed.read_bytes()
    closed.with_name("stoma.db-wal").write_bytes(b"log")

    kept = restore(closed, saved, now=START)

    assert kept is not None
    assert kept.name == "stoma-kept-20260302T120000Z.db"
    assert kept.read_bytes() == content
    assert kept.with_name(f"{kept.name}-wal").exists()
    assert rows_in(closed) == 3


def test_what_is_no_good_copy_changes_nothing(closed: Path, saved: Path, tmp_path: Path) -> None:
    before = rows_in(closed)
    with pytest.raises(NotFoundError):
        restore(closed, tmp_path / "nowhere.db", now=START)
    change(saved, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(NewerSchemaError):
        restore(closed, saved, now=START)
    saved.write_bytes(b"hello")
    with pytest.raises(DamagedRegistryError):
        restore(closed, saved, now=START)

    assert rows_in(closed) == before
    assert not (closed.parent / "backups").exists()


def test_a_registry_in_use_is_not_replaced(database: Database, closed: Path, saved: Path) -> None:
    instances = InstanceStore(database)
    instances.enter(this_process("run-task"), version="0", now=START)

    with pytest.raises(ConflictError, match=r"process \d+ \(run-task\) is at work"):
        restore(closed, saved, now=START)
    change(closed, "UPDATE instances SET pid_started = 'long ago'")
    with pytest.raises(ConflictError, match=r"has .* open"):
        restore(closed, saved, now=START)

    assert rows_in(closed) == 4


def test_what_was_at_work_in_a_copy_counts_as_dead_wherever_it_ran(
    database: Database, closed: Path, tmp_path: Path
) -> None:
    instances = InstanceStore(database)
    instances.enter(this_process("scheduler"), version="0", now=START)
    change(closed, "UPDATE instances SET host = 'elsewhere'")
    copy(closed, tmp_path / "saved.db")
    alive = instances.dead() == []
    change(closed, "UPDATE instances SET stopped_at = heartbeat_at")
    database.close()

    restore(closed, tmp_path / "saved.db", now=START)

    assert alive
    assert [instance.host for instance in instances.dead()] == [socket.gethostname()]
    database.close()


# --- space ----------------------------------------------------------------------------------------


def test_free_pages_go_back_to_the_disk_step_by_step(database: Database) -> None:
    fill(database, 12_000, size=1000)
    change(database.path, "DELETE FROM budgets")
    shorten_log(database.path, above_bytes=0)
    before = database.path.stat().st_size

    steps = 1
    while release_pages(database.path):
        steps += 1
    shorten_log(database.path, above_bytes=0)

    assert steps > 3
    assert database.path.stat().st_size < before / 2
    assert check(database.path) == []


def test_while_somebody_writes_no_page_is_moved(database: Database) -> None:
    fill(database, 10_000, size=1000)
    change(database.path, "DELETE FROM budgets")

    with closing(sqlite3.connect(database.path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert not release_pages(database.path)


def test_a_file_that_is_not_there_any_more_is_named(database: Database) -> None:
    fill(database, 1000)
    path = database.path.with_name("elsewhere")

    with pytest.raises(RegistryUnavailableError, match="elsewhere"):
        release_pages(path)
    with pytest.raises(RegistryUnavailableError, match="elsewhere"):
        connect(path, "ro")


def test_a_log_that_grew_is_emptied_unless_somebody_reads_from_it(database: Database) -> None:
    log = database.path.with_name("stoma.db-wal")
    fill(database, 1000)

    assert not shorten_log(database.path, above_bytes=100_000_000)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM budgets").fetchone()
        fill(database)
        assert not shorten_log(database.path, above_bytes=0)
    assert shorten_log(database.path, above_bytes=0)
    assert log.stat().st_size == 0


def test_without_a_log_there_is_nothing_to_empty(closed: Path) -> None:
    assert not shorten_log(closed, above_bytes=0)
