"""What is wrong with a ledger: what there is, and what there must be."""

import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from stoma.app import open_app  # noqa: E402
from stoma.scheduler.placing import schedule_of  # noqa: E402
from stoma.schedules.policies import count_between  # noqa: E402
from stoma.settings import Loaded  # noqa: E402
from stoma.storage.schema import parse_utc  # noqa: E402

#: What there must be none of.
WRONG = ("damaged", "lost", "doubled", "phantom", "stuck")


def judge(loaded: Loaded, began: datetime, *, items: int) -> dict[str, int]:
    """Return what is in the ledger since *began*, and what is wrong with it, counted.

    Every run that succeeds finds the same *items*.
    """
    with closing(sqlite3.connect(loaded.paths.database)) as connection:
        connection.row_factory = sqlite3.Row
        return _judge(connection, loaded, began, items)


def _judge(
    connection: sqlite3.Connection, loaded: Loaded, began: datetime, items: int
) -> dict[str, int]:
    rows = connection.execute("SELECT * FROM runs WHERE due_at IS NOT NULL").fetchall()
    with open_app(loaded) as app:
        lost = sum(
            lost_slots(task.id, schedule_of(task, "UTC"), began, task.watermark_at, rows)
            for task in app.tasks.all()
            if task.id != "chained"
        )
    succeeded = connection.execute(
        "SELECT run_id, count(*) AS n FROM attempts WHERE outcome = 'succeeded' GROUP BY run_id"
    ).fetchall()
    slots = [(row["task_id"], row["due_at"]) for row in rows]
    good = [row for row in rows if row["outcome"] == "succeeded"]
    stored = connection.execute("SELECT count(*) FROM items").fetchone()[0]
    findings = connection.execute("PRAGMA integrity_check").fetchall()
    return {
        "slots": sum(row["slots"] for row in rows),
        "runs_succeeded": len(good),
        "attempts_interrupted": connection.execute(
            "SELECT count(*) FROM attempts WHERE outcome = 'interrupted'"
        ).fetchone()[0],
        "damaged": sum(row[0] != "ok" for row in findings),
        "lost": lost,
        "doubled": len(slots) - len(set(slots)) + sum(row["n"] > 1 for row in succeeded),
        "phantom": sum(row["new"] + row["updated"] + row["unchanged"] != items for row in good)
        + int(bool(good) and stored != items),
        "stuck": connection.execute(
            "SELECT count(*) FROM runs WHERE state IN ('queued', 'running')"
        ).fetchone()[0],
    }


def lost_slots(
    task_id: str, schedule: object, began: datetime, until: datetime | None, rows: list[sqlite3.Row]
) -> int:
    """Return how many due slots of a task have no row, by counting both."""
    if until is None:
        return 0
    due = count_between(schedule, began, until)  # type: ignore[arg-type]
    mine = [row for row in rows if row["task_id"] == task_id]
    decided = sum(row["slots"] for row in mine if parse_utc(row["due_at"]) <= until)  # type: ignore[operator]
    return abs(due - decided)
