"""Every form in which a schedule may be written, and what it says of itself."""

import json
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

import pytest

from stoma.schedules import SCHEDULES, parse_schedule
from tests.unit.schedules.made import NEW_YORK, utc

DESCRIPTIONS = [
    ("hourly", "every hour at :00 (UTC)"),
    ("daily", "every day at 00:00 (UTC)"),
    ("weekly", "every Sunday at 00:00 (UTC)"),
    ("monthly", "on the 1st of every month at 00:00 (UTC)"),
    ({"type": "monthly", "day": 22}, "on the 22nd of every month at 00:00 (UTC)"),
    ({"type": "monthly", "day": 3}, "on the 3rd of every month at 00:00 (UTC)"),
    ({"type": "monthly", "day": 11}, "on the 11th of every month at 00:00 (UTC)"),
    ("daily_at_09:00", "every day at 09:00 (UTC)"),
    ("weekly_on_Fri_at_17:30", "every Friday at 17:30 (UTC)"),
    ("interval_30m", "every 30 minutes"),
    ("interval_60s", "every minute"),
    ("interval_90s", "every 90 seconds"),
    ("interval_24h", "every 24 hours"),
    ("interval_7d", "every 7 days"),
    (
        {"type": "interval", "hours": 2, "anchor": "2026-01-01T00:30Z"},
        "every 2 hours, counted from 2026-01-01T00:30:00Z",
    ),
    ("run_then_wait_1m", "1 minute after each run ends"),
    ("time_of_day 00:00,08:00,16:00", "every day at 00:00, 08:00 and 16:00 (UTC)"),
    (
        {"type": "time_of_day", "hours": [6], "days_interval": 2},
        "every 2 days at 06:00 (UTC), counted from 1970-01-01",
    ),
    ("once_at_2026-12-01T09:00", "once at 2026-12-01 09:00 (UTC)"),
    ("once_at_2026-12-01 09:00:30+02:00", "once at 2026-12-01 09:00:30+02:00"),
    ("manual", "only when asked to"),
    ("* * * * *", "every minute (UTC)"),
    ("*/5 * * * *", "every 5 minutes (UTC)"),
    ("0 * * * *", "at minute 0 of every hour (UTC)"),
    ("0 */2 * * *", "at minute 0 of every 2nd hour (UTC)"),
    ("*/10 9-17 * * *", "every 10 minutes of hour 9 to 17 (UTC)"),
    ("0 9 * * *", "every day at 09:00 (UTC)"),
    ("0 9 * * 1-5", "at 09:00 on Monday to Friday (UTC)"),
    ("0 9,17 * * 0,6", "at 09:00 and 17:00 on Saturday and Sunday (UTC)"),
    ("0 0 1,15 * *", "at 00:00 on day 1 and 15 of the month (UTC)"),
    ("0 0 13 * 5", "at 00:00 on day 13 of the month or on Friday (UTC)"),
    ("0 0 1-7 * */6", "at 00:00 on day 1 to 7 of the month, if that is Saturday and Sunday (UTC)"),
    ("0 0 L * *", "at 00:00 on the last day of the month (UTC)"),
    (
        "0 0 1,L 1,2,3,5 *",
        "at 00:00 on day 1 and the last day of the month in January to March and May (UTC)",
    ),
    ("0 0 * * 5#2", "at 00:00 on the 2nd Friday of the month (UTC)"),
    (
        "0 0 * * L1,L2",
        "at 00:00 on the last Monday of the month and the last Tuesday of the month (UTC)",
    ),
    ({"cron": "*/30 0 9 * * *", "seconds": True}, "every day at 09:00, at second 0 and 30 (UTC)"),
]


@pytest.mark.parametrize(("spec", "words"), DESCRIPTIONS)
def test_description(spec: object, words: str) -> None:
    assert parse_schedule(spec).describe() == words


def test_description_names_the_zone_and_the_filters() -> None:
    schedule = parse_schedule(
        {
            "type": "daily",
            "hour": 9,
            "skip_weekends": True,
            "holidays": "US",
            "blackouts": [
                {"from": "22:00", "to": "06:00"},
                {"from": "2026-12-24", "to": "2026-12-27"},
            ],
            "only_between": "08:00-18:00",
            "on_hit": "defer_to_end",
        },
        NEW_YORK,
    )

    assert schedule.describe() == (
        "every day at 09:00 (America/New_York), except weekends, holidays of US, 22:00-06:00, "
        "2026-12-24 to 2026-12-27, only between 08:00-18:00, then as soon as allowed"
    )


