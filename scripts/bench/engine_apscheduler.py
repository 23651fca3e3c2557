"""APScheduler's side of `engine.py`: prints one JSON object."""

import argparse
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from apscheduler.executors.pool import (  # type: ignore[import-untyped]  # noqa: E402
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from apscheduler.jobstores.sqlalchemy import (  # type: ignore[import-untyped]  # noqa: E402
    SQLAlchemyJobStore,
)
from apscheduler.schedulers.background import (  # type: ignore[import-untyped]  # noqa: E402
    BackgroundScheduler,
)
from engine import STARTING, WORKERS, children, lateness, soon, usage, wait_for  # noqa: E402
from noop import say  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--others", type=int, required=True)
    parser.add_argument("--slots", type=int, default=0)
    parser.add_argument("--pool", choices=("processes", "threads"), required=True)
    options = parser.parse_args()
    scheduler = made(options.folder, options.pool)
    effects = options.folder / "effects"
    found = MEASURES[options.name](scheduler, effects, options)
    print(json.dumps(found), flush=True)
    for child in children(os.getpid()):  # its pool does not always let go
        os.kill(child, signal.SIGKILL)
    os._exit(0)


def made(folder: Path, pool: str) -> BackgroundScheduler:
    kind = ProcessPoolExecutor if pool == "processes" else ThreadPoolExecutor
    return BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{folder / 'jobs.db'}")},
        executors={"default": kind(WORKERS)},
        job_defaults={"misfire_grace_time": 3600, "coalesce": False},
        timezone=UTC,
    )


def add_others(scheduler: BackgroundScheduler, count: int, effects: Path) -> None:
    now = datetime.now(UTC)
    for n in range(count):
        scheduler.add_job(
            say,
            "cron",
            month=now.month % 12 + 1,
            day=now.day % 28 + 1,
            hour=n % 24,
            minute=n % 60,
            args=[str(effects), 0.0],
        )


def at_once(scheduler: BackgroundScheduler, slots: int, effects: Path, due: datetime) -> None:
    for _ in range(slots):
        scheduler.add_job(say, "date", run_date=due, args=[str(effects), due.timestamp()])


def burst(
    scheduler: BackgroundScheduler, effects: Path, options: argparse.Namespace
) -> dict[str, object]:
    add_others(scheduler, options.others, effects)
    scheduler.start()
    due = soon(8)
    at_once(scheduler, options.slots, effects, due)
    wait_for(effects, options.slots, seconds=120)
    return lateness(effects, options.slots)


def rate(
    scheduler: BackgroundScheduler, effects: Path, options: argparse.Namespace
) -> dict[str, object]:
    due = soon(15)
    at_once(scheduler, options.slots, effects, due)
    scheduler.start()
    wait_for(effects, options.slots, seconds=120)
    return {"runs_per_second": round(options.slots / (time.time() - due.timestamp()), 1)}


def second(
    scheduler: BackgroundScheduler, effects: Path, options: argparse.Namespace
) -> dict[str, object]:
    first = soon(2)
    slots = STARTING + options.slots
    for n in range(slots):
        due = datetime.fromtimestamp(first.timestamp() + n, UTC)
        scheduler.add_job(say, "date", run_date=due, args=[str(effects), due.timestamp()])
    scheduler.start()
    wait_for(effects, slots, seconds=120)
    return lateness(effects, options.slots, first=STARTING)


def begin(
    scheduler: BackgroundScheduler, effects: Path, options: argparse.Namespace
) -> dict[str, object]:
    scheduler.start(paused=True)
    began = time.monotonic()
    add_others(scheduler, options.others, effects)
    registered = time.monotonic() - began
    due = datetime.now(UTC)
    scheduler.add_job(say, "date", run_date=due, args=[str(effects), due.timestamp()])
    began = time.monotonic()
    scheduler.resume()
    wait_for(effects, 1, seconds=60)
    return {
        "register_s": round(registered, 2),
        "first_fire_s": round(time.monotonic() - began, 2),
    }


def idle(
    scheduler: BackgroundScheduler, effects: Path, options: argparse.Namespace
) -> dict[str, object]:
    add_others(scheduler, options.others, effects)
    scheduler.start()
    time.sleep(5)
    before, _ = usage(os.getpid())
    time.sleep(60)
    after, megabytes = usage(os.getpid())
    return {"cpu_s_per_minute": round(after - before, 3), "resident_mb": megabytes}


MEASURES = {"burst": burst, "rate": rate, "second": second, "start": begin, "idle": idle}


if __name__ == "__main__":
    main()
