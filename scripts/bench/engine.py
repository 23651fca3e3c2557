"""The engine beside APScheduler 3.11 in the same run: lateness, runs a second, start, idling.

    python scripts/bench/engine.py [--others 10000] [--only burst,rate,second,start,idle]

Every measurement is a process of its own on a registry (a job store) of its own, one after the
other. Both keep their tasks in SQLite. stoma: every run is a process that can be killed, with all
it started, and its history is on the disk when it has ended. APScheduler: its process pool (and its
threads, which can not be killed), no history. Lateness is from the due moment to the first line
of the work itself. Prints one JSON object. APScheduler is optional: `stoma[bench]`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

#: So many runs of each at once: APScheduler's own default.
WORKERS = 10
#: Of one task a second, so many slots belong to the start.
STARTING = 5
SIDES = {"stoma": "engine_stoma.py", "apscheduler": "engine_apscheduler.py"}
ASKED = {
    "burst": ("60 slots in one second, beside 10,000 other tasks", ["--slots", "60"]),
    "rate": ("1,000 no-op runs that are due at once", ["--slots", "1000"]),
    "second": ("one task a second for 30 seconds", ["--slots", "30"]),
    "start": ("until 10,000 and 100,000 tasks are registered, and the first fire of a start", []),
    "idle": ("a minute with nothing due, beside 10,000 tasks", []),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--others", type=int, default=10_000, help="tasks that are not due")
    parser.add_argument("--only", default=",".join(ASKED), help="a list of measurements")
    options = parser.parse_args()
    report: dict[str, object] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "workers": WORKERS,
    }
    for name in options.only.split(","):
        what, arguments = ASKED[name]
        found = {
            label: measure(side, name, options.others, [*arguments, *more])
            for label, side, more in sides(name)
        }
        report[name] = {"what": what} | found
    print(json.dumps(report, indent=2))


def sides(name: str) -> list[tuple[str, str, list[str]]]:
    """Return who takes part: a label, whose script, and its arguments."""
    found = [("stoma", "stoma", [])]
    if find_spec("apscheduler"):
        found.append(("apscheduler_processes", "apscheduler", ["--pool", "processes"]))
        if name in {"burst", "second"}:
            found.append(("apscheduler_threads", "apscheduler", ["--pool", "threads"]))
    return found


def measure(side: str, name: str, others: int, arguments: list[str]) -> object:
    """Return what one side says of one measurement."""
    sizes = [10_000, 100_000] if name == "start" else [others]
    found = {}
    for size in sizes:
        if side == "apscheduler" and size > 10_000:
            continue  # it takes minutes
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, str(HERE / SIDES[side]), name, folder]
            command += ["--others", str(size), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"failed": done.stderr[-2000:]}
        found[f"{size} tasks"] = json.loads(done.stdout.splitlines()[-1])
    return found if name == "start" else next(iter(found.values()))


def lateness(path: Path, slots: int, *, first: int = 0) -> dict[str, object]:
    """Return how late the work began, of what has said so from the *first* on, in milliseconds."""
    lines = path.read_text().splitlines()[first : first + slots] if path.exists() else []
    late = sorted(float(line.split()[0]) for line in lines)
    if len(late) != slots:
        return {"expected": slots, "came": len(late)}
    return {
        "p50_ms": round(late[len(late) // 2], 1),
        "p99_ms": round(late[min(len(late) - 1, int(len(late) * 0.99))], 1),
        "max_ms": round(late[-1], 1),
    }


def wait_for(path: Path, lines: int, *, seconds: float) -> None:
    """Wait until a file has so many lines."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            return
        time.sleep(0.02)


def soon(seconds: float) -> datetime:
    """Return a whole second that is at least *seconds* away."""
    return (datetime.now(UTC) + timedelta(seconds=seconds + 1)).replace(microsecond=0)


def usage(pid: int) -> tuple[float, float]:
    """Return the CPU seconds and the resident megabytes of a process and its children."""
    ticks, pages = 0, 0
    for each in [pid, *children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    page_megabytes = os.sysconf("SC_PAGE_SIZE") / 1e6
    return ticks / os.sysconf("SC_CLK_TCK"), round(pages * page_megabytes, 1)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))]
    return found


if __name__ == "__main__":
    main()