#: As the documents of other schedulers write them: the same as this text.
FOREIGN = [
    ({"type": "time_of_day", "hours": [0, 8, 16]}, "time_of_day 00:00,08:00,16:00"),
    ({"type": "time_of_day", "times": [time(8, 30)]}, "time_of_day 08:30"),
    ({"type": "interval", "seconds": 1800}, "interval_30m"),
    ({"type": "interval", "interval_seconds": 90}, "interval_90s"),
    ({"interval_seconds": 3600}, "interval_1h"),
    ({"type": "interval", "weeks": 1}, "interval_7d"),
    ({"type": "interval", "minutes": 30.0}, "interval_30m"),
    ({"type": "run_then_wait", "wait_seconds": 600}, "run_then_wait_10m"),
    ({"type": "run_then_wait", "seconds": 600}, "run_then_wait_10m"),
    ({"wait_seconds": 600}, "run_then_wait_10m"),
    ({"cron": "0 9 * * *"}, "0 9 * * *"),
    ({"schedule_type": "hourly", "schedule_config": "{}"}, "hourly"),
    ({"schedule_type": "hourly", "schedule_config": ""}, "hourly"),
    ({"schedule_type": "hourly"}, "hourly"),
    ({"schedule_type": "daily", "schedule_config": '{"hour": 14, "minute": 30}'}, "daily_at_14:30"),
    (
        {
            "schedule_type": "weekly",
            "schedule_config": '{"day_of_week": "mon", "hour": 9, "minute": 0}',
        },
        "weekly_on_mon_at_09:00",
    ),
    (
        {"schedule_type": "weekly", "schedule_config": {"day_of_week": "Sunday", "hour": 3}},
        "weekly_on_sun_at_03:00",
    ),
    (
        {"schedule_type": "custom", "schedule_config": '{"cron_expression": "0 */6 * * *"}'},
        "0 */6 * * *",
    ),
    ({"schedule_type": "manual", "schedule_config": None}, "manual"),
    ({"type": "custom", "cron_expression": "0 */2 * * *"}, "0 */2 * * *"),
    ({"cron_expression": "0 */2 * * *"}, "0 */2 * * *"),
    ({"type": "once", "at": "2026-12-01T09:00"}, "once_at_2026-12-01T09:00"),
    ({"at": datetime(2026, 12, 1, 9)}, "once_at_2026-12-01T09:00"),
    ({"at": "2026-12-01T09:00:00Z"}, "once_at_2026-12-01T09:00Z"),
    ({"type": "Daily"}, "daily"),
    ({"type": "weekly"}, "weekly"),
    ({"type": "monthly"}, "monthly"),
    ({"type": "manual"}, "manual"),
    ({"type": "daily", "timezone": None}, "daily"),
    ({"pattern": "daily_at_09:00"}, "daily_at_09:00"),
    ({"cron": "@daily"}, "daily"),
    ({"type": "custom", "cron_expression": "@hourly"}, "hourly"),
    ('{"type": "interval", "minutes": 30}', "interval_30m"),
    ("cron:0 9 * * *", "0 9 * * *"),
    ("CRON:  0  9 * * *", "0 9 * * *"),
    ("@DAILY", "daily"),
    ("cron: @midnight", "daily"),
    ("@hourly", "hourly"),
    ("@weekly", "weekly"),
    ("@monthly", "monthly"),
    ("@annually", "0 0 1 1 *"),
    ("  daily\n", "daily"),
    ("daily_at_00:00", "daily"),
    ("weekly_on_SUNDAY_at_00:00", "weekly"),
    ("interval_60m", "interval_1h"),
]


@pytest.mark.parametrize(("spec", "text"), FOREIGN)
def test_forms_that_mean_the_same(spec: object, text: str) -> None:
    assert parse_schedule(spec) == parse_schedule(text)


