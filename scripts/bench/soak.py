"""One hour at ten runs a second: does anything grow?

    python scripts/bench/soak.py [--minutes 60] [--tasks 10]

So many tasks that are due every second, each run in a process of its own, and once a minute a look
at the scheduler and all it has started: memory, open files, processes, the write-ahead log. Every
quarter of an hour all but the newest runs are pruned, as they would be over years. Prints one JSON
object: the first and the second half of the looks, and whether every slot had its run.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from engine import WORKERS, children, usage  # noqa: E402
from engine_stoma import register, start, stop, task  # noqa: E402

from stoma.settings import load_settings  # noqa: E402

#: What was there before it is warm counts for nothing.
WARM_SECONDS = 120
LOOK_SECONDS = 60
#: Runs of a task that are kept.
KEPT = 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--tasks", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(soak(Path(folder), options.minutes, options.tasks), indent=2))


def soak(folder: Path, minutes: float, tasks: int) -> dict[str, object]:
    shutil.copy(HERE / "noop.py", folder)
    overrides = {
        "scheduler.max_concurrent_tasks": WORKERS,
        "logging.level": "WARNING",
        "retention.runs_most": KEPT,
    }
    loaded = load_settings(home=folder, environ={}, overrides=overrides)
    effects = folder / "effects"
    register(loaded, [task(f"each{n}", "interval_1s") for n in range(tasks)])
    process = start(loaded)
    looks, ledger = [], Ledger(loaded.paths.database)
    end = time.monotonic() + minutes * 60
    time.sleep(min(WARM_SECONDS, minutes * 10))
    while time.monotonic() < end:
        looks.append(look(process.pid, loaded.paths.database))
        ledger.read()
        time.sleep(min(LOOK_SECONDS, max(0.0, end - time.monotonic())))
    cpu, _ = usage(process.pid)
    stop(process)
    ledger.read()
    half = len(looks) // 2
    late = sorted(float(line.split()[0]) for line in effects.read_text().splitlines())
    return {
        "minutes": minutes,
        "runs": len(late),
        "cpu_s_of_scheduler_and_zygote": round(cpu, 1),
        "first_half": summed(looks[:half]),
        "second_half": summed(looks[half:]),
        "lateness_ms": {"p50": at(late, 0.5), "p99": at(late, 0.99), "max": at(late, 1)},
        "ledger": ledger.told(),
    }


def look(pid: int, database: Path) -> dict[str, float]:
    """Return what the scheduler and its zygote have, without the attempts of the moment."""
    lasting = [pid, *[each for each in children(pid) if name(each) == "stoma-zygote"]]
    wal = database.with_name(f"{database.name}-wal")
    return {
        "resident_mb": sum(resident(each) for each in lasting),
        "open_files": sum(open_files(each) for each in lasting),
        "threads": sum(len(list(Path(f"/proc/{each}/task").iterdir())) for each in lasting),
        "processes": 1 + len(children(pid)),
        "wal_mb": wal.stat().st_size / 1e6 if wal.exists() else 0.0,
    }


def name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def resident(pid: int) -> float:
    fields = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) / 1024


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def summed(looks: list[dict[str, float]]) -> dict[str, object]:
    """Return the middle and the most of each figure."""
    return {
        key: {
            "median": round(statistics.median(each[key] for each in looks), 1),
            "max": round(max(each[key] for each in looks), 1),
        }
        for key in (looks[0] if looks else ())
    }


def at(values: list[float], part: float) -> float:
    return round(values[min(len(values) - 1, int(len(values) * part))], 1)


class Ledger:
    """What is in the ledger, read before it is pruned."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(database)
        self._seen = 0
        self._ends: Counter[str] = Counter()
        self._slots: dict[str, set[int]] = defaultdict(set)
        self._twice = 0

    def read(self) -> None:
        """Read on, up to the first run that has not ended."""
        rows = self._connection.execute(
            "SELECT id, task_id, unixepoch(due_at), slots, state, coalesce(outcome, state)"
            " FROM runs WHERE id > ? ORDER BY id",
            (self._seen,),
        ).fetchall()
        for run_id, task_id, due, slots, state, end in rows:
            if state in ("pending", "queued", "running"):
                return
            self._seen = run_id
            self._ends[end] += slots
            due_at = set(range(due, due + slots))  # a slot a second
            self._twice += len(due_at & self._slots[task_id])
            self._slots[task_id] |= due_at

    def told(self) -> dict[str, int]:
        """Return how many slots ended how, and how many have no row, or two."""
        without = sum(max(each) + 1 - min(each) - len(each) for each in self._slots.values())
        rows = self._connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        return dict(self._ends) | {
            "slots_without_a_row": without,
            "slots_with_two": self._twice,
            "rows_left_after_pruning": rows,
        }


if __name__ == "__main__":
    main()
