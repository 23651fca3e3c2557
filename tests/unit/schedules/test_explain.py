"""Explanations name the date, the zone, what the clock does and what follows."""

from datetime import timedelta

import pytest

from stoma.schedules import parse_schedule
from stoma.schedules.explain import explain, warnings_within
from tests.unit.schedules.made import NEW_YORK, at, utc

REASONS = [
    (
        "daily_at_02:30",
        NEW_YORK,
        "2025-03-08 12:00",
        "02:30 does not exist on 2025-03-09 in America/New_York (clocks go 02:00 -> 03:00):"
        " fires at 03:00 -04:00",
    ),
    (
        "0,30 2 * * *",
        NEW_YORK,
        "2025-03-08 12:00",
        "02:00 and 02:30 do not exist on 2025-03-09 in America/New_York (clocks go 02:00 -> 03:00):"
        " fires at 03:00 -04:00",
    ),
    (
        "0-59/10 2 * * *",
        NEW_YORK,
        "2025-03-08 12:00",
        "02:00, 02:10, 02:20 and 3 more do not exist on 2025-03-09 in America/New_York"
        " (clocks go 02:00 -> 03:00): fires at 03:00 -04:00",
    ),
    (
        "daily_at_01:30",
        NEW_YORK,
        "2025-11-02 00:00",
        "01:30 comes twice on 2025-11-02 in America/New_York (clocks go 02:00 -> 01:00):"
        " first pass only",
    ),
    (
        "*/30 * * * *",
        NEW_YORK,
        "2025-11-02 01:15",
        "01:30 comes twice on 2025-11-02 in America/New_York (clocks go 02:00 -> 01:00):"
        " both passes",
    ),
    (
        "0 */2 * * *",
        NEW_YORK,
        "2025-03-09 01:00",
        "02:00 does not exist on 2025-03-09 in America/New_York (clocks go 02:00 -> 03:00):"
        " no fire",
    ),
    (
        "daily_at_09:00",
        "Pacific/Apia",
        "2011-12-29 12:00",
        "09:00 does not exist on 2011-12-30 in Pacific/Apia (clocks go 00:00 -> 2011-12-31 00:00):"
        " fires at 2011-12-31 00:00 +14:00",
    ),
    (
        "daily_at_23:30",
        "America/Sao_Paulo",
        "2018-02-17 12:00",
        "23:30 comes twice on 2018-02-17 in America/Sao_Paulo"
        " (clocks go 2018-02-18 00:00 -> 23:00): first pass only",
    ),
    (
        "daily_at_00:15",
        "Africa/Monrovia",
        "1972-01-06 12:00",
        "00:15 does not exist on 1972-01-07 in Africa/Monrovia (clocks go 00:00 -> 00:44:30):"
        " fires at 00:44:30 +00:00",
    ),
    (
        "once_at_2025-03-09T02:30",
        NEW_YORK,
        "2025-03-08 12:00",
        "02:30 does not exist on 2025-03-09 in America/New_York (clocks go 02:00 -> 03:00):"
        " fires at 03:00 -04:00",
    ),
    (
        "daily_at_23:00",
        "America/Juneau",
        "1867-10-18 12:00",
        "23:00 comes twice on 1867-10-18 in America/Juneau"
        " (clocks go 1867-10-19 15:33:32 -> 15:33:32): first pass only",
    ),
]


@pytest.mark.parametrize(("spec", "zone", "after", "reason"), REASONS)
def test_the_next_slot_is_explained(spec: str, zone: str, after: str, reason: str) -> None:
    [first] = explain(parse_schedule(spec, zone), at(after, zone), 1)

    assert first.reasons == (reason,)


def test_what_is_usual_needs_no_words() -> None:
    found = explain(parse_schedule("daily_at_09:00", NEW_YORK), utc("2025-03-08 00:00"), 3)

    assert [each.reasons for each in found] == [(), (), ()]
    assert [f"{each.local_at:%m-%d %H:%M %z}" for each in found] == [
        "03-08 09:00 -0500",
        "03-09 09:00 -0400",
        "03-10 09:00 -0400",
    ]