CANONICAL = [
    ({"type": "daily", "hour": 14, "minute": 30}, "daily_at_14:30"),
    ({"type": "weekly", "day_of_week": "Monday", "hour": 9}, "weekly_on_mon_at_09:00"),
    ({"type": "interval", "seconds": 5400}, "interval_90m"),
    ({"type": "hourly", "minute": 30}, {"type": "hourly", "minute": 30}),
    ({"type": "monthly", "day": 15}, {"type": "monthly", "day": 15, "hour": 0, "minute": 0}),
    (
        {"type": "interval", "minutes": 30, "run_on_start": True},
        {"type": "interval", "seconds": 1800, "run_on_start": True},
    ),
    (
        {"cron": "0 9 * * *", "timezone": NEW_YORK},
        {"cron": "0 9 * * *", "timezone": NEW_YORK},
    ),
    (
        {"type": "time_of_day", "times": ["08:30"], "days_interval": 7, "anchor": date(1970, 1, 5)},
        {"type": "time_of_day", "times": ["08:30"], "days_interval": 7, "anchor": "1970-01-05"},
    ),
    (
        {"type": "manual", "holidays": "us"},
        {"type": "manual", "holidays": "US"},
    ),
    (
        {
            "type": "daily",
            "blackouts": [
                {"from": time(22), "to": time(6)},
                {"from": datetime(2026, 12, 24, 18), "to": date(2026, 12, 27)},
            ],
            "only_between": "08:00 - 18:00",
            "on_hit": "next_business_day",
        },
        {
            "type": "daily",
            "hour": 0,
            "minute": 0,
            "blackouts": [
                {"from": "22:00", "to": "06:00"},
                {"from": "2026-12-24T18:00:00", "to": "2026-12-27"},
            ],
            "only_between": "08:00-18:00",
            "on_hit": "next_business_day",
        },
    ),
]


@pytest.mark.parametrize(("spec", "expected"), CANONICAL)
def test_spec_is_text_where_text_can_say_it(spec: object, expected: object) -> None:
    found = parse_schedule(spec).spec()

    assert found == expected
    assert json.loads(json.dumps(found)) == expected


def test_a_zone_in_the_table_wins() -> None:
    schedule = parse_schedule({"cron": "0 9 * * *", "timezone": NEW_YORK}, "Europe/Berlin")

    assert schedule.timezone == NEW_YORK
    assert schedule.next_after(utc("2026-01-01 00:00")) == utc("2026-01-01 14:00")


def test_schedules_of_different_zones_differ() -> None:
    assert parse_schedule("daily", NEW_YORK) != parse_schedule("daily", "UTC")


def test_the_key_decides_what_h_means_and_nothing_else() -> None:
    assert parse_schedule("H H * * *", key="a") == parse_schedule("H H * * *", key="a")
    assert parse_schedule("H H * * *", key="a") != parse_schedule("H H * * *", key="b")
    assert parse_schedule("daily", key="a") == parse_schedule("daily", key="b")
    assert parse_schedule("0 9 * * *", key="a") == parse_schedule("0 9 * * *", key="b")


def test_h_spreads_over_its_range_and_keeps_to_it() -> None:
    keys = [f"task_{i}" for i in range(200)]
    found = [
        parse_schedule("H(10-19) H H * *", key=key).next_after(utc("2026-02-01 00:00"))
        for key in keys
    ]

    assert {due.minute for due in found if due} == set(range(10, 20))
    assert {due.hour for due in found if due} == set(range(24))
    # Not the 29th to the 31st: the key must not decide which months are left out.
    assert {due.day for due in found if due} == set(range(1, 29))


def test_h_with_a_step_is_evenly_spaced() -> None:
    schedule: Any = parse_schedule("H/15 H(8-9)/4 * * *", key="papers")

    minutes = [minute % 60 for minute in schedule.clock.nominals.minutes]

    assert {b - a for a, b in pairwise(minutes)} == {15}


@pytest.mark.parametrize(
    ("spec", "slots", "chained", "on_start"),
    [
        ("daily", True, False, False),
        ("manual", False, False, False),
        ("run_then_wait_5m", True, True, True),
        ("interval_5m", True, False, False),
        ({"type": "interval", "minutes": 5, "run_on_start": True}, True, False, True),
    ],
)
def test_what_a_planner_needs_to_know(
    spec: object, slots: bool, chained: bool, on_start: bool
) -> None:
    schedule = parse_schedule(spec)

    assert (schedule.has_slots, schedule.chained, schedule.run_on_start) == (
        slots,
        chained,
        on_start,
    )


def test_every_registered_kind_reads_a_table() -> None:
    tables: dict[str, dict[str, object]] = {
        "cron": {"cron": "0 9 * * *"},
        "custom": {"cron": "0 9 * * *"},
        "interval": {"minutes": 5},
        "once": {"at": "2026-12-01T09:00"},
        "run_then_wait": {"wait_seconds": 60},
        "time_of_day": {"hours": [8]},
    }

    for name in SCHEDULES:
        schedule = parse_schedule({"type": name, **tables.get(name, {})})
        assert isinstance(schedule, SCHEDULES.get(name))
