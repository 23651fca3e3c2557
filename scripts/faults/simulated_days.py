"""Let random programs of people, power and clocks loose on schedulers in virtual machines.

    python scripts/faults/simulated_days.py [--days N] [--seed S] [--worlds W] [--jobs J]

Each world is one registry with the real loop on a virtual clock: tasks are added, edited, disabled,
removed, paused, backfilled, cancelled and retried; attempts are slow, fail, die and can not be
started; the machine crashes in the middle of a commit, sleeps, and has its clock set. Judged
throughout and at the end, by an account kept apart from the program under test: every slot of every
schedule in force has exactly one row, nothing is done twice, no limit is broken, nothing is stuck.

Prints one JSON object; exits 1 if anything is wrong. A finding names its world; `--seed` with
`--worlds 1` repeats it.
"""

import argparse
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, islice
from pathlib import Path
from random import Random
from time import perf_counter
from traceback import format_exc

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.programs import program, settle  # noqa: E402
from tests.world import World  # noqa: E402

#: Steps of a world's program, besides those that begin it.
STEPS = 25
#: More findings than that say nothing new.
ENOUGH = 5


@dataclass(frozen=True)
class Lived:
    """What became of one world."""

    seed: int
    days: float
    slots: int
    starts: int
    steps: Counter[str] = field(default_factory=Counter)
    problems: tuple[str, ...] = ()


def live(seed: int) -> Lived:
    """Let one world live; the same seed is the same world."""
    logging.disable(logging.CRITICAL)
    roll, world = Random(seed), World(seed)
    steps: Counter[str] = Counter()
    try:
        for step in program(roll, STEPS):
            steps[step.__name__] += 1
            step(world, roll)
        settle(world)
        problems = world.check()
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding
        problems = [*world.problems, format_exc()]
    return Lived(
        seed=seed,
        days=world.clock.monotonic() / timedelta(days=1).total_seconds(),
        slots=sum(run.slots for task_id in world.accounts for run in world.rows(task_id)),
        starts=len(world.starts),
        steps=steps,
        problems=tuple(problems),
    )


def lives(seed: int, worlds: int | None, days: float, jobs: int) -> Iterator[Lived]:
    """Yield world after world until so many days have passed, or enough is wrong."""
    coming = iter(count(seed) if worlds is None else range(seed, seed + worlds))
    passed = wrong = 0.0
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(live, each) for each in islice(coming, 2 * jobs)]
        while waiting:
            found = waiting.pop(0).result()
            passed, wrong = passed + found.days, wrong + bool(found.problems)
            yield found
            if wrong < ENOUGH and (worlds is not None or passed < days):
                waiting += [pool.submit(live, each) for each in islice(coming, 1)]


def main() -> int:
    """Return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=float, default=10_000, help="in all worlds together")
    parser.add_argument("--seed", type=int, default=20260306, help="of the first world")
    parser.add_argument("--worlds", type=int, help="so many, instead of so many days")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    begin = perf_counter()
    found = list(lives(options.seed, options.worlds, options.days, options.jobs))
    wrong = [each for each in found if each.problems]
    summary = {
        "seed": options.seed,
        "worlds": len(found),
        "days": round(sum(each.days for each in found)),
        "slots": sum(each.slots for each in found),
        "attempts": sum(each.starts for each in found),
        "steps": dict(sum((each.steps for each in found), Counter[str]()).most_common()),
        "findings": [
            {"seed": each.seed, "problems": each.problems[:ENOUGH]} for each in wrong[:ENOUGH]
        ],
        "replay": [f"{Path(__file__).name} --seed {each.seed} --worlds 1" for each in wrong],
        "seconds": round(perf_counter() - begin),
    }
    print(json.dumps(summary, indent=2))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
