#!/usr/bin/env python3
"""How long history takes to go: 100,000 old runs with attempts and logs, and 2 GB of raw answers.

    python scripts/bench/retention.py [--runs 100000] [--answers 2000]

Prints the time in all, and the longest that one step held the registry: so long a loop waits.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import insert  # noqa: E402

from stoma.domain.run import Outcome, RunState, Trigger  # noqa: E402
from stoma.domain.task import Task  # noqa: E402
from stoma.scheduler.tidying import LogFolder, LogRule  # noqa: E402
from stoma.storage.database import Database  # noqa: E402
from stoma.storage.item_tables import RAW_ANSWERS  # noqa: E402
from stoma.storage.maintenance import release_pages, shorten_log  # noqa: E402
from stoma.storage.retention import RetentionStore, RunRule  # noqa: E402
from stoma.storage.tables import ATTEMPTS, RUNS  # noqa: E402
from stoma.storage.tasks import Next, Placed, TaskStore  # noqa: E402

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=200)
TASKS = 10


def fill_runs(database: Database, runs: int, logs: Path) -> None:
    tasks = TaskStore(database)
    for number in range(TASKS):
        task = Task(id=f"t{number}", name="t", type="arxiv", schedule="manual", config={})
        tasks.add(Placed(task=task, next=Next()), now=OLD)
        (logs / task.id).mkdir(parents=True)
    ended = {
        "task_version": 1,
        "trigger": Trigger.SCHEDULE,
        "state": RunState.DONE,
        "outcome": Outcome.SUCCEEDED,
        "priority": 2,
        "max_attempts": 4,
        "attempts": 1,
        "settled": True,
        "detail": "12 new, 3 updated, 85 unchanged",
    }
    for start in range(0, runs, 10_000):
        moments = [OLD + timedelta(seconds=n) for n in range(start, min(start + 10_000, runs))]
        with database.write() as connection:
            connection.execute(
                insert(RUNS),
                [
                    ended
                    | {
                        "task_id": f"t{n % TASKS}",
                        "due_at": at,
                        "created_at": at,
                        "started_at": at,
                        "ended_at": at,
                    }
                    for n, at in enumerate(moments)
                ],
            )
            connection.execute(
                insert(ATTEMPTS),
                [
                    {"run_id": start + n + 1, "number": 1, "fence": 1, "owner": "x" * 12}
                    | {"started_at": at, "ended_at": at, "outcome": Outcome.SUCCEEDED}
                    for n, at in enumerate(moments)
                ],
            )
    for run in range(1, runs + 1):
        log = logs / f"t{(run - 1) % TASKS}" / f"{run}.log"
        log.write_bytes(b"x" * 300)
        os.utime(log, (OLD.timestamp(), OLD.timestamp()))


def fill_answers(database: Database, answers: int) -> None:
    for start in range(0, answers, 100):
        with database.write() as connection:
            connection.execute(
                insert(RAW_ANSWERS),
                [
                    {
                        "sha256": f"{n:064d}",
                        "source": "arxiv",
                        "url": "https://export.arxiv.org/api/query?search_query=all",
                        "status": 200,
                        "media_type": "application/atom+xml",
                        "headers": {},
                        "body": os.urandom(100_000),
                        "kept_bytes": 100_000,
                        "size": 400_000,
                        "fetched_at": OLD + timedelta(seconds=n),
                        "run_id": n,
                    }
                    for n in range(start, min(start + 100, answers))
                ],
            )


def timed(name: str, steps: Iterable[object]) -> None:
    began = last = time.perf_counter()
    longest, spent = 0.0, []
    for _ in steps:
        now = time.perf_counter()
        spent.append(now - last)
        last = now
    spent.append(time.perf_counter() - last)
    longest, total = max(spent), time.perf_counter() - began
    median = sorted(spent)[len(spent) // 2]
    print(
        f"{name:<14} {total:7.2f} s in {len(spent):5} steps,"
        f" median {1000 * median:6.1f} ms, longest {1000 * longest:6.1f} ms"
    )


def released(path: Path) -> Iterable[None]:
    while release_pages(path):
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--answers", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = Database(home / "stoma.db")
        database.open(now=OLD)
        fill_runs(database, options.runs, home / "runs")
        fill_answers(database, options.answers)
        store = RetentionStore(database)
        print(f"registry: {database.path.stat().st_size / 1e6:.0f} MB")
        before = NOW - timedelta(days=90)
        rule = LogRule(
            before=before, most_bytes=0, active=set(), newest_run=options.runs, tasks=set()
        )
        timed("logs", LogFolder(home / "runs", rule).tidy())
        timed("runs", store.prune_runs(RunRule(before=before, dead_before=before, keep=100)))
        timed("runs, again", store.prune_runs(RunRule(before=before, dead_before=None, keep=100)))
        timed("raw answers", store.drop_answers(before=before, most_bytes=0))
        timed("free pages", released(database.path))
        shorten_log(database.path, above_bytes=0)
        print(f"registry: {database.path.stat().st_size / 1e6:.0f} MB")
        database.close()


if __name__ == "__main__":
    main()
