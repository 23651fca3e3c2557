"""stoma's side of `engine.py`: prints one JSON object."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from engine import STARTING, WORKERS, lateness, soon, usage, wait_for  # noqa: E402

from stoma.app import open_app  # noqa: E402
from stoma.domain.task import Task  # noqa: E402
from stoma.scheduler.placing import place  # noqa: E402
from stoma.settings import Loaded, child_environment, load_settings  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--others", type=int, required=True)
    parser.add_argument("--slots", type=int, default=0)
    options = parser.parse_args()
    shutil.copy(HERE / "noop.py", options.folder)
    overrides = {"scheduler.max_concurrent_tasks": WORKERS, "logging.level": "WARNING"}
    loaded = load_settings(home=options.folder, environ={}, overrides=overrides)
    print(json.dumps(MEASURES[options.name](loaded, options)))


def burst(loaded: Loaded, options: argparse.Namespace) -> dict[str, object]:
    """Let so many slots come in one second."""
    register(loaded, others(options.others))
    effects, due = loaded.paths.database.parent / "effects", soon(4)
    register(loaded, at_once(options.slots, due))
    process = start(loaded)
    wait_for(effects, options.slots, seconds=120)
    took = time.time() - due.timestamp()
    stop(process)
    return lateness(effects, options.slots) | {"last_after_s": round(took, 2)} | ends(loaded)


def rate(loaded: Loaded, options: argparse.Namespace) -> dict[str, object]:
    """Let so many slots come in one second, beside no others; count how fast they are done."""
    effects, due = loaded.paths.database.parent / "effects", soon(4)
    register(loaded, at_once(options.slots, due))
    process = start(loaded)
    wait_for(effects, options.slots, seconds=120)
    took = time.time() - due.timestamp()
    stop(process)
    return {"runs_per_second": round(options.slots / took, 1)} | ends(loaded)


def second(loaded: Loaded, options: argparse.Namespace) -> dict[str, object]:
    """Let one task come every second."""
    effects = loaded.paths.database.parent / "effects"
    register(loaded, [task("every", "interval_1s")])
    process = start(loaded)
    wait_for(effects, STARTING + options.slots, seconds=120)
    stop(process)
    return lateness(effects, options.slots, first=STARTING)


def begin(loaded: Loaded, options: argparse.Namespace) -> dict[str, object]:
    """Register many tasks, and start where one is due already."""
    effects = loaded.paths.database.parent / "effects"
    began = time.monotonic()
    register(loaded, others(options.others))
    registered = time.monotonic() - began
    register(loaded, [task("due", "interval_1s", catch_up="latest")])
    time.sleep(2)
    began = time.time()
    process = start(loaded)
    wait_for(effects, 1, seconds=120)
    first = effects.stat().st_mtime - began
    stop(process)
    return {"register_s": round(registered, 2), "first_fire_s": round(first, 2)}


def idle(loaded: Loaded, options: argparse.Namespace) -> dict[str, object]:
    """Do nothing for a minute."""
    register(loaded, others(options.others))
    process = start(loaded)
    time.sleep(5)
    before, _ = usage(process.pid)
    time.sleep(60)
    after, megabytes = usage(process.pid)
    stop(process)
    return {"cpu_s_per_minute": round(after - before, 3), "resident_mb": megabytes}


MEASURES = {"burst": burst, "rate": rate, "second": second, "start": begin, "idle": idle}


def task(name: str, schedule: str, **values: object) -> Task:
    return Task(id=name, name=name, type="noop.py:Noop", schedule=schedule, **values)


def others(count: int) -> list[Task]:
    """Return tasks that are not due for a long time."""
    now = datetime.now(UTC)
    late = f"{now.day % 28 + 1} {now.month % 12 + 1} *"  # a month away, or more
    return [
        Task(
            id=f"other{n}",
            name=f"Other {n}",
            type="arxiv",
            schedule=f"{n % 60} {n % 24} {late}",
            config={"search_query": "all:x"},
        )
        for n in range(count)
    ]


def at_once(count: int, due: datetime) -> list[Task]:
    """Return tasks that are all due at one moment."""
    return [task(f"now{n}", f"once_at_{due:%Y-%m-%dT%H:%M:%SZ}") for n in range(count)]


def register(loaded: Loaded, tasks: list[Task]) -> None:
    with open_app(loaded) as app:
        now = app.clock.now()
        app.tasks.put(
            [place(each, now=now, timezone="UTC", own=app.own) for each in tasks], now=now
        )


def start(loaded: Loaded) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "stoma", "scheduler", "start"],
        env={**os.environ, **child_environment(loaded)},
        cwd=HERE.parents[1],
    )


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def ends(loaded: Loaded) -> dict[str, object]:
    """Return how the runs ended, as the ledger has it."""
    with open_app(loaded) as app:
        runs = app.runs.after(0)
    counts: dict[str, int] = {}
    for run in runs:
        word = str(run.outcome or run.state)
        counts[word] = counts.get(word, 0) + 1
    return {"ledger": counts}


if __name__ == "__main__":
    main()
