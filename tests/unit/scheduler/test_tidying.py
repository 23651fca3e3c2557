"""Old logs and backups: what goes, what stays, and that a fault stops nothing."""

import os
from collections.abc import Container
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stoma.scheduler.tidying import LogFolder, LogRule, prune_backups
from tests.fakes import START

DAY = timedelta(days=1)


def log(folder: Path, name: str, *, day: int = 0, size: int = 100) -> Path:
    """Write a log that was last written to so many days after START."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    moment = (START + day * DAY).timestamp()
    os.utime(path, (moment, moment))
    return path


def tidy(
    folder: Path,
    *,
    before: datetime | None = None,
    most_bytes: int = 0,
    active: Container[int] = (),
    newest_run: int = 200,
) -> LogFolder:
    logs = LogFolder(
        folder,
        LogRule(
            before=before,
            most_bytes=most_bytes,
            active=active,
            newest_run=newest_run,
            tasks={"papers"},
        ),
    )
    for _ in logs.tidy():
        pass
    return logs


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_old_logs_go_and_those_of_active_runs_stay(tmp_path: Path) -> None:
    for run in range(1, 5):
        log(tmp_path, f"papers/{run}.log", day=run)

    found = tidy(tmp_path, before=START + 4 * DAY, active={2})

    assert left(tmp_path) == {"papers", "papers/2.log", "papers/4.log"}
    assert (found.removed, found.freed, found.problem) == (2, 200, "")


def test_beyond_the_quota_the_oldest_runs_lose_their_logs(tmp_path: Path) -> None:
    for run in range(1, 11):
        log(tmp_path, f"{'ab'[run % 2]}/{run}.log")

    found = tidy(tmp_path, most_bytes=800, newest_run=10, active={2})

    # Down to nine tenths, so that the next pass has nothing to do.
    assert left(tmp_path) == {
        "a", "b", "a/2.log", "a/4.log", "a/6.log", "a/8.log", "a/10.log", "b/5.log", "b/7.log",
        "b/9.log",
    }  # fmt: skip
    assert found.removed == 2


def test_within_the_quota_nothing_goes(tmp_path: Path) -> None:
    log(tmp_path, "papers/1.log")

    assert tidy(tmp_path, most_bytes=100).removed == 0


def test_the_newest_log_stays_even_if_it_alone_is_too_much(tmp_path: Path) -> None:
    log(tmp_path, "papers/1.log", size=10)
    log(tmp_path, "papers/200.log", size=5000)

    tidy(tmp_path, most_bytes=1000)

    assert left(tmp_path) == {"papers", "papers/200.log"}


def test_a_log_of_a_run_newer_than_the_pass_counts_with_the_newest(tmp_path: Path) -> None:
    log(tmp_path, "papers/900.log", size=5000)

    assert tidy(tmp_path, most_bytes=1000, newest_run=0).removed == 0


def test_many_logs_are_looked_at_a_few_at_a_time(tmp_path: Path) -> None:
    for run in range(250):
        log(tmp_path, f"papers/{run}.log")
    rule = LogRule(before=START + DAY, most_bytes=0, active=(), newest_run=250, tasks={"papers"})

    assert len(list(LogFolder(tmp_path, rule).tidy())) == 3


def test_other_files_and_links_are_left_alone(tmp_path: Path) -> None:
    folder, outside = tmp_path / "runs", tmp_path / "outside"
    log(folder, "papers/notes.txt")
    log(folder, "papers/1.log.gz")
    log(folder, "bugs.log")
    log(outside, "1.log")
    (folder / "papers" / "2.log").symlink_to(outside / "1.log")
    (folder / "elsewhere").symlink_to(outside)
    before = left(tmp_path)

    found = tidy(folder, before=START + 99 * DAY, most_bytes=1)

    assert left(tmp_path) == before
    assert found.removed == 0


def test_a_folder_that_is_empty_goes_with_its_task(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "gone").mkdir()

    tidy(tmp_path)

    assert left(tmp_path) == {"papers"}


def test_without_a_folder_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert tidy(tmp_path / "nowhere").problem == ""


def test_what_can_not_be_read_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    assert "file" in tidy(tmp_path / "file").problem


def test_of_the_backups_made_by_stoma_the_newest_stay(tmp_path: Path) -> None:
    names = [
        "stoma-v1-20260101T000000Z.db",
        "stoma-v10-20260102T000000Z.db",
        "stoma-v9-20260103T000000Z.db",
    ]
    kept = ["mine.db", "stoma-kept-20250101T000000Z.db", "other-v1-20250101T000000Z.db"]
    for name in (*names, *kept):
        (tmp_path / name).touch()

    gone = prune_backups(tmp_path, "stoma", keep=2)

    assert [path.name for path in gone] == names[:1]
    assert left(tmp_path) == {*names[1:], *kept}
    assert prune_backups(tmp_path / "nowhere", "stoma", keep=1) == []


@pytest.mark.parametrize("name", ["1.log", "2.log"])
def test_a_log_that_is_gone_meanwhile_is_no_fault(tmp_path: Path, name: str) -> None:
    for run in (1, 2):
        log(tmp_path, f"papers/{run}.log")
    rule = LogRule(before=START + DAY, most_bytes=0, active=(), newest_run=2, tasks={"papers"})
    steps = LogFolder(tmp_path, rule)

    for _ in steps.tidy():
        (tmp_path / "papers" / name).unlink(missing_ok=True)

    assert steps.problem == ""
