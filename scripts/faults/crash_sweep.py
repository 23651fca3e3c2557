"""Kill the scheduler at one system call after another, and judge the ledger that is left.

Each start is traced, and one call of it (write, fsync, openat, ...; in the scheduler, its zygote
or an attempt) is answered with SIGKILL. The next start on the same registry recovers and is killed
elsewhere. At the end the ledger is judged:

* lost: a slot that fell due and has no row;
* doubled: a slot with two rows, or with two attempts that succeeded;
* phantom: a run that succeeded, without all of its items in the registry;
* stuck: a run that is still held when nothing runs any more.

Needs strace. Prints one JSON object; exits 1 unless all four are 0. A finding is replayed with the
printed --seed (the calls to kill at are the same; what the clock says is not).
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from stoma.app import open_app  # noqa: E402
from stoma.scheduler.placing import place, schedule_of  # noqa: E402
from stoma.schedules.policies import count_between  # noqa: E402
from stoma.settings import Loaded, child_environment, load_settings  # noqa: E402
from stoma.storage.schema import parse_utc  # noqa: E402
from tests.feeds import serve_pages  # noqa: E402
from tests.makers import make_task  # noqa: E402
from tests.replay import ReplayServer  # noqa: E402

#: Calls that change something, or on which something hangs, and how often one process makes them.
CALLS = {
    "write": 30,
    "pwrite64": 170,
    "fdatasync": 30,
    "ftruncate": 3,
    "openat": 900,
    "close": 800,
    "fcntl": 700,
    "sendmsg": 8,
    "recvmsg": 9,
    "wait4": 22,
}
#: SQLite's own calls are worth more points than the interpreter's.
OFTEN = ("pwrite64", "fdatasync", "fcntl", "write")
PAGES, SIZE = 2, 5
RUN_SECONDS = 1.6
TASKS = {"quick": "interval_1s", "slower": "interval_2s", "chained": "run_then_wait_1s"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=120)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    if shutil.which("strace") is None:
        print(json.dumps({"skipped": "strace is not installed: apt-get install strace"}))
        return
    share = -(-options.points // options.workers)
    began = time.monotonic()
    with ThreadPoolExecutor(options.workers) as pool:
        seeds = [options.seed + number for number in range(options.workers)]
        found = list(pool.map(lambda seed: sweep(seed, share), seeds))
    total = {key: sum(each[key] for each in found) for key in found[0] if key != "recovery"}
    recovery = sorted(second for each in found for second in each["recovery"])
    findings = total["lost"] + total["doubled"] + total["phantom"] + total["stuck"]
    report = total | {
        "seed": options.seed,
        "recovery_seconds_p50": round(recovery[len(recovery) // 2], 2),
        "recovery_seconds_max": round(recovery[-1], 2),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(json.dumps(report, indent=2))
    sys.exit(1 if findings else 0)


def sweep(seed: int, points: int) -> dict[str, object]:
    """Kill *points* starts, each at another call, on one registry; return what is left of it."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, ReplayServer() as server:
        serve_pages(server, pages=PAGES, size=SIZE)
        loaded = settings(Path(folder), server.url)
        began = register(loaded)
        starts, killed, recovery = 0, 0, []
        while killed < points and starts < 3 * points:
            call = dice.choice([*CALLS, *OFTEN])
            at = dice.randint(1, CALLS[call])
            was_killed, seconds = start(loaded, f"{call}:signal=KILL:when={at}")
            starts += 1
            killed += was_killed
            if seconds is not None:
                recovery.append(seconds)
        start(loaded, None)
        return {"starts": starts, "killed": killed, "recovery": recovery} | judge(loaded, began)


def settings(home: Path, url: str) -> Loaded:
    overrides = {
        "sources.arxiv.base_url": url,
        "sources.arxiv.interval_seconds": 0.0,
        "sources.arxiv.page_size": SIZE,
        "scheduler.drain_seconds": 5.0,
        "scheduler.check_interval_seconds": 0.2,
    }
    return load_settings(home=home, environ={}, overrides=overrides)


def register(loaded: Loaded) -> datetime:
    config = {"search_query": "x", "max_results": PAGES * SIZE, "sort_by": "relevance"}
    with open_app(loaded) as app:
        now = app.clock.now()
        for name, schedule in TASKS.items():
            task = make_task(name, schedule=schedule, config=config, retry_delay_seconds=0.2)
            app.tasks.add(place(task, now=now, timezone="UTC"), now=now)
        return now


def start(loaded: Loaded, inject: str | None) -> tuple[bool, float | None]:
    """Run the scheduler for a while; return whether it was killed, and how long it took to work."""
    command = [sys.executable, "-m", "stoma", "scheduler", "start"]
    command += ["--until", (datetime.now(UTC) + timedelta(seconds=RUN_SECONDS + 1)).isoformat()]
    if inject is not None:
        call = inject.partition(":")[0]
        trace = ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e"]
        command = [*trace, f"inject={inject}", *command]
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**os.environ, **child_environment(loaded)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    seconds = None
    with process, ended(process):
        for line in process.stderr or ():
            if "scheduler started" in line and seconds is None:
                seconds = time.monotonic() - began
        code = process.wait(60)
    return code != 0, seconds


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def judge(loaded: Loaded, began: datetime) -> dict[str, int]:
    """Return what is wrong with the ledger, counted."""
    connection = sqlite3.connect(loaded.paths.database)
    connection.row_factory = sqlite3.Row
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
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
    items = connection.execute("SELECT count(*) FROM items").fetchone()[0]
    return {
        "slots": sum(row["slots"] for row in rows),
        "runs_succeeded": len(good),
        "attempts_interrupted": connection.execute(
            "SELECT count(*) FROM attempts WHERE outcome = 'interrupted'"
        ).fetchone()[0],
        "lost": lost,
        "doubled": len(slots) - len(set(slots)) + sum(row["n"] > 1 for row in succeeded),
        "phantom": sum(
            row["new"] + row["updated"] + row["unchanged"] != PAGES * SIZE for row in good
        )
        + int(bool(good) and items != PAGES * SIZE),
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


if __name__ == "__main__":
    main()
