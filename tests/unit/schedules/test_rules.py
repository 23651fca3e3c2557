"""R1 to R4 at every kind of clock change that zones have had. The zone's rule is in the comment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from stoma.schedules import parse_schedule
from tests.unit.schedules.made import NEW_YORK, at, fires_of, shown, utc

LONDON = "Europe/London"
LORD_HOWE = "Australia/Lord_Howe"
APIA = "Pacific/Apia"
CASABLANCA = "Africa/Casablanca"
HAVANA = "America/Havana"
SAO_PAULO = "America/Sao_Paulo"

GAPS = [
    # New York, 2025-03-09: 02:00 -> 03:00
    (
        "daily_at_02:30",
        NEW_YORK,
        "2025-03-08 00:00",
        ["2025-03-08 02:30-0500", "2025-03-09 03:00-0400", "2025-03-10 02:30-0400"],
    ),
    (
        "0 */2 * * *",
        NEW_YORK,
        "2025-03-08 23:00",
        ["2025-03-09 00:00-0500", "2025-03-09 04:00-0400"],
    ),
    (
        "0,30 2 * * *",
        NEW_YORK,
        "2025-03-09 00:00",
        ["2025-03-09 03:00-0400", "2025-03-10 02:00-0400"],
    ),
    (
        "time_of_day 02:00,02:30,03:00",
        NEW_YORK,
        "2025-03-09 00:00",
        ["2025-03-09 03:00-0400", "2025-03-10 02:00-0400"],
    ),
    ("*/30 2 * * *", NEW_YORK, "2025-03-09 00:00", ["2025-03-10 02:00-0400"]),
    (
        "30 * * * *",
        NEW_YORK,
        "2025-03-09 01:00",
        ["2025-03-09 01:30-0500", "2025-03-09 03:30-0400"],
    ),
    (
        "weekly_on_sun_at_02:30",
        NEW_YORK,
        "2025-03-08 00:00",
        ["2025-03-09 03:00-0400", "2025-03-16 02:30-0400"],
    ),
    (
        {"type": "monthly", "day": 9, "hour": 2, "minute": 30},
        NEW_YORK,
        "2025-03-08 00:00",
        ["2025-03-09 03:00-0400", "2025-04-09 02:30-0400"],
    ),
    ("once_at_2025-03-09T02:30", NEW_YORK, "2025-03-08 00:00", ["2025-03-09 03:00-0400"]),
    (
        {"cron": "*/20 30 2 * * *", "seconds": True},
        NEW_YORK,
        "2025-03-09 00:00",
        ["2025-03-09 03:00-0400", "2025-03-10 02:30-0400", "2025-03-10 02:30:20-0400"],
    ),
    (
        {"cron": "*/20 * 2 * * *", "seconds": True},
        NEW_YORK,
        "2025-03-09 00:00",
        ["2025-03-10 02:00-0400"],
    ),
    # Lord Howe, 2025-10-05: 02:00 -> 02:30, half an hour
    (
        "daily_at_02:15",
        LORD_HOWE,
        "2025-10-05 00:00",
        ["2025-10-05 02:30+1100", "2025-10-06 02:15+1100"],
    ),
    ("hourly", LORD_HOWE, "2025-10-05 00:30", ["2025-10-05 01:00+1030", "2025-10-05 03:00+1100"]),
    # Chatham, 2025-09-28: 02:45 -> 03:45
    ("daily_at_03:00", "Pacific/Chatham", "2025-09-28 00:00", ["2025-09-28 03:45+1345"]),
    # Apia left out 2011-12-30 altogether
    (
        "0 9 * * *",
        APIA,
        "2011-12-29 00:00",
        ["2011-12-29 09:00-1000", "2011-12-31 00:00+1400", "2011-12-31 09:00+1400"],
    ),
    ("* 9 30 12 *", APIA, "2011-12-29 00:00", ["2012-12-30 09:00+1400"]),
    ("daily", APIA, "2011-12-29 12:00", ["2011-12-31 00:00+1400", "2012-01-01 00:00+1400"]),
    (
        {"type": "time_of_day", "hours": [9], "days_interval": 2},  # 12-30 is one of the days
        APIA,
        "2011-12-28 00:00",
        ["2011-12-28 09:00-1000", "2011-12-31 00:00+1400", "2012-01-01 09:00+1400"],
    ),
    # Kwajalein left out 1993-08-21
    (
        "daily_at_09:00",
        "Pacific/Kwajalein",
        "1993-08-20 00:00",
        ["1993-08-20 09:00-1200", "1993-08-22 00:00+1200", "1993-08-22 09:00+1200"],
    ),
    # Cairo, 2025-04-25, Havana, 2025-03-09, Sao Paulo, 2018-11-04: 00:00 -> 01:00
    (
        "daily",
        "Africa/Cairo",
        "2025-04-24 12:00",
        ["2025-04-25 01:00+0300", "2025-04-26 00:00+0300"],
    ),
    ("daily", HAVANA, "2025-03-08 12:00", ["2025-03-09 01:00-0400", "2025-03-10 00:00-0400"]),
    ("weekly", SAO_PAULO, "2018-11-01 12:00", ["2018-11-04 01:00-0200", "2018-11-11 00:00-0200"]),
    # Casablanca, 2025-04-06, the end of Ramadan: 02:00 -> 03:00
    (
        "daily_at_02:30",
        CASABLANCA,
        "2025-04-05 12:00",
        ["2025-04-06 03:00+0100", "2025-04-07 02:30+0100"],
    ),
    ("daily_at_02:30", "Africa/El_Aaiun", "2025-04-05 12:00", ["2025-04-06 03:00+0100"]),
    # Troll, 2025-03-30: 01:00 -> 03:00, two hours
    (
        "time_of_day 01:30,02:30",
        "Antarctica/Troll",
        "2025-03-30 00:00",
        ["2025-03-30 03:00+0200", "2025-03-31 01:30+0200"],
    ),
    # Kathmandu, 1986-01-01: 00:00 -> 00:15
    (
        "daily",
        "Asia/Kathmandu",
        "1985-12-31 12:00",
        ["1986-01-01 00:15+0545", "1986-01-02 00:00+0545"],
    ),
    # Monrovia, 1972-01-07: 00:00 -> 00:44:30
    (
        "daily_at_00:15",
        "Africa/Monrovia",
        "1972-01-06 12:00",
        ["1972-01-07 00:44:30+0000", "1972-01-08 00:15+0000"],
    ),
]

FOLDS = [
    # New York, 2025-11-02: 02:00 -> 01:00
    (
        "daily_at_01:30",
        NEW_YORK,
        "2025-11-02 00:00",
        ["2025-11-02 01:30-0400", "2025-11-03 01:30-0500"],
    ),
    (
        "hourly",
        NEW_YORK,
        "2025-11-02 00:30",
        ["2025-11-02 01:00-0400", "2025-11-02 01:00-0500", "2025-11-02 02:00-0500"],
    ),
    (
        "*/30 * * * *",
        NEW_YORK,
        "2025-11-02 00:45",
        [
            "2025-11-02 01:00-0400",
            "2025-11-02 01:30-0400",
            "2025-11-02 01:00-0500",
            "2025-11-02 01:30-0500",
            "2025-11-02 02:00-0500",
        ],
    ),
    (
        "0-59/30 1 * * *",
        NEW_YORK,
        "2025-11-02 00:00",
        ["2025-11-02 01:00-0400", "2025-11-02 01:30-0400", "2025-11-03 01:00-0500"],
    ),
    (
        "*,30 1 * * *",
        NEW_YORK,
        "2025-11-02 01:58",
        ["2025-11-02 01:59-0400", "2025-11-02 01:00-0500"],
    ),
    ("H 1 * * *", NEW_YORK, "2025-11-02 00:00", ["2025-11-02 01:00-0400", "2025-11-03 01:00-0500"]),
    ("H * * * *", NEW_YORK, "2025-11-02 00:00", ["2025-11-02 01:00-0400", "2025-11-02 01:00-0500"]),
    ("once_at_2025-11-02T01:30", NEW_YORK, "2025-11-02 00:00", ["2025-11-02 01:30-0400"]),
    # London, 2025-10-26: 02:00 -> 01:00
    (
        "0 1-3 * * *",
        LONDON,
        "2025-10-26 00:00",
        ["2025-10-26 01:00+0100", "2025-10-26 02:00+0000", "2025-10-26 03:00+0000"],
    ),
    # Lord Howe, 2025-04-06: 02:00 -> 01:30
    (
        "*/15 * * * *",
        LORD_HOWE,
        "2025-04-06 01:15",
        [
            "2025-04-06 01:30+1100",
            "2025-04-06 01:45+1100",
            "2025-04-06 01:30+1030",
            "2025-04-06 01:45+1030",
            "2025-04-06 02:00+1030",
        ],
    ),
    (
        "daily_at_01:45",
        LORD_HOWE,
        "2025-04-06 00:00",
        ["2025-04-06 01:45+1100", "2025-04-07 01:45+1030"],
    ),
    # Casablanca, 2025-02-23, the start of Ramadan: 03:00 -> 02:00
    (
        "daily_at_02:30",
        CASABLANCA,
        "2025-02-22 12:00",
        ["2025-02-23 02:30+0100", "2025-02-24 02:30+0000"],
    ),
    # Havana, 2025-11-02: 01:00 -> 00:00; the Azores, 2025-10-26, too
    ("daily", HAVANA, "2025-11-01 12:00", ["2025-11-02 00:00-0400", "2025-11-03 00:00-0500"]),
    (
        "hourly",
        HAVANA,
        "2025-11-01 23:30",
        ["2025-11-02 00:00-0400", "2025-11-02 00:00-0500", "2025-11-02 01:00-0500"],
    ),
    (
        "daily",
        "Atlantic/Azores",
        "2025-10-25 12:00",
        ["2025-10-26 00:00+0000", "2025-10-27 00:00-0100"],
    ),
    # Sao Paulo, 2018-02-18: 00:00 -> 23:00 of the day before
    (
        "daily_at_23:30",
        SAO_PAULO,
        "2018-02-17 12:00",
        ["2018-02-17 23:30-0200", "2018-02-18 23:30-0300"],
    ),
    ("daily", SAO_PAULO, "2018-02-17 12:00", ["2018-02-18 00:00-0300", "2018-02-19 00:00-0300"]),
    (
        "*/30 23 * * *",
        SAO_PAULO,
        "2018-02-17 12:00",
        [
            "2018-02-17 23:00-0200",
            "2018-02-17 23:30-0200",
            "2018-02-17 23:00-0300",
            "2018-02-17 23:30-0300",
        ],
    ),
    # Juneau, bought by America, lived 1867-10-18 twice
    (
        "daily_at_23:00",
        "America/Juneau",
        "1867-10-17 23:30",
        ["1867-10-18 23:00+150219", "1867-10-19 23:00-085741"],
    ),
]


@pytest.mark.parametrize(("spec", "zone", "after", "expected"), [*GAPS, *FOLDS])
def test_fires_around_a_clock_change(
    spec: object, zone: str, after: str, expected: list[str]
) -> None:
    assert shown(spec, zone, at(after, zone), len(expected)) == expected


@pytest.mark.parametrize("asked", ["05:30", "05:31", "06:00", "06:10", "06:30", "06:59"])
def test_a_fixed_time_is_over_after_its_first_pass(asked: str) -> None:
    # New York, 2025-11-02: the second pass of 01:00 to 02:00 is 06:00 to 07:00 UTC
    schedule = parse_schedule("daily_at_01:30", NEW_YORK)

    assert schedule.next_after(utc(f"2025-11-02 {asked}")) == utc("2025-11-03 06:30")


def test_an_interval_knows_no_local_time() -> None:
    fires = shown("interval_2h", NEW_YORK, at("2025-03-09 00:00", NEW_YORK), 3)

    assert fires == ["2025-03-09 01:00-0500", "2025-03-09 04:00-0400", "2025-03-09 06:00-0400"]


@pytest.mark.parametrize(
    ("table", "after", "due"),
    [
        ({"seconds": 90}, "1970-01-01 00:01:30", "1970-01-01 00:03:00"),
        ({"seconds": 90}, "1969-12-31 23:59:00", "1970-01-01 00:00:00"),
        ({"days": 7}, "2026-01-01 00:00", "2026-01-08 00:00"),
        ({"hours": 1, "minutes": 30}, "2026-01-01 00:00", "2026-01-01 01:30"),
        ({"hours": 6, "anchor": "2026-01-01T01:15Z"}, "2025-12-31 00:00", "2025-12-31 01:15"),
        ({"hours": 6, "anchor": "2026-01-01T01:15"}, "2026-01-01 01:00", "2026-01-01 06:15"),
    ],
)
def test_an_interval_counts_from_its_anchor(table: dict[str, object], after: str, due: str) -> None:
    # an anchor without an offset is a time of the zone: 01:15 in New York is 06:15 UTC
    schedule = parse_schedule({"type": "interval", "timezone": NEW_YORK, **table})

    assert schedule.next_after(utc(after)) == utc(due)


def test_run_then_wait_counts_from_the_moment_given() -> None:
    schedule = parse_schedule("run_then_wait_10m")
    end = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)

    assert schedule.next_after(end) == end + timedelta(minutes=10)


def test_manual_has_no_slots() -> None:
    schedule = parse_schedule("manual")

    assert schedule.next_after(utc("2026-01-01 00:00")) is None
    assert schedule.next_slot(utc("2026-01-01 00:00")) is None
    assert not schedule.has_slots


def test_once_has_one_slot() -> None:
    schedule = parse_schedule("once_at_2026-12-01T09:00", "Europe/Berlin")

    assert fires_of(schedule, utc("2026-01-01 00:00"), 2) == [utc("2026-12-01 08:00")]


@pytest.mark.parametrize("offset", ["Z", "+00:00"])
def test_once_with_an_offset_is_an_instant(offset: str) -> None:
    schedule = parse_schedule(f"once_at_2026-12-01T09:00{offset}", "Europe/Berlin")

    assert schedule.next_after(utc("2026-01-01 00:00")) == utc("2026-12-01 09:00")


@pytest.mark.parametrize("zone", ["UTC", NEW_YORK, "Asia/Kathmandu"])
def test_any_aware_moment_is_understood_and_utc_comes_back(zone: str) -> None:
    moment = utc("2025-06-01 12:00").astimezone(ZoneInfo(zone))

    due = parse_schedule("hourly").next_after(moment)

    assert due == utc("2025-06-01 13:00")
    assert due is not None
    assert due.tzinfo is UTC


def test_part_of_a_second_counts() -> None:
    schedule = parse_schedule("daily_at_09:00")

    assert schedule.next_after(utc("2026-01-01 08:59:59.999999")) == utc("2026-01-01 09:00")
    assert schedule.next_after(utc("2026-01-01 09:00:00.000001")) == utc("2026-01-02 09:00")


@pytest.mark.parametrize(
    "spec",
    [
        *(
            "hourly",
            "daily_at_23:59",
            "weekly",
            "monthly",
            "interval_7d",
            "0 0 29 2 *",
            "* * * * *",
        ),
        *("run_then_wait_7d", "manual", "once_at_9999-12-31T23:59", "time_of_day 12:00"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", NEW_YORK, "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    "edge",
    [
        datetime.max.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=ZoneInfo("Etc/GMT+12")),
        datetime(9999, 12, 30, tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=ZoneInfo("Etc/GMT-14")),
    ],
)
def test_the_ends_of_the_calendar_are_quiet(spec: str, zone: str, edge: datetime) -> None:
    schedule = parse_schedule(spec, zone)

    due = schedule.next_after(edge)
    schedule.next_slot(edge)

    assert due is None or due > edge
