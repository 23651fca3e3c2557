"""Kill the scheduler at one system call after another, and judge the ledger that is left.

Each start is traced, and at one call of it (write, fsync, openat, ...; in the scheduler, its zygote
or an attempt) the process that makes it is held for a moment and gets SIGKILL, every fifth time
SIGTERM. The next start on the same registry recovers and is hit elsewhere. After each piece of the
sweep its ledger is judged:

* damaged: SQLite finds its file broken;
* lost: a slot that fell due and has no row;
* doubled: a slot with two rows, or with two attempts that succeeded;
* phantom: a run that succeeded, without all of its items in the registry;
* stuck: a run that is still held when nothing runs any more.

Needs strace. Prints one JSON object; exits 1 unless all of these are 0, and if half of the starts
after a hit needed more than five seconds of CPU time until they were at work: on a machine that
has nothing else to do that is how long it takes, and it is the same on one that has. A finding is
replayed with the seed of its piece: `--points 25 --seed N` (the calls to hit are the same; what
the clock says is not).
"""

import argparse
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from parts.needed import missing  # noqa: E402
from parts.traced_start import (  # noqa: E402
    ATTEMPT,
    CALLS,
    SCHEDULER,
    ZYGOTE,
    AtWork,
    Tracing,
    start,
)
from parts.verdict import WRONG, judge  # noqa: E402

from stoma.app import open_app  # noqa: E402
from stoma.scheduler.placing import place  # noqa: E402
from stoma.settings import Loaded, load_settings  # noqa: E402
from tests.feeds import serve_pages  # noqa: E402
from tests.makers import make_task  # noqa: E402
from tests.replay import ReplayServer  # noqa: E402

#: SQLite's own calls are worth more points than the interpreter's.
OFTEN = ("pwrite64", "fdatasync", "fcntl", "write")
IMPORTING = ("openat", "close")
#: Every so many starts the signal is SIGTERM.
GENTLE = 5
PAGES, SIZE = 2, 5
PIECE = 25
#: Until a start after a hit is at work, for half of them.
RECOVERY_SECONDS = 5.0
TASKS = {"quick": "interval_1s", "slower": "interval_2s", "chained": "run_then_wait_1s"}
#: What is hit, and how often.
VICTIMS = {SCHEDULER: 6, ZYGOTE: 1, ATTEMPT: 3}
#: How often a process of each kind makes each call.
Ranges = dict[str, dict[str, int]]


