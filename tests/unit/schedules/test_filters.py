"""Filters: what they hit, what becomes of a slot, and how far a search goes."""

from datetime import timedelta

import pytest

from stoma.schedules import parse_schedule
from tests.unit.schedules.made import NEW_YORK, fires_of, utc

NIGHT = {"from": "22:00", "to": "06:00"}
#: 2026-01-01 is a Thursday, and New Year's Day.
TABLE: list[tuple[dict[str, object], list[str]]] = [
    (
        {"skip_weekends": True},
        ["01-01 09:00", "01-02 09:00", "01-05 09:00", "01-06 09:00"],
    ),
    # in Israel the weekend is Friday and Saturday
    ({"skip_weekends": True, "holidays": "IL"}, ["01-01 09:00", "01-04 09:00", "01-05 09:00"]),
    ({"skip_weekends": False}, ["01-01 09:00", "01-02 09:00", "01-03 09:00"]),
    ({"holidays": "US"}, ["01-02 09:00", "01-03 09:00"]),
    ({"holidays": "us"}, ["01-02 09:00", "01-03 09:00"]),
    # Epiphany is a holiday in Bavaria, not in Berlin
    (
        {"holidays": "DE-BY"},
        ["01-02 09:00", "01-03 09:00", "01-04 09:00", "01-05 09:00", "01-07 09:00"],
    ),
    (
        {"holidays": "de-be"},
        ["01-02 09:00", "01-03 09:00", "01-04 09:00", "01-05 09:00", "01-06 09:00"],
    ),
    # half-open: what starts at 09:00 hits, what ends then does not
    ({"blackouts": [{"from": "09:00", "to": "09:01"}], "hour": 9}, []),
    ({"blackouts": [{"from": "08:00", "to": "09:00"}]}, ["01-01 09:00"]),
    ({"blackouts": [{"from": "2026-01-01", "to": "2026-01-03"}]}, ["01-03 09:00"]),
    ({"blackouts": [{"from": "2026-01-01", "to": "2026-01-03T09:00"}]}, ["01-03 09:00"]),
    (
        {"blackouts": [{"from": "2026-01-02T09:00", "to": "2026-01-03"}]},
        ["01-01 09:00", "01-03 09:00"],
    ),
    (
        {"blackouts": [{"from": "2026-01-01T09:00Z", "to": "2026-01-02T10:00+02:00"}]},
        ["01-02 09:00"],
    ),
    ({"blackouts": [NIGHT], "hour": 22}, []),
    ({"blackouts": [NIGHT], "hour": 5}, []),
    ({"blackouts": [NIGHT], "hour": 6}, ["01-01 06:00", "01-02 06:00"]),
    ({"only_between": "09:00-17:00"}, ["01-01 09:00"]),
    ({"only_between": "09:00-17:00", "hour": 17}, []),
    ({"only_between": "22:00-06:00", "hour": 5}, ["01-01 05:00"]),
    ({"only_between": "22:00-24:00", "hour": 23}, ["01-01 23:00"]),
    (
        {"holidays": "US", "skip_weekends": True, "on_hit": "defer_to_end"},
        # New Year ends at midnight, the weekend on Monday
        ["01-02 00:00", "01-02 09:00", "01-05 00:00", "01-05 09:00"],
    ),
    (
        {"skip_weekends": True, "blackouts": [NIGHT], "hour": 23, "on_hit": "defer_to_end"},
        ["01-01 06:00", "01-02 06:00", "01-05 06:00", "01-06 06:00"],
    ),
    (
        {"skip_weekends": True, "on_hit": "next_business_day", "minute": 30},
        ["01-01 09:30", "01-02 09:30", "01-05 09:30", "01-06 09:30"],
    ),
    (
        {
            "type": "weekly",
            "day_of_week": "sat",
            "skip_weekends": True,
            "on_hit": "next_business_day",
        },
        ["01-05 09:00", "01-12 09:00", "01-19 09:00"],
    ),
    (
        {
            "type": "weekly",
            "day_of_week": "sat",
            "skip_weekends": True,
            "holidays": "US",  # 2026-01-19 is Martin Luther King's day
            "on_hit": "next_business_day",
        },
        ["01-05 09:00", "01-12 09:00", "01-20 09:00"],
    ),
    (
        # a day that a dated blackout touches is no business day
        {
            "blackouts": [{"from": "2026-01-01", "to": "2026-01-02T08:00"}],
            "on_hit": "next_business_day",
        },
        ["01-02 09:00", "01-03 09:00", "01-04 09:00", "01-05 09:00"],
    ),
    # a daily rule forbids a time on every day: there is nowhere to move to
    ({"blackouts": [NIGHT], "hour": 23, "on_hit": "next_business_day"}, []),
]


@pytest.mark.parametrize(("filters", "expected"), TABLE)
def test_fires_that_the_filters_leave(filters: dict[str, object], expected: list[str]) -> None:
    schedule = parse_schedule({"type": "daily", "hour": 9, **filters})

    found = fires_of(schedule, utc("2025-12-31 23:59"), max(1, len(expected)))

    assert [f"{fire:%m-%d %H:%M}" for fire in found] == expected


