"""How fast the next fire is found: stoma beside croniter, cronsim and APScheduler, as JSON.

    python scripts/bench/next_fire.py [--fires N] [--garbage N] [--seed S]

cronsim and APScheduler are optional: what is not installed is left out.
"""

import argparse
import json
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule

ZONE = "America/New_York"
START = datetime(2025, 1, 1, 0, 0, tzinfo=UTC)
EXPRESSIONS = (
    "* * * * *",
    "*/5 * * * *",
    "*/15 * * * *",
    "0 * * * *",
    "30 * * * *",
    "0,30 * * * *",
    "5-55/10 * * * *",
    "0 */2 * * *",
    "15 */6 * * *",
    "*/10 9-17 * * *",
    "*/10 9-17 * * 1-5",
    "0 9-17 * * 1-5",
    "0 0 * * *",
    "30 1 * * *",
    "30 2 * * *",
    "0 9 * * *",
    "0 9 * * 1-5",
    "45 23 * * 6",
    "0 6,12,18 * * *",
    "0 0 * * 0",
    "0 3 * * 0",
    "15 10 * * 1,3,5",
    "0 0 1 * *",
    "0 0 15 * *",
    "30 4 1,15 * *",
    "0 12 1-7 * *",
    "0 0 1 1,4,7,10 *",
    "0 8 1 1 *",
    "59 23 31 12 *",
    "0 0 29 2 *",
)
WORST = ("0 0 29 2 *", "0 0 29 2 */7", "* * 29 2 *", "59 23 31 12 *", "0 0 * 2 1#5")
IMPOSSIBLE = ("0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 2 */3")


def stoma_fires(expression: str) -> Iterator[datetime]:
    """Yield fires, each found from the one before."""
    schedule = parse_schedule(expression, ZONE)
    moment: datetime | None = START
    while moment is not None:
        moment = schedule.next_after(moment)
        if moment is not None:
            yield moment


def croniter_fires(expression: str) -> Iterator[datetime]:
    """Yield fires of one croniter object."""
    croniter = import_module("croniter").croniter
    source = croniter(expression, START.astimezone(ZoneInfo(ZONE)))
    while True:
        yield source.get_next(datetime)


def cronsim_fires(expression: str) -> Iterator[datetime]:
    """Yield fires of one CronSim object."""
    yield from import_module("cronsim").CronSim(expression, START.astimezone(ZoneInfo(ZONE)))


def apscheduler_fires(expression: str) -> Iterator[datetime]:
    """Yield fires of one CronTrigger."""
    trigger: Any = import_module("apscheduler.triggers.cron").CronTrigger.from_crontab(
        expression, ZoneInfo(ZONE)
    )
    moment: Any = START.astimezone(ZoneInfo(ZONE))
    while moment is not None:
        moment = trigger.get_next_fire_time(moment, moment + timedelta(microseconds=1))
        if moment is not None:
            yield moment


ENGINES: dict[str, Callable[[str], Iterator[datetime]]] = {
    "stoma": stoma_fires,
    "croniter": croniter_fires,
    "cronsim": cronsim_fires,
    "apscheduler": apscheduler_fires,
}


def microseconds_per_fire(engine: Callable[[str], Iterator[datetime]], fires: int) -> float:
    """Return the mean over all expressions, each for the same number of fires, warm."""
    spent = 0.0
    for expression in EXPRESSIONS:
        source = engine(expression)
        next(source)
        begin = perf_counter()
        for _ in range(fires):
            next(source)
        spent += perf_counter() - begin
    return spent / (fires * len(EXPRESSIONS)) * 1e6


def speeds(fires: int, rounds: int = 3) -> dict[str, dict[str, float]]:
    """Time the engines in turns, so that a busy machine hurts them alike; keep the best round."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, engine in ENGINES.items():
            try:
                found.setdefault(name, []).append(microseconds_per_fire(engine, fires))
            except ImportError:
                found.pop(name, None)
    return {
        name: {
            "microseconds": round(min(times), 2),
            "per_second": round(1e6 / min(times)),
        }
        for name, times in found.items()
    }


def worst_cases() -> dict[str, float]:
    """Return milliseconds of single calls that could be slow, cold caches included."""
    found: dict[str, float] = {}
    for expression in WORST:
        schedule = parse_schedule(expression, "Europe/Paris")
        begin = perf_counter()
        schedule.next_after(datetime(2096, 3, 1, tzinfo=UTC))
        found[f"next {expression}"] = (perf_counter() - begin) * 1e3
    for expression in IMPOSSIBLE:
        found[f"refuse {expression}"] = refusal(expression)
    found["refuse a list of 57 kB"] = refusal(",".join(["0-59"] * 11_400) + " * * * *")
    return {name: round(ms, 3) for name, ms in found.items()}


def refusal(spec: object) -> float:
    """Return the milliseconds until *spec* is refused or read."""
    begin = perf_counter()
    with suppress(ScheduleError):
        parse_schedule(spec, key="bench")
    return (perf_counter() - begin) * 1e3


PIECES = (
    *("daily", "weekly", "hourly", "monthly", "manual", "interval", "once", "time_of_day", "cron:"),
    *("run_then_wait", "_at_", "_on_", "mon", "SUNDAY", "30m", "2h", "25:00", "09:00", "@daily"),
    *("*", "*/5", "0", "61", "1-5", "5-1", "1,2", "L", "5L", "l5", "#2", "5#2", "W", "15W", "R"),
    *("H", "H/15", "H(0-9)", "?", "jan", "JAN-", "-", "/", ",", " ", "  ", "\t", "\n", "\0"),
    *("{", "}", '"', "[", "]", ":", "\\", "é", "٣", "\u3000", "\ud800", "99999999999999999999"),
    *("2026-12-01T09:00", "+25:00", "Z", "0" * 300, "*," * 120, "[" * 3000, "9" * 5000),
)


def garbage(count: int, seed: int) -> Iterator[str]:
    """Yield strings that are almost schedules, and some that are nothing at all."""
    roll = random.Random(seed)
    for i in range(count):
        if i % 10_000 == 0:
            yield "x" * 1_000_000
        elif i % 4 == 0:
            yield "".join(chr(roll.randrange(0x250)) for _ in range(roll.randrange(40)))
        else:
            glue = roll.choice(("", " ", " ", "_", ","))
            yield glue.join(roll.choice(PIECES) for _ in range(roll.randrange(1, 9)))


def garbage_times(count: int, seed: int) -> dict[str, float]:
    """Return the slowest and the median reading of so many strings, in milliseconds."""
    times = [refusal(text) for text in garbage(count, seed)]
    return {
        "strings": count,
        "slowest_ms": round(max(times), 2),
        "median_ms": round(statistics.median(times), 4),
    }


def main() -> int:
    """Run everything and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fires", type=int, default=500, help="per expression and engine")
    parser.add_argument("--garbage", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # Before anything is warm: the price of a zone that was never asked about.
    worst = worst_cases()
    found = speeds(options.fires)
    others = {name: each["microseconds"] for name, each in found.items() if name != "stoma"}
    fastest = min(others, key=lambda name: others[name])
    result = {
        "python": sys.version.split()[0],
        "zone": ZONE,
        "expressions": len(EXPRESSIONS),
        "next_fire": found,
        "fastest_other": fastest,
        "times_faster": round(others[fastest] / found["stoma"]["microseconds"], 1),
        "worst_cases_ms": worst,
        "garbage": garbage_times(options.garbage, options.seed),
    }
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
