#!/usr/bin/env python3
"""How long the commands that are typed all day take, from the shell's point of view.

Every command is a process of its own, and the commands take turns, so that a busy moment of the
machine hits all of them alike. Prints JSON: the median of each in milliseconds, and its ratio to
a "hello world" written with Typer.

    python scripts/bench/cold_start.py [--runs 21] [--tasks 1000]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

HELLO = """\
import typer

app = typer.Typer()

@app.command()
def hello(name: str = "World") -> None:
    print(f"Hello {name}")

app()
"""
STOMA = "import sys; sys.argv[0] = 'stoma'; from stoma.cli.main import run; run()"


def fill(home: Path, tasks: int) -> None:
    """Make a registry of so many tasks with twelve runs each."""
    from sqlalchemy import insert

    from stoma.app import open_app
    from stoma.domain.task import Task
    from stoma.scheduler.placing import place
    from stoma.settings import load_settings
    from stoma.storage.tables import RUNS

    now = datetime.now(UTC)
    schedules = ("daily_at_06:00", "interval_2h", "hourly", "weekly_on_mon_at_09:00")
    definitions = [
        Task(
            id=f"task_{number:04}",
            name=f"Task number {number}",
            type="arxiv",
            schedule=schedules[number % 4],
            config={"search_query": f"all:{number}"},
        )
        for number in range(tasks)
    ]
    with open_app(load_settings(home=home, environ={})) as app:
        app.tasks.put([place(each, now=now, timezone="UTC") for each in definitions], now=now)
        with app.database.write() as connection:
            connection.execute(
                insert(RUNS),
                [
                    run(task.id, now - timedelta(hours=back, seconds=number))
                    for back in range(12, 0, -1)
                    for number, task in enumerate(definitions)
                ],
            )


def run(task_id: str, at: datetime) -> dict[str, object]:
    """Return a run that ended well."""
    return {
        "task_id": task_id,
        "task_version": 1,
        "trigger": "schedule",
        "due_at": at,
        "state": "done",
        "outcome": "succeeded",
        "priority": 2,
        "max_attempts": 4,
        "attempts": 1,
        "created_at": at,
        "started_at": at,
        "ended_at": at + timedelta(seconds=7),
        "new": 3,
    }


def commands(folder: Path) -> dict[str, list[str]]:
    """Return what is measured, by name."""
    hello = folder / "hello.py"
    hello.write_text(HELLO)
    stoma = [sys.executable, "-c", STOMA]
    return {
        "python": [sys.executable, "-c", "pass"],
        "typer_hello": [sys.executable, str(hello)],
        "version": [*stoma, "--version"],
        "status": [*stoma, "scheduler", "status"],
        "list_tasks": [*stoma, "scheduler", "list-tasks"],
        "next": [*stoma, "scheduler", "next"],
    }


def measure(folder: Path, runs: int) -> dict[str, list[float]]:
    """Return the seconds of every run of every command."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "STOMA_HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
    }
    measured = commands(folder)
    completion = {**environment, "_STOMA_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    completion["COMP_WORDS"] = "stoma scheduler run-task task_00"
    measured["completion"] = measured["version"][:-1]
    configured = {**environment, "STOMA_SOURCES__CONTACT": "someone@example.org"}
    measured["status_with_settings"] = measured["status"]
    environments = {"completion": completion, "status_with_settings": configured}
    taken: dict[str, list[float]] = {name: [] for name in measured}
    for turn in range(runs + 2):
        for name, command in measured.items():
            begun = time.perf_counter()
            subprocess.run(
                command,
                env=environments.get(name, environment),
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if turn > 1:  # the first two turns fill the caches
                taken[name].append(time.perf_counter() - begun)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--tasks", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "home", options.tasks)
        taken = measure(folder, options.runs)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    report = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "runs": options.runs,
        "tasks": options.tasks,
        "median_ms": {name: round(value * 1000, 1) for name, value in medians.items()},
        "fastest_ms": {name: round(min(each) * 1000, 1) for name, each in taken.items()},
        "ratio_to_typer_hello": {
            name: round(value / medians["typer_hello"], 2) for name, value in medians.items()
        },
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
