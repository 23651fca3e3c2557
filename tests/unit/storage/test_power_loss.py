"""The power goes, or a writer dies: what was committed is there, the rest is gone as a whole."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from stoma.storage.checking import check
from stoma.storage.database import Database
from stoma.storage.tables import BUDGETS
from tests.fakes import START

ROOT = Path(__file__).parents[3]


def write(database: Database, number: int) -> None:
    """Two rows in one transaction: seen together, or not at all."""
    with database.write() as connection:
        for side in ("left", "right"):
            name = f"{number}-{side}".ljust(6000, ".")
            connection.execute(insert(BUDGETS).values(source=name, next_at=START))


def rows(path: Path) -> int:
    database = Database(path)
    database.open(now=START)
    try:
        with database.read() as connection:
            return connection.scalar(select(func.count()).select_from(BUDGETS)) or 0
    finally:
        database.close()


@pytest.mark.parametrize("lost", ["cut off", "zeroed", "garbled"])
def test_of_what_was_not_synced_any_part_may_be_missing(tmp_path: Path, lost: str) -> None:
    """With `synchronous=FULL` a commit returns when the log is synced up to its end.

    `test_foreign_keys_and_full_sync_are_on` sees to that. So a crash of the machine leaves the log
    as it was after some commit, and of what was written since any part, in any state.
    """
    path = tmp_path / "stoma.db"
    database = Database(path)
    database.open(now=START)
    log = path.with_name("stoma.db-wal")
    synced = [log.stat().st_size]
    for number in range(3):
        write(database, number)
        synced.append(log.stat().st_size)
    written = log.read_bytes()
    shutil.copy(path, tmp_path / "base.db")

    for commits, (safe, end) in enumerate(zip(synced, [*synced[1:], synced[-1]], strict=True)):
        for place in {safe, safe + 1, safe + 24, (safe + end) // 2, end - 1, end} - {0}:
            if not safe <= place <= end:
                continue
            copy = tmp_path / f"{commits}-{place}" / "stoma.db"
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(tmp_path / "base.db", copy)
            rest = {
                "cut off": b"",
                "zeroed": bytes(end - place),
                "garbled": bytes(each ^ 0xFF for each in written[place:end]),
            }[lost]
            copy.with_name("stoma.db-wal").write_bytes(written[:place] + rest)

            whole = commits + (place == end > safe)
            assert rows(copy) == 2 * whole, (commits, place)
            assert check(copy) == []
    database.close()


DIES = """
import os, signal, sys
from pathlib import Path
from stoma.storage.database import Database
from stoma.storage.tables import BUDGETS
from tests.fakes import START

with Database(Path(sys.argv[1])).write() as connection:
    connection.execute(BUDGETS.insert().values(source="half", next_at=START))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_that_is_killed_holds_nobody_up(tmp_path: Path) -> None:
    """Such as the web part, which shares nothing with a scheduler but the registry."""
    database = Database(tmp_path / "stoma.db", busy_timeout_seconds=0.0)
    database.open(now=START)

    done = subprocess.run(
        [sys.executable, "-c", DIES, str(database.path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    write(database, 1)
    database.close()

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert rows(database.path) == 2
