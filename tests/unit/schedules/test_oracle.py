"""next_after against a brute-force scan; scripts/faults/schedules.py runs 20,000 of these."""

import random
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule
from stoma.schedules.policies import count_between
from tests.unit.schedules.made import fires_of, utc
from tests.unit.schedules.oracle import (
    MINUTE,
    Fields,
    Window,
    next_by_days,
    next_in,
    random_fields,
    random_windows,
    window,
)

#: A clock change of every sort: forward, back, both at midnight, half an hour, a quarter, a day.
NIGHTS = [
    ("America/New_York", "2025-03-09 07:00"),
    ("America/New_York", "2025-11-02 06:00"),
    ("Europe/London", "2025-03-30 01:00"),
    ("Europe/London", "2025-10-26 01:00"),
    ("Australia/Lord_Howe", "2025-04-05 15:00"),
    ("Australia/Lord_Howe", "2025-10-04 15:30"),
    ("Pacific/Chatham", "2025-04-05 14:00"),
    ("Pacific/Chatham", "2025-09-27 14:00"),
    ("Pacific/Apia", "2011-12-30 10:00"),
    ("Africa/Casablanca", "2025-02-23 02:00"),
    ("Africa/Casablanca", "2025-04-06 02:00"),
    ("Africa/Cairo", "2025-04-24 22:00"),
    ("Africa/Cairo", "2025-10-30 21:00"),
    ("America/Havana", "2025-03-09 05:00"),
    ("America/Havana", "2025-11-02 05:00"),
    ("Asia/Kathmandu", "1985-12-31 18:30"),
    ("America/Sao_Paulo", "2018-02-18 02:00"),
    ("America/Sao_Paulo", "2018-11-04 03:00"),
    ("Atlantic/Azores", "2025-10-26 01:00"),
    ("Antarctica/Troll", "2025-03-30 01:00"),
    ("Antarctica/Troll", "2025-10-26 01:00"),
    ("Asia/Tehran", "2020-09-20 19:30"),
    ("America/St_Johns", "2006-10-29 03:01"),
    ("Asia/Pyongyang", "2015-08-14 15:30"),
    ("America/Caracas", "2007-12-09 07:00"),
    ("Europe/Dublin", "2025-10-26 01:00"),
]

EVERY_MINUTE = frozenset(range(60))
ALWAYS = (
    frozenset(range(24)),
    frozenset(range(1, 32)),
    frozenset(range(1, 13)),
    frozenset(range(7)),
)


@pytest.mark.parametrize("text", ["* * * * *", "0-59 0-23 * * *"])
@pytest.mark.parametrize(("zone", "middle"), NIGHTS)
def test_every_minute_of_a_transition_night(zone: str, middle: str, text: str) -> None:
    # The second text means each reading once, whatever the clock does: R1 at its densest.
    night = window(zone, utc(middle), 0.4)
    expected = night.fires(Fields(text, EVERY_MINUTE, *ALWAYS))
    schedule = parse_schedule(text, zone)

    asked = night.begin
    while asked < expected[-1]:
        assert schedule.next_after(asked) == next_in(expected, asked)
        asked += MINUTE


@pytest.mark.parametrize(("zone", "middle"), NIGHTS)
def test_every_daily_time_around_a_transition_night(zone: str, middle: str) -> None:
    night = window(zone, utc(middle), 1.0)
    due: dict[tuple[int, int], set[datetime]] = {}
    for minute, hour, *_, instant in night.named:
        if night.begin < instant <= night.end:
            due.setdefault((hour, minute), set()).add(instant)

    for (hour, minute), instants in due.items():
        schedule = parse_schedule(f"daily_at_{hour:02}:{minute:02}", zone)
        assert fires_of(schedule, night.begin, len(instants)) == sorted(instants)


def test_random_expressions_agree_with_the_scan() -> None:
    roll = random.Random(20_251_102)
    zones = sorted(zoneinfo.available_timezones())
    windows = list(random_windows(roll, zones, 20))

    for _ in range(150):
        fields, night = random_fields(roll), roll.choice(windows)
        try:
            parse_schedule(fields.text)
        except ScheduleError:
            assert next_by_days(fields, utc("2024-01-01 00:00"), 9) is None
            continue
        _agree(fields, night, roll)


def _agree(fields: Fields, night: Window, roll: random.Random) -> None:
    schedule = parse_schedule(fields.text, night.zone)
    expected = night.fires(fields)

    assert fires_of(schedule, night.begin, len(expected)) == expected, (fields.text, night.zone)
    assert count_between(schedule, night.begin, night.end) == len(expected)
    asked = night.begin + roll.random() * (night.end - night.begin)
    wanted = next_in(expected, asked)
    assert wanted is None or schedule.next_after(asked) == wanted, (fields.text, asked)


def test_rare_expressions_agree_with_a_scan_of_days() -> None:
    roll = random.Random(29)

    for _ in range(200):
        fields = random_fields(roll)
        asked = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=roll.randrange(9_000_000))
        wanted = next_by_days(fields, asked, 9)
        if wanted is not None:
            assert parse_schedule(fields.text).next_after(asked) == wanted, fields.text


@pytest.mark.parametrize(
    ("zone", "middle"),
    [
        ("Africa/Monrovia", "1972-01-07 00:44:30"),  # -00:44:30 -> 00:00
        ("Europe/Amsterdam", "1937-06-30 22:40:28"),  # +01:19:32 -> +01:20, a gap of 28 seconds
        ("America/New_York", "1883-11-18 17:00:00"),  # -04:56:02 -> -05:00, a fold of 238 seconds
    ],
)
@pytest.mark.parametrize("wild", [True, False])
def test_offsets_of_odd_seconds(zone: str, middle: str, wild: bool) -> None:
    night = window(zone, utc(middle), 0.02, timedelta(seconds=1))
    text = "*/7 * * * *" if wild else "0-59/7 0-23 * * *"
    fields = Fields(text, frozenset(range(0, 60, 7)), *ALWAYS)
    # The scan shows every second; a nominal time is a whole minute.
    rows = night.shown if wild else night.named
    whole = [each for i, each in enumerate(rows) if _second(night, rows, i) == 0]
    expected = sorted({at for at in fields.select(whole) if night.begin < at <= night.end})

    assert fires_of(parse_schedule(text, zone), night.begin, len(expected)) == expected


def _second(night: Window, rows: list[tuple[int, int, int, int, int, datetime]], i: int) -> int:
    if rows is night.shown:
        return rows[i][-1].astimezone(zoneinfo.ZoneInfo(night.zone)).second
    first = night.shown[0][-1].astimezone(zoneinfo.ZoneInfo(night.zone))
    return (first.second + i) % 60