@dataclass
class Tally:
    """What became of some points."""

    starts: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    recovery: list[AtWork] = field(default_factory=list)
    judged: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.starts += other.starts
        self.hits += other.hits
        self.recovery += other.recovery
        self.judged.update(other.judged)
        self.findings += other.findings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--minutes", type=float, default=28, help="begin nothing new after that")
    options = parser.parse_args()
    if why_not := missing("strace"):
        print(json.dumps({"skipped": why_not}))
        return
    began, total = time.monotonic(), Tally()
    ranges = calibrate()
    pieces = [
        (options.seed + number, min(PIECE, options.points - first), ranges)
        for number, first in enumerate(range(0, options.points, PIECE))
    ]

    def next_piece(piece: tuple[int, int, Ranges]) -> Tally:
        late = time.monotonic() - began > options.minutes * 60
        return Tally() if late else sweep(*piece)

    with ThreadPoolExecutor(options.workers) as pool:
        for found in pool.map(next_piece, pieces):
            total.add(found)
            minutes = (time.monotonic() - began) / 60
            done = f"{total.hits.total()} of {options.points} points in {minutes:.1f} minutes"
            print(done, file=sys.stderr, flush=True)
    recovery = [each.seconds for each in total.recovery]
    middle = percentile([each.cpu_seconds for each in total.recovery], 50)
    report = {
        "points": total.hits.total(),
        "wanted": options.points,
        "starts": total.starts,
        "hits": dict(sorted(total.hits.items())),
        **total.judged,
        "recovery_cpu_seconds_p50": middle,
        "recovery_seconds_p50": percentile(recovery, 50),
        "recovery_seconds_p99": percentile(recovery, 99),
        "recovery_seconds_max": percentile(recovery, 100),
        "seed": options.seed,
        "findings": total.findings,
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(json.dumps(report, indent=2))
    sys.exit(1 if total.findings or middle > RECOVERY_SECONDS else 0)


def percentile(values: list[float], share: int) -> float:
    """Return what *share* of 100 values do not exceed; 0 if there are none."""
    if not values:
        return 0.0
    return round(sorted(values)[min(len(values) * share // 100, len(values) - 1)], 2)


def calibrate() -> Ranges:
    """Return how often a process of each kind makes each call, if it is not hit."""
    found: Ranges = {}
    for whole in (True, False):
        with scripted() as (loaded, trace):
            register(loaded)
            start(loaded, trace, Tracing(whole))  # the first start makes the registry
            time.sleep(1.0)  # for slots to fall due
            start(loaded, trace, Tracing(whole))
            lines = trace.read_text(errors="replace").splitlines()
        calls = [
            (line.split()[0], match[1])
            for line in lines
            if (match := re.match(r"\d+ +(\w+)\(", line))
        ]
        made, first = Counter(calls), calls[0][0]
        here = {name: made[first, name] or 1 for name in CALLS}
        if whole:
            found[SCHEDULER] = here
            continue
        below = [(name, n) for (pid, name), n in made.items() if pid != first]
        found[ZYGOTE] = here
        found[ATTEMPT] = {
            name: max([n for each, n in below if each == name] or [1]) for name in CALLS
        }
    return found


def sweep(seed: int, points: int, ranges: Ranges) -> Tally:
    """Hit *points* starts, each at another call, on one registry; return what is left of it."""
    dice, tally = random.Random(seed), Tally()
    with scripted() as (loaded, trace):
        began = register(loaded)
        hit = False
        while tally.hits.total() < points and tally.starts < 4 * points:
            victim = dice.choices(list(VICTIMS), weights=list(VICTIMS.values()))[0]
            call = dice.choice([*CALLS, *OFTEN])
            # The zygote does not hear of a SIGTERM.
            gentle = dice.randrange(GENTLE) == 0 and victim != ZYGOTE
            kind = signal.SIGTERM if gentle else signal.SIGKILL
            most = ranges[victim][call]
            # Before that, an interpreter opens and closes what it imports.
            least = most // 2 if call in IMPORTING and victim != ATTEMPT else 1
            at = dice.randint(least, max(least, most * 9 // 10))
            tracing = Tracing(victim == SCHEDULER, call, at)
            after_hit, found = hit, start(loaded, trace, tracing, victim, kind)
            tally.starts += 1
            hit = found.hit
            tally.hits.update([f"{kind.name} {victim}"] if hit else [])
            if found.at_work and after_hit and not tracing.whole:  # the scheduler is not slowed
                tally.recovery.append(found.at_work)
        last = start(loaded, trace)
        tally.judged = Counter(judge(loaded, began, items=PAGES * SIZE))
    wrong = [f"{name} {tally.judged[name]}" for name in WRONG if tally.judged[name]]
    if last.at_work is None:
        wrong.append("the last start, which was left alone, did not come to work")
    if tally.hits.total() < points:
        wrong.append(f"of {tally.starts} starts only {tally.hits.total()} were hit")
    tally.findings += [f"--seed {seed} --points {points}: {each}" for each in wrong]
    return tally


@contextmanager
def scripted() -> Iterator[tuple[Loaded, Path]]:
    """Give the settings of a registry that is not there yet, and a place for a trace."""
    with tempfile.TemporaryDirectory() as folder, ReplayServer() as server:
        serve_pages(server, pages=PAGES, size=SIZE)
        yield settings(Path(folder) / "home", server.url), Path(folder) / "trace"


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


if __name__ == "__main__":
    main()
