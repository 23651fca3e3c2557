"""One hour at ten runs a second: does anything grow?

    python scripts/bench/soak.py [--minutes 60] [--tasks 10]

So many tasks that are due every second, each run in a process of its own, and once a minute a look
at the scheduler and all it has started: memory, open files, processes, the write-ahead log. The
history that is older than ten minutes is pruned meanwhile, as it would be over years. Prints one
JSON object: the first and the second half of the looks, and whether every slot is in the ledger.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from engine import WORKERS, children, usage  # noqa: E402
from engine_stoma import register, start, stop, task  # noqa: E402

from stoma.settings import load_settings  # noqa: E402

#: What was there before it is warm counts for nothing.
WARM_SECONDS = 120
LOOK_SECONDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--tasks", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(soak(Path(folder), options.minutes, options.tasks), indent=2))


def soak(folder: Path, minutes: float, tasks: int) -> dict[str, object]:
    shutil.copy(HERE / "noop.py", folder)
    overrides = {"scheduler.max_concurrent_tasks": WORKERS, "logging.level": "WARNING"}
    loaded = load_settings(home=folder, environ={}, overrides=overrides)
    effects = folder / "effects"
    register(loaded, [task(f"each{n}", "interval_1s") for n in range(tasks)])
    process = start(loaded)
    looks = []
    end = time.monotonic() + minutes * 60
    time.sleep(min(WARM_SECONDS, minutes * 10))
    while time.monotonic() < end:
        looks.append(look(process.pid, loaded.paths.database))
        time.sleep(min(LOOK_SECONDS, max(0.0, end - time.monotonic())))
    cpu, _ = usage(process.pid)
    stop(process)
    half = len(looks) // 2
    late = sorted(float(line.split()[0]) for line in effects.read_text().splitlines())
    return {
        "minutes": minutes,
        "runs": len(late),
        "cpu_s_of_scheduler_and_zygote": round(cpu, 1),
        "first_half": summed(looks[:half]),
        "second_half": summed(looks[half:]),
        "lateness_ms": {"p50": at(late, 0.5), "p99": at(late, 0.99), "max": at(late, 1)},
        "ledger": ledger(loaded.paths.database),
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


def ledger(database: Path) -> dict[str, int]:
    """Return how many slots ended how, and how many are missing between the first and the last."""
    connection = sqlite3.connect(database)
    ends = connection.execute(
        "SELECT coalesce(outcome, state), sum(slots) FROM runs GROUP BY 1 ORDER BY 2 DESC"
    ).fetchall()
    gaps = connection.execute(
        "SELECT sum(due - slots) FROM (SELECT sum(slots) AS slots,"
        " 1 + round((julianday(max(coalesce(due_to, due_at))) - julianday(min(due_at))) * 86400)"
        " AS due FROM runs GROUP BY task_id)"
    ).fetchone()[0]
    return {str(end): int(count) for end, count in ends} | {"slots_without_a_row": int(gaps)}


if __name__ == "__main__":
    main()
