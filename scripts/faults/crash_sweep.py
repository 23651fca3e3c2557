"""Kill the scheduler at one system call after another, and judge the ledger that is left.

Each start is traced, and one call of it (write, fsync, openat, ...; in the scheduler, its zygote
or an attempt) is answered with SIGKILL, every fifth time with SIGTERM. The next start on the same
registry recovers and is hit elsewhere. After each piece of the sweep its ledger is judged:

* lost: a slot that fell due and has no row;
* doubled: a slot with two rows, or with two attempts that succeeded;
* phantom: a run that succeeded, without all of its items in the registry;
* stuck: a run that is still held when nothing runs any more.

Needs strace. Prints one JSON object; exits 1 unless all four are 0, and if half of the starts
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
import shlex
import shutil
import sqlite3
import subprocess
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

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from stoma.app import open_app  # noqa: E402
from stoma.executors.supervision.memory import descendants  # noqa: E402
from stoma.scheduler.placing import place, schedule_of  # noqa: E402
from stoma.schedules.policies import count_between  # noqa: E402
from stoma.settings import Loaded, child_environment, load_settings  # noqa: E402
from stoma.storage.schema import parse_utc  # noqa: E402
from tests.feeds import serve_pages  # noqa: E402
from tests.makers import make_task  # noqa: E402
from tests.replay import ReplayServer  # noqa: E402

#: Calls that change something, or on which something hangs.
CALLS = (
    "write",
    "pwrite64",
    "fdatasync",
    "ftruncate",
    "openat",
    "close",
    "fcntl",
    "sendmsg",
    "recvmsg",
    "wait4",
)
#: SQLite's own calls are worth more points than the interpreter's.
OFTEN = ("pwrite64", "fdatasync", "fcntl", "write")
#: Every so many starts the signal is SIGTERM.
GENTLE = 5
PAGES, SIZE = 2, 5
PIECE = 25
#: Until a start after a hit is at work, for half of them.
RECOVERY_SECONDS = 5.0
TASKS = {"quick": "interval_1s", "slower": "interval_2s", "chained": "run_then_wait_1s"}
KILL, TERM = "KILL", "TERM"
#: What is traced: everything, or only the zygote and the attempts it forks.
SCHEDULER, ATTEMPTS = TRACED = ("scheduler", "attempts")


@dataclass
class Tally:
    """What became of some points."""

    starts: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    recovery: list["AtWork"] = field(default_factory=list)
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
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--minutes", type=float, default=20, help="begin nothing new after that")
    options = parser.parse_args()
    if shutil.which("strace") is None:
        print(json.dumps({"skipped": "strace is not installed: apt-get install strace"}))
        return
    began, total = time.monotonic(), Tally()
    ranges = calibrate()
    pieces = [
        (options.seed + number, min(PIECE, options.points - first), ranges)
        for number, first in enumerate(range(0, options.points, PIECE))
    ]

    def next_piece(piece: tuple[int, int, dict[str, dict[str, int]]]) -> Tally:
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


def calibrate() -> dict[str, dict[str, int]]:
    """Return, for what is traced, how often its busiest process makes each call, if not hit."""
    found = {}
    for traced in TRACED:
        with scripted() as (loaded, trace):
            register(loaded)
            start(loaded, trace, Injection(traced))  # the first start makes the registry
            time.sleep(1.0)  # for slots to fall due
            start(loaded, trace, Injection(traced))
            lines = trace.read_text(errors="replace").splitlines()
        made = Counter(
            (line.split()[0], match[1])
            for line in lines
            if (match := re.match(r"\d+ +(\w+)\(", line))
        )
        found[traced] = {
            name: max([n for (_, each), n in made.items() if each == name] or [1]) for name in CALLS
        }
    return found


def sweep(seed: int, points: int, ranges: dict[str, dict[str, int]]) -> Tally:
    """Hit *points* starts, each at another call, on one registry; return what is left of it."""
    dice, tally = random.Random(seed), Tally()
    with scripted() as (loaded, trace):
        began = register(loaded)
        hit = False
        while tally.hits.total() < points and tally.starts < 4 * points:
            traced = dice.choice(TRACED)
            call = dice.choice([*CALLS, *OFTEN])
            signal = TERM if dice.randrange(GENTLE) == 0 else KILL
            at = dice.randint(1, ranges[traced][call])
            after_hit, found = hit, start(loaded, trace, Injection(traced, call, signal, at))
            tally.starts += 1
            hit = found.hit
            tally.hits.update([f"{signal} {traced}"] if hit else [])
            if found.at_work and after_hit and traced == ATTEMPTS:  # the scheduler is not slowed
                tally.recovery.append(found.at_work)
        last = start(loaded, trace, None)
        tally.judged = Counter(judge(loaded, began))
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


@dataclass(frozen=True)
class Injection:
    """Which processes of a start are traced, and at which of their calls one gets a signal."""

    traced: str
    call: str = ""
    signal: str = ""
    at: int = 0

    def command(self, trace: Path) -> list[str]:
        """Return what stands before the command that is traced."""
        # -D: the traced process stays the child of whoever started it.
        strace = ["strace", "-D", "-f", "-qq", "-o", str(trace)]
        strace += ["-e", f"trace={self.call or ','.join(CALLS)}"]
        if self.call:
            strace += ["-e", f"inject={self.call}:signal={self.signal}:when={self.at}"]
        return strace


@dataclass(frozen=True)
class AtWork:
    """What it took a start until it was at work."""

    seconds: float
    cpu_seconds: float  #: of all its processes


@dataclass(frozen=True)
class Start:
    """One start of the scheduler."""

    hit: bool
    at_work: AtWork | None  #: None: it never was


def start(loaded: Loaded, trace: Path, injection: Injection | None) -> Start:
    """Let the scheduler do what is due, traced if there is something to be done to it."""
    trace.write_text("")
    command = [sys.executable, "-m", "stoma", "scheduler", "start", "--once"]
    if injection is not None and injection.traced == SCHEDULER:
        command = [*injection.command(trace), *command]
    elif injection is not None:
        # What the scheduler starts its zygote with, and all attempts are forked from.
        python = trace.with_name("python")
        traced = shlex.join([*injection.command(trace), sys.executable])
        python.write_text(f'#!/bin/sh\nexec {traced} "$@"\n')
        python.chmod(0o755)
        command = [sys.executable, "-c", UNDER, str(python), *command[3:]]
    began, at_work = time.monotonic(), None
    process = subprocess.Popen(
        command,
        env={**os.environ, **child_environment(loaded)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    with process, ended(process):
        # Until all that holds the other end has gone: strace is among them.
        for line in process.stderr or ():
            if "scheduler started" in line and at_work is None:
                used = sum(map(cpu_seconds, [process.pid, *descendants(process.pid)]))
                at_work = AtWork(time.monotonic() - began, used)
        process.wait(60)
    return Start(was_hit(trace), at_work)


def cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


#: Runs the command line as an interpreter of another name would.
UNDER = """
import sys
sys.executable = sys.argv[1]
sys.argv[:2] = ["stoma"]
from stoma.cli.main import run
run()
"""


def was_hit(trace: Path) -> bool:
    """Return whether a traced process got the signal, by what strace wrote."""
    said = trace.read_text(errors="replace")
    return re.search(r"--- SIGTERM .*SI_KERNEL|\+\+\+ killed by SIGKILL", said) is not None


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


#: What there must be none of.
WRONG = ("lost", "doubled", "phantom", "stuck")


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
