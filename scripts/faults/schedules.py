"""Random cron expressions against a brute-force scan of every minute around clock changes.

    python scripts/faults/schedules.py [--count N] [--seed S] [--windows W]

Prints its seed; exits 1 on the first disagreements, each with what repeats it.
"""

import argparse
import random
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

# The oracle lives with the tests, which are not installed.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.schedules.policies import count_between

oracle: Any = import_module("tests.unit.schedules.oracle")

ENOUGH = 10


def disagreements(fields: Any, window: Any, roll: random.Random) -> list[str]:
    """Compare one expression in one window: the fires, questions at odd moments, the count."""
    schedule = parse_schedule(fields.text, window.zone)
    expected = window.fires(fields)
    where = f"{fields.text!r} in {window.zone} around {window.begin:%Y-%m-%d %H:%M} UTC"
    found = []
    moment = window.begin
    while (due := schedule.next_after(moment)) is not None and due <= window.end:
        found.append(due)
        moment = due
    if found != expected:
        odd = sorted(set(found) ^ set(expected))
        return [f"{where}: {len(found)} fires, {len(expected)} expected; differ at {odd[:3]}"]
    problems = []
    for _ in range(5):
        asked = window.begin + roll.random() * (window.end - window.begin)
        wanted = oracle.next_in(expected, asked)
        due = schedule.next_after(asked)
        if wanted is not None and due != wanted:
            problems.append(f"{where}: after {asked} comes {due}, expected {wanted}")
    asked = window.begin + roll.random() * (window.end - window.begin)
    wanted = sum(asked < each for each in expected)
    if count_between(schedule, asked, window.end) != wanted:
        problems.append(f"{where}: counts {count_between(schedule, asked, window.end)}")
    return problems


def rare(fields: Any, schedule: BaseSchedule, roll: random.Random) -> list[str]:
    """Compare the next fire over years with a scan of every day."""
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=roll.randrange(10_000_000))
    wanted = oracle.next_by_days(fields, moment, 9)
    due = schedule.next_after(moment)
    if wanted is not None and due != wanted:
        return [f"{fields.text!r} in UTC: after {moment} comes {due}, expected {wanted}"]
    return []


def main() -> int:
    """Return 1 if anything disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20251102)
    parser.add_argument("--windows", type=int, default=400, help="nights to draw from")
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.count} expressions", flush=True)
    begin = perf_counter()
    roll = random.Random(options.seed)
    zones = sorted(zoneinfo.available_timezones())
    windows = list(oracle.random_windows(roll, zones, min(options.windows, options.count)))
    problems: list[str] = []
    fired = never = 0
    for _ in range(options.count):
        fields = oracle.random_fields(roll)
        window = roll.choice(windows)
        fired += bool(window.fires(fields))
        try:
            schedule = parse_schedule(fields.text)
        except ScheduleError as error:
            never += 1
            if oracle.next_by_days(fields, datetime(2024, 1, 1, tzinfo=UTC), 9) is not None:
                problems.append(f"{fields.text!r} is refused: {error}")
            continue
        problems += disagreements(fields, window, roll) + rare(fields, schedule, roll)
        if len(problems) >= ENOUGH:
            break
    for problem in problems:
        print(problem)
    spent = perf_counter() - begin
    print(
        f"{options.count} expressions, {fired} of them fire in their window, {never} never fire,"
        f" {len({window.zone for window in windows})} zones, {len(problems)} disagreements,"
        f" {spent:.0f} s"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
