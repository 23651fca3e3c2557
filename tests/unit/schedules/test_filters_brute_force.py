"""Filters against a minute-by-minute and day-by-day reading of the manual."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stoma.schedules import parse_schedule
from tests.unit.schedules.made import NEW_YORK, fires_of, utc


def _blocked(filters: dict[str, Any], wall: datetime) -> str:
    """Say which rule blocks a wall-clock time, by the words of the manual."""
    if filters.get("holidays") and wall.date() in (date(2025, 11, 1), date(2025, 12, 25)):
        return "day"
    if filters.get("skip_weekends") and wall.isoweekday() > 5:
        return "day"
    for blackout in filters.get("blackouts", ()):
        if "-" in blackout["from"]:
            begin, end = map(datetime.fromisoformat, (blackout["from"], blackout["to"]))
            if begin <= wall < end:
                return "dated"
        elif _inside(f"{wall:%H:%M}", blackout["from"], blackout["to"]):
            return "daily"
    between = filters.get("only_between")
    return "daily" if between and not _inside(f"{wall:%H:%M}", *between.split("-")) else ""


def _inside(clock: str, begin: str, end: str) -> bool:
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def _business(filters: dict[str, Any], day: datetime) -> bool:
    holiday = filters.get("holidays") and day.date() in (date(2025, 11, 1), date(2025, 12, 25))
    touched = any(
        datetime.fromisoformat(each["from"]) < day + timedelta(1)
        and day < datetime.fromisoformat(each["to"])
        for each in filters.get("blackouts", ())
        if "-" in each["from"]
    )
    return day.isoweekday() < 6 and not holiday and not touched


def _lands(filters: dict[str, Any], zone: ZoneInfo, nominal: datetime) -> datetime | None:
    """Return when a nominal instant runs, minute by minute and day by day; None if never."""
    wall = nominal.astimezone(zone).replace(tzinfo=None)
    rule = _blocked(filters, wall)
    if not rule:
        return nominal
    if filters["on_hit"] == "skip":
        return None
    if filters["on_hit"] == "defer_to_end":
        while _blocked(filters, nominal.astimezone(zone).replace(tzinfo=None)):
            nominal += timedelta(minutes=5)
        return nominal
    day = wall.replace(hour=0, minute=0)
    for _ in range(40):
        day += timedelta(days=1)
        landing = (day + (wall - wall.replace(hour=0, minute=0))).replace(tzinfo=zone)
        landing = landing.astimezone(UTC).astimezone(zone)
        if _business(filters, day) and not _blocked(filters, landing.replace(tzinfo=None)):
            return landing.astimezone(UTC)
    return None


def _random_filters(roll: random.Random) -> dict[str, Any]:
    blackouts = [
        {"from": "22:00", "to": "06:00"},
        {"from": "01:10", "to": "01:40"},
        {"from": "2025-11-03", "to": "2025-11-05"},
        {"from": "2025-10-31T15:30", "to": "2025-11-03T01:20"},
    ]
    filters: dict[str, Any] = {
        "on_hit": roll.choice(["skip", "defer_to_end", "next_business_day"]),
        "skip_weekends": roll.random() < 0.5,
        "blackouts": roll.sample(blackouts, roll.choice((0, 0, 1, 2))),
    }
    if roll.random() < 0.4:
        filters["holidays"] = "HR"  # Croatia: 1 November and 25 December, and nothing between
    if roll.random() < 0.3:
        filters["only_between"] = roll.choice(["09:00-17:00", "20:00-03:00"])
    return filters


SPECS = (
    "0 */3 * * *",
    "45 * * * *",
    "daily_at_01:30",
    "0,30 1,9 * * *",
    "interval_50m",
    "0 23 * * 5",
)


@pytest.mark.parametrize("seed", range(6))
def test_filters_agree_with_brute_force(seed: int) -> None:
    # Zagreb, 2025-10-26, and New York, 2025-11-02, put their clocks back
    roll = random.Random(seed)
    for _ in range(20):
        name = roll.choice(("Europe/Zagreb", NEW_YORK))
        zone, spec, filters = ZoneInfo(name), roll.choice(SPECS), _random_filters(roll)
        plain: Any = parse_schedule(spec, name).spec()
        table = {"pattern": plain, **filters}
        begin, end = utc("2025-10-24 12:00"), utc("2025-11-06 00:00")
        nominals = fires_of(parse_schedule(spec, name), begin - timedelta(days=6), 600)
        lands = {_lands(filters, zone, each) for each in nominals if each <= end}
        expected = sorted(each for each in lands if each)
        expected = [each for each in expected if begin < each <= end]

        schedule = parse_schedule(table, name)

        assert fires_of(schedule, begin, len(expected)) == expected, table
        slots = list(schedule.slots_between(begin, end))
        assert [slot.due_at for slot in slots if not slot.skipped_by] == expected, table
        assert all(a.due_at < b.due_at for a, b in pairwise(slots))
        asked = begin + roll.random() * (end - begin)
        later = [each for each in expected if each > asked]
        if later:
            assert schedule.next_after(asked) == later[0], table
