"""The arithmetic of zones, held against zoneinfo itself."""

import random
import zoneinfo
from datetime import timedelta
from itertools import pairwise

import pytest

from stoma.schedules import parse_schedule
from stoma.schedules.nominals import OneTime
from stoma.schedules.zones import local_time, reload_zones, zone_named
from tests.unit.schedules.made import NEW_YORK, fires_of, utc

EPOCH = utc("1970-01-01 00:00")


def _offset(name: str, second: int) -> timedelta | None:
    return (EPOCH + timedelta(seconds=second)).astimezone(zoneinfo.ZoneInfo(name)).utcoffset()


def test_offsets_are_those_of_zoneinfo_everywhere() -> None:
    roll = random.Random(1)
    names = sorted(zoneinfo.available_timezones() - {"localtime"})

    for name in names:
        if name.startswith(("posix/", "right/")):
            continue
        for _ in range(25):
            second = roll.randrange(-4_000_000_000, 8_000_000_000)
            assert timedelta(seconds=zone_named(name).offset_at(second)) == _offset(name, second)


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("Africa/Casablanca", 2024),
        ("America/Boa_Vista", 1999),  # one week of summer time in October 2000
        ("Asia/Gaza", 2039),  # one week of winter time in October 2040
        ("Africa/Freetown", 1938),  # four days in September 1939, the shortest stay there is
        ("UTC", 2024),
    ],
)
def test_no_transition_is_missed(name: str, year: int) -> None:
    begin = int(utc(f"{year}-01-01 00:00").timestamp())
    end = begin + 3 * 366 * 86_400
    offsets = [_offset(name, second) for second in range(begin, end + 1, 3600)]

    known = list(zone_named(name).transitions(begin, end))

    assert len(known) == sum(a != b for a, b in pairwise(offsets))
    for jump in known:
        assert _offset(name, jump.at - 1) == timedelta(seconds=jump.before)
        assert _offset(name, jump.at) == timedelta(seconds=jump.after)


def test_after_a_reload_the_answers_are_the_same() -> None:
    schedule = parse_schedule("daily_at_02:30", NEW_YORK)
    before = fires_of(schedule, utc("2025-03-01 00:00"), 20)

    reload_zones()

    assert fires_of(schedule, utc("2025-03-01 00:00"), 20) == before


def test_a_long_simulation_does_not_hoard_memory() -> None:
    fires = fires_of(parse_schedule("0 9 1 * *", NEW_YORK), utc("1800-01-01 00:00"), 2600)

    assert fires[-1].year == 2016
    assert len(zone_named(NEW_YORK)._spans) <= 2000


def test_a_moment_is_shown_on_the_clock_of_its_zone() -> None:
    assert str(local_time(1_762_063_200, NEW_YORK)) == "2025-11-02 01:00:00-05:00"
    assert local_time(10**12, NEW_YORK).year == 9999


def test_a_single_reading_has_no_rhythm_to_lose() -> None:
    assert OneTime(5).same_after(0)
    assert not OneTime(5).same_after(3600)