def test_the_passes_of_a_fold_are_told_apart() -> None:
    found = explain(parse_schedule("hourly", NEW_YORK), at("2025-11-02 00:30", NEW_YORK), 3)

    assert [f"{each.local_at:%H:%M %z}" for each in found] == [
        "01:00 -0400",
        "01:00 -0500",
        "02:00 -0500",
    ]
    assert [len(each.reasons) for each in found] == [1, 1, 0]


def test_filters_are_reasons_too() -> None:
    table = {"type": "daily", "hour": 9, "holidays": "US", "skip_weekends": True}
    skipping = parse_schedule(table)
    moving = parse_schedule({**table, "on_hit": "next_business_day"})

    skipped = explain(skipping, utc("2025-12-31 12:00"), 4)
    moved = explain(moving, utc("2025-12-31 12:00"), 2)

    assert [each.reasons for each in skipped] == [
        ("skipped by holidays US: New Year's Day",),
        (),
        ("skipped by skip_weekends: Saturday",),
        ("skipped by skip_weekends: Sunday",),
    ]
    assert moved[0].reasons == ("moved from 2026-01-01 09:00 by holidays US: New Year's Day",)
    assert moved[1].reasons == ("moved from 2026-01-03 09:00 by skip_weekends: Saturday",)


@pytest.mark.parametrize("spec", ["manual", "once_at_2020-01-01T00:00"])
def test_no_slots_no_explanation(spec: str) -> None:
    assert explain(parse_schedule(spec), utc("2026-01-01 00:00")) == []


@pytest.mark.parametrize("spec", ["interval_1h", "run_then_wait_1h"])
def test_elapsed_time_knows_no_clock_changes(spec: str) -> None:
    schedule = parse_schedule(spec, NEW_YORK)

    assert all(not each.reasons for each in explain(schedule, utc("2025-03-09 00:00"), 12))
    assert warnings_within(schedule, utc("2025-01-01 00:00")) == []


WARNINGS = [
    (
        "daily_at_02:30",
        NEW_YORK,
        ["02:30 does not exist on 2025-03-09", "03:00 -04:00"],
    ),
    ("daily_at_01:30", NEW_YORK, ["01:30 comes twice on 2025-11-02", "first pass only"]),
    ("0 */2 * * *", NEW_YORK, ["02:00 does not exist on 2025-03-09", "no fire"]),
    ("0 1-23/2 * * *", NEW_YORK, ["01:00 comes twice on 2025-11-02", "first pass only"]),
    (
        "0 * * * *",
        "Australia/Lord_Howe",
        ["02:00 does not exist on 2025-10-05", "no fire"],
    ),
]


@pytest.mark.parametrize(("spec", "zone", "parts"), WARNINGS)
def test_a_surprise_within_a_year_is_a_warning(spec: str, zone: str, parts: list[str]) -> None:
    found = warnings_within(parse_schedule(spec, zone), utc("2025-01-01 00:00"))

    assert len(found) == 1
    assert all(part in found[0].text for part in parts)


@pytest.mark.parametrize(
    ("spec", "zone"),
    [
        ("daily_at_09:00", NEW_YORK),
        # as regular in real time as on any day
        ("hourly", NEW_YORK),
        ("*/5 * * * *", NEW_YORK),
        ("*/15 * * * *", "Australia/Lord_Howe"),
        ("daily_at_02:30", "UTC"),
        ("weekly_on_mon_at_02:30", NEW_YORK),
        ("weekly_on_wed_at_01:30", NEW_YORK),
    ],
)
def test_no_surprise_no_warning(spec: str, zone: str) -> None:
    assert warnings_within(parse_schedule(spec, zone), utc("2025-01-01 00:00")) == []


def test_warnings_look_no_further_than_asked() -> None:
    schedule = parse_schedule("daily_at_02:30", NEW_YORK)

    assert warnings_within(schedule, utc("2025-01-01 00:00"), days=60) == []
    [warning] = warnings_within(schedule, utc("2025-01-01 00:00"), days=70)
    assert warning.at == utc("2025-03-09 07:00")
    assert warning.at - timedelta(days=70) < utc("2025-01-01 00:00")
