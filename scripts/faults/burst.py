"""Ten thousand tasks fall due in one second: how the scheduler gets through them.

    python scripts/faults/burst.py [--tasks N] [--at-once N]

The scheduler is the real one, on a registry in a temporary folder; its attempts take two seconds
each on a clock that jumps. Prints one JSON object; exits 1 if a slot is lost or doubled, if more
run at once than may, or if a task that is less urgent runs before one that is more so.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from stoma.app import App, open_app
from stoma.clock import VirtualClock
from stoma.domain.run import Outcome
from stoma.domain.task import TaskPriority
from stoma.executors.base import AttemptSpec
from stoma.executors.simulated import Act, SimulatedExecutor
from stoma.processes import this_process
from stoma.scheduler.loop import Loop
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from tests.makers import make_task

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DUE = START + timedelta(minutes=1)
SECONDS = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        overrides = {"scheduler.max_concurrent_tasks": options.at_once}
        loaded = load_settings(home=Path(folder), environ={}, overrides=overrides)
        clock = VirtualClock(START)
        with open_app(loaded, clock=clock) as app:
            began = time.monotonic()
            register(app, options.tasks, random.Random(options.seed))
            registered = time.monotonic() - began
            most = live(app, clock, options.tasks)
            found = judge(app, options.tasks)
    report = found | {
        "most_at_once": most,
        "seconds_to_register": round(registered, 1),
        "seconds_to_run": round(time.monotonic() - began - registered, 1),
        "seed": options.seed,
    }
    print(json.dumps(report, indent=2))
    wrong = found["lost"] or found["doubled"] or found["out_of_order"]
    sys.exit(1 if wrong or most > options.at_once else 0)


def register(app: App, count: int, dice: random.Random) -> None:
    placed = [
        place(
            make_task(
                f"task_{number:05}",
                schedule="daily_at_12:01",
                priority=dice.choice([*TaskPriority]),
            ),
            now=START,
            timezone="UTC",
        )
        for number in range(count)
    ]
    app.tasks.put(placed, now=START)


def live(app: App, clock: VirtualClock, count: int) -> int:
    """Let the scheduler run them all; return how many ran at once at most."""

    def act(spec: AttemptSpec) -> Act:
        def end() -> None:
            app.runs.finish(app.runs.get(spec.run_id), Outcome.SUCCEEDED, now=app.clock.now())

        return Act(seconds=SECONDS, end=end)

    executor, most = SimulatedExecutor(clock, act), [0]

    def look() -> None:
        most[0] = max(most[0], len(executor.at_work))

    clock.alarms += [executor.next_end, look]
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0", now=START)
    at_once = app.settings.scheduler.max_concurrent_tasks
    turns = -(-count // at_once) + 2
    Loop(app, executor, instance).run(until=DUE + timedelta(seconds=turns * SECONDS + 5))
    return most[0]


def judge(app: App, count: int) -> dict[str, object]:
    runs = app.runs.after(0)
    slots = [(run.task_id, run.due_at) for run in runs]
    done = [run for run in runs if run.outcome is Outcome.SUCCEEDED and run.attempts == 1]
    by_start = sorted(done, key=lambda run: (run.started_at or START, run.priority))
    pairs = pairwise(by_start)
    late = sorted((run.started_at - DUE).total_seconds() for run in done if run.started_at)
    return {
        "slots": len(runs),
        "lost": count - len(done),
        "doubled": len(slots) - len(set(slots)),
        "out_of_order": sum(first.priority > second.priority for first, second in pairs),
        "late_seconds_p50": round(late[len(late) // 2], 1) if late else None,
        "late_seconds_max": round(late[-1], 1) if late else None,
    }


if __name__ == "__main__":
    main()
