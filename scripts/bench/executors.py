"""How soon an attempt is at work, and how many end per second: zygote beside subprocess, as JSON.

    python scripts/bench/executors.py [--attempts N] [--at-once N] [--rounds N]

From the root of a checkout. `ready` is the time from the call of `start` until the first line of
the attempt's own code; each attempt has a log, a work folder, limits and its usage recorded.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from stoma.clock import SystemClock
from stoma.collectors import COLLECTORS
from stoma.executors import EXECUTORS
from stoma.executors.base import AttemptSpec, Launch
from stoma.executors.supervision.executor import ProcessExecutor
from stoma.normalizers import NORMALIZERS

#: What every attempt of the scheduler has imported.
REAL = (
    "stoma.scheduler.attempt",
    *(target.partition(":")[0] for target in COLLECTORS.table.values()),
    *(target.partition(":")[0] for target in NORMALIZERS.table.values()),
    "arxiv",
    "stoma.github.client",
)


class Course:
    """Runs attempts on an executor and keeps the times."""

    def __init__(self, executor: ProcessExecutor, folder: Path) -> None:
        self._executor = executor
        self._folder = folder
        self._wake = threading.Event()
        self._started: dict[int, int] = {}
        self._next = 1

    def run(self, attempts: int, at_once: int) -> dict[str, Any]:
        """Run so many attempts, *at_once* at a time."""
        first, last = self._next, self._next + attempts
        running: set[int] = set()
        calls: list[float] = []
        begin = time.perf_counter()
        while self._next < last or running:
            while self._next < last and len(running) < at_once:
                running.add(self._next)
                calls.append(self._start(self._next))
                self._next += 1
            assert self._wake.wait(60)
            self._wake.clear()
            running -= {end.spec.run_id for end in self._executor.ended()}
        spent = time.perf_counter() - begin
        return {
            "runs_per_second": round(attempts / spent, 1),
            "ready_ms": spread([self._ready(run_id) for run_id in range(first, last)]),
            "start_call_ms": spread(calls),
        }

    def _start(self, run_id: int) -> float:
        spec = AttemptSpec(
            run_id=run_id, fence=1, timeout_seconds=60, log_path=self._folder / f"{run_id}.log"
        )
        self._started[run_id] = time.monotonic_ns()
        self._executor.start(spec, self._wake)
        return (time.monotonic_ns() - self._started[run_id]) / 1e6

    def _ready(self, run_id: int) -> float:
        said = (self._folder / f"{run_id}.log").read_text().split()[-1]
        return (int(said) - self._started[run_id]) / 1e6


def spread(values: list[float]) -> dict[str, float]:
    """Return the percentiles that matter."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 2),
        "p95": round(cuts[94], 2),
        "p99": round(cuts[98], 2),
        "max": round(max(values), 2),
    }


def measure(kind: str, entry: str, attempts: int, at_once: int) -> dict[str, Any]:
    """Measure one executor with one set of imports."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        launch = Launch(
            entry=f"scripts.bench.attempts:{entry}",
            environment={**os.environ, "HEAVY": " ".join(REAL)},
            instance="bench",
            work_dir=folder / "work",
            preload=REAL if entry == "heavy" else (),
        )
        begin = time.perf_counter()
        with EXECUTORS.get(kind)(launch, SystemClock()) as executor:
            opened = time.perf_counter() - begin
            course = Course(executor, folder)
            course.run(max(at_once, 3), at_once)
            return {
                "open_ms": round(opened * 1e3, 1),
                "one_at_a_time": course.run(attempts, 1),
                f"{at_once}_at_once": course.run(attempts, at_once),
            }


def better(before: Any, now: Any) -> Any:
    """Return the better of two rounds, measure by measure."""
    if before is None:
        return now
    if isinstance(now, float):
        return min(before, now)
    if "runs_per_second" in now:
        return max(before, now, key=lambda found: found["runs_per_second"])
    return {name: better(before[name], now[name]) for name in now}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[str, Any] = {
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "attempts": options.attempts,
        "rounds": options.rounds,
    }
    # In turns, so that a busy machine hurts all alike; the best round counts.
    for _ in range(options.rounds):
        for kind in ("zygote", "subprocess"):
            for entry in ("light", "heavy"):
                # A new interpreter is slow enough that fewer tell as much.
                attempts = options.attempts if kind == "zygote" else max(options.attempts // 10, 10)
                measured = measure(kind, entry, attempts, options.at_once)
                name = f"{kind} {entry}"
                found[name] = better(found.get(name), measured)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
