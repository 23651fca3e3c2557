"""What the disk, and others, do to a registry that is open. Faults 5, 7, 9, 11, 12 and 36."""

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from stoma.exceptions import (
    DiskFullError,
    RegistryIoError,
    RegistryReplacedError,
    RegistryUnavailableError,
)
from stoma.storage.checking import check
from stoma.storage.database import Database
from stoma.storage.maintenance import FileWatch
from stoma.storage.read import reading
from stoma.storage.tables import BUDGETS
from tests.fakes import START

WRITE = "INSERT INTO budgets (source, next_at) VALUES ('{0}', '2026-01-01 00:00:00.000000')"


def write(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(insert(BUDGETS).values(source=name, next_at=START))


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(BUDGETS)) or 0


def write_elsewhere(path: Path, name: str) -> None:
    """Write in another process, which closes the registry when it ends."""
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
    code += "c.execute(sys.argv[2]); c.close()"
    subprocess.run([sys.executable, "-c", code, str(path), WRITE.format(name)], check=True)


@contextmanager
def pragma(database: Database, setting: str, undone: str) -> Iterator[None]:
    """Let the connection that the registry uses have a setting for a while."""
    with database.write() as connection:
        connection.exec_driver_sql(f"PRAGMA {setting}")
    yield
    with database.read() as connection:
        connection.exec_driver_sql(f"PRAGMA {undone}")


def test_looking_at_a_registry_gives_nobodys_locks_away(database: Database) -> None:
    """https://sqlite.org/howtocorrupt.html, 2.2: whoever closes the file loses its locks.

    The next process to close the registry would take itself for the last, and remove the log that
    is still written to.
    """
    write(database, "mine")
    with reading(database.path) as reader:
        assert reader is not None
    Database(database.path).open(now=START)

    write_elsewhere(database.path, "theirs")
    write(database, "mine again")

    with closing(sqlite3.connect(database.path)) as other:
        assert other.execute("SELECT count(*) FROM budgets").fetchone() == (3,)
    assert check(database.path) == []


def test_a_full_disk_is_told_apart_and_passes(database: Database) -> None:
    with pragma(database, "max_page_count = 1", "max_page_count = 1000000"):
        with pytest.raises(DiskFullError, match="disk is full") as caught:
            write(database, "x" * 100_000)
        assert count(database) == 0

    write(database, "x" * 100_000)

    assert caught.value.exit_code == 75
    assert count(database) == 1


def test_a_registry_that_may_not_be_written_can_still_be_read(database: Database) -> None:
    write(database, "before")
    with pragma(database, "query_only = ON", "query_only = OFF"):
        with pytest.raises(RegistryUnavailableError, match="readonly"), database.write() as it:
            it.execute(insert(BUDGETS).values(source="x", next_at=START))
        assert count(database) == 1


def test_a_disk_that_fails_is_told_apart(database: Database) -> None:
    """The system refuses to let the log grow: SQLite calls every such failure an I/O error."""
    write(database, "before")
    log = database.path.with_name("stoma.db-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        with pytest.raises(RegistryIoError, match="disk I/O error") as caught:
            write(database, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert caught.value.exit_code == 75
    assert not isinstance(caught.value, RegistryUnavailableError)


def test_a_mistake_of_ours_is_not_called_a_fault_of_the_disk(database: Database) -> None:
    write(database, "once")

    with pytest.raises(IntegrityError):
        write(database, "once")


# --- files that go ------------------------------------------------------------------------------


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def replace(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))
    path.write_bytes(path.with_name("elsewhere.db").read_bytes())


def remove_log(path: Path) -> None:
    path.with_name("stoma.db-wal").unlink()


def remove_index(path: Path) -> None:
    path.with_name("stoma.db-shm").unlink()


@pytest.mark.parametrize("harm", [move, Path.unlink, replace, remove_log, remove_index])
def test_files_that_are_moved_removed_or_replaced_are_missed(
    database: Database, harm: Callable[[Path], None]
) -> None:
    write(database, "ours")
    watch = FileWatch(database.path)
    watch.check()
    write_elsewhere(database.path, "theirs")
    watch.check()

    harm(database.path)

    with pytest.raises(RegistryReplacedError, match="while it was in use") as caught:
        watch.check()
    assert caught.value.exit_code == 78


def test_who_only_joins_in_makes_no_registry(tmp_path: Path) -> None:
    database = Database(tmp_path / "stoma.db")

    with pytest.raises(RegistryUnavailableError, match="there is no registry"):
        database.open(now=START, create=False)
    assert not database.path.exists()
    database.open(now=START)
    database.open(now=START, create=False)

    database.close()


def test_a_log_that_comes_later_is_no_change(tmp_path: Path) -> None:
    database = Database(tmp_path / "stoma.db")
    database.open(now=START)
    database.close()
    watch = FileWatch(database.path)

    watch.check()
    write(database, "mine")
    watch.check()

    database.close()


def test_a_folder_that_can_not_be_read_is_trouble_that_may_pass(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(RegistryUnavailableError):
        FileWatch(tmp_path / "file" / "stoma.db")


def test_a_registry_that_has_gone_already_is_missed_at_once(tmp_path: Path) -> None:
    with pytest.raises(RegistryReplacedError):
        FileWatch(tmp_path / "stoma.db")


def test_without_its_log_a_registry_is_what_it_was_at_the_last_checkpoint(
    database: Database, tmp_path: Path
) -> None:
    write(database, "one")
    with closing(sqlite3.connect(database.path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    write(database, "two")
    copy = tmp_path / "copy.db"
    copy.write_bytes(database.path.read_bytes())

    reopened = Database(copy)
    reopened.open(now=START)

    assert (count(database), count(reopened)) == (2, 1)
    assert check(copy) == []
    reopened.close()


def test_without_the_index_of_its_log_a_registry_loses_nothing(
    database: Database, tmp_path: Path
) -> None:
    write(database, "one")
    for suffix in ("", "-wal"):
        file = database.path.with_name(f"stoma.db{suffix}")
        (tmp_path / f"copy.db{suffix}").write_bytes(file.read_bytes())

    reopened = Database(tmp_path / "copy.db")
    reopened.open(now=START)

    assert count(reopened) == 1
    assert check(reopened.path) == []
    reopened.close()