SLOTS = [
    ({"holidays": "US"}, "2026-01-01 09:00", "holidays US: New Year's Day"),
    ({"holidays": "DE"}, "2026-01-01 09:00", "holidays DE: New Year's Day"),
    ({"skip_weekends": True}, "2026-01-03 09:00", "skip_weekends: Saturday"),
    (
        {"blackouts": [{"from": "08:30", "to": "10:00"}]},
        "2026-01-05 09:00",
        "blackouts: 08:30-10:00",
    ),
    (
        {"blackouts": [{"from": "2026-01-05", "to": "2026-01-06T12:00"}]},
        "2026-01-05 09:00",
        "blackouts: 2026-01-05 to 2026-01-06T12:00:00",
    ),
    ({"only_between": "10:00-17:00"}, "2026-01-05 09:00", "only_between: 10:00-17:00"),
    ({"only_between": "09:00-17:00"}, "2026-01-05 09:00", None),
]


@pytest.mark.parametrize(("filters", "due", "rule"), SLOTS)
def test_a_skipped_slot_says_which_rule(
    filters: dict[str, object], due: str, rule: str | None
) -> None:
    schedule = parse_schedule({"type": "daily", "hour": 9, **filters})

    slot = schedule.next_slot(utc(due) - timedelta(hours=1))

    assert slot is not None
    assert (slot.due_at, slot.nominal_at) == (utc(due), utc(due))
    assert slot.skipped_by == rule
    assert slot.deferred_by is None


def test_a_deferred_slot_says_from_where_and_why() -> None:
    schedule = parse_schedule(
        {"type": "daily", "hour": 23, "blackouts": [NIGHT], "on_hit": "defer_to_end"}, NEW_YORK
    )

    slot = schedule.next_slot(utc("2026-01-05 12:00"))

    assert slot is not None
    assert slot.due_at == utc("2026-01-06 11:00")
    assert slot.nominal_at == utc("2026-01-06 04:00")
    assert slot.deferred_by == "blackouts: 22:00-06:00"
    assert slot.skipped_by is None


def test_deferred_slots_collapse_into_one() -> None:
    schedule = parse_schedule({"type": "hourly", "blackouts": [NIGHT], "on_hit": "defer_to_end"})

    slots = list(schedule.slots_between(utc("2026-01-05 21:30"), utc("2026-01-06 07:00")))

    assert [f"{slot.due_at:%H:%M}" for slot in slots] == ["06:00", "07:00"]
    assert f"{slots[0].nominal_at:%H:%M}" == "22:00"


def test_a_moved_slot_that_can_not_run_anywhere_is_skipped() -> None:
    schedule = parse_schedule(
        {
            "type": "time_of_day",
            "hours": [9, 23],
            "skip_weekends": True,
            "blackouts": [NIGHT],
            "on_hit": "next_business_day",
        }
    )

    # from Friday evening to Monday
    slots = list(schedule.slots_between(utc("2026-01-09 12:00"), utc("2026-01-12 23:30")))

    assert [(f"{slot.due_at:%a %H:%M}", slot.skipped_by) for slot in slots] == [
        ("Fri 23:00", "blackouts: 22:00-06:00"),
        ("Sat 23:00", "skip_weekends: Saturday"),
        ("Sun 23:00", "skip_weekends: Sunday"),
        ("Mon 09:00", None),
        ("Mon 23:00", "blackouts: 22:00-06:00"),
    ]


def test_a_skipped_slot_of_run_then_wait_ends_at_once() -> None:
    schedule = parse_schedule({"type": "run_then_wait", "minutes": 25, "blackouts": [NIGHT]})
    end = utc("2026-01-05 21:50")

    slots = list(schedule.slots_between(end, utc("2026-01-06 06:30")))

    assert len([slot for slot in slots if slot.skipped_by]) == 19
    assert schedule.next_after(end) == slots[-1].due_at == utc("2026-01-06 06:10")


@pytest.mark.parametrize("on_hit", ["defer_to_end", "next_business_day"])
def test_run_then_wait_can_be_moved(on_hit: str) -> None:
    schedule = parse_schedule(
        {"type": "run_then_wait", "hours": 3, "skip_weekends": True, "on_hit": on_hit}
    )

    due = schedule.next_after(utc("2026-01-09 23:00"))

    assert due == utc("2026-01-12 00:00" if on_hit == "defer_to_end" else "2026-01-12 02:00")


def test_a_moved_slot_that_a_gap_puts_into_a_blackout_moves_on() -> None:
    # Cairo, Friday 2025-04-25: 00:00 -> 01:00, so 00:30 of that day would run at 01:00
    schedule = parse_schedule(
        {
            "type": "weekly",
            "day_of_week": "thu",
            "minute": 30,
            "blackouts": [
                {"from": "01:00", "to": "02:00"},
                {"from": "2025-04-24", "to": "2025-04-25"},
            ],
            "on_hit": "next_business_day",
        },
        "Africa/Cairo",
    )

    assert schedule.next_after(utc("2025-04-22 00:00")) == utc("2025-04-27 21:30")
