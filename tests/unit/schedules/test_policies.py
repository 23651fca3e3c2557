"""What follows from a schedule for late, many and simultaneous slots."""

from datetime import datetime, timedelta
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.schedules.policies import count_between, default_grace, jitter
from tests.unit.schedules.made import NEW_YORK, at, fires_of, utc
from tests.unit.schedules.strategies import FILTERS, MOMENTS, TABLES, TEXTS, ZONES

law = settings(derandomize=True, database=None, deadline=None, max_examples=120)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("spec", "after", "grace"),
    [
        ("* * * * *", "2026-01-01 00:00", MINUTE),  # half would be 30 s
        ("*/30 * * * *", "2026-01-01 00:00", 15 * MINUTE),
        ("interval_10m", "2026-01-01 00:00", 5 * MINUTE),
        ("interval_30s", "2026-01-01 00:00", MINUTE),
        ("hourly", "2026-01-01 00:00", 30 * MINUTE),
        ("0 */6 * * *", "2026-01-01 00:00", HOUR),  # half would be 3 h
        ("daily_at_09:00", "2026-01-01 00:00", DAY),
        ("daily_at_09:00", "2026-03-07 12:00", DAY),  # a day of 23 h follows
        ("weekly", "2026-01-01 00:00", DAY),
        ("monthly", "2026-01-01 00:00", DAY),
        ("once_at_2026-12-01T09:00", "2026-01-01 00:00", DAY),
        ("run_then_wait_10m", "2026-01-01 00:00", 5 * MINUTE),
        ("time_of_day 08:00,20:00", "2026-01-01 00:00", HOUR),
    ],
)
def test_default_grace(spec: str, after: str, grace: timedelta) -> None:
    schedule = parse_schedule(spec, NEW_YORK)
    due = schedule.next_after(at(after, NEW_YORK))
    assert due is not None

    assert default_grace(schedule, due) == grace


@law
@given(text=TEXTS, moment=MOMENTS, seconds=st.floats(0, 10**6), key=st.text(max_size=20))
def test_jitter_is_fixed_and_stays_below_the_next_slot(
    text: str, moment: datetime, seconds: float, key: str
) -> None:
    schedule = parse_schedule(text, key="k")
    due = schedule.next_after(moment)
    if due is None:
        return

    late = jitter(schedule, due, seconds, key=key)

    following = schedule.next_after(due)
    assert timedelta(0) <= late <= timedelta(seconds=seconds)
    assert following is None or due + late < following
    assert jitter(parse_schedule(text, key="k"), due, seconds, key=key) == late


def test_jitter_spreads_tasks_and_slots() -> None:
    schedule = parse_schedule("hourly")
    slots = fires_of(schedule, utc("2026-01-01 00:00"), 100)

    by_slot = {jitter(schedule, due, 60, key="papers") // timedelta(seconds=6) for due in slots}
    by_task = {
        jitter(schedule, slots[0], 60, key=f"t{i}") // timedelta(seconds=6) for i in range(99)
    }

    assert by_slot == by_task == set(range(10))


@pytest.mark.parametrize("seconds", [0, -5])
def test_no_jitter_is_the_default(seconds: float) -> None:
    schedule = parse_schedule("hourly")

    assert jitter(schedule, utc("2026-01-01 00:00"), seconds, key="papers") == timedelta(0)


@law
@given(text=TEXTS, zone=ZONES, moment=MOMENTS, hours=st.integers(0, 400))
def test_the_count_is_the_number_of_fires(
    text: str, zone: str, moment: datetime, hours: int
) -> None:
    schedule = parse_schedule(text, zone, key="k")
    until = moment + timedelta(hours=hours)

    found = count_between(schedule, moment, until)

    seen = _walked(schedule, moment, until, 1 if schedule.chained else 2000)
    assert min(found, 2000) == seen
    assert count_between(schedule, moment, until, 3) == min(found, 3)


@law
@given(table=TABLES, filters=FILTERS, moment=MOMENTS, hours=st.integers(0, 200))
def test_the_count_leaves_out_what_filters_skip(
    table: dict[str, object], filters: dict[str, object], moment: datetime, hours: int
) -> None:
    schedule = parse_schedule({**table, **filters}, key="k")
    until = moment + timedelta(hours=hours)
    if schedule.chained:
        return

    found = count_between(schedule, moment, until, 300)

    assert found == _walked(schedule, moment, until, 300)


def _walked(schedule: BaseSchedule, moment: datetime, until: datetime, limit: int) -> int:
    seen = 0
    due = schedule.next_after(moment)
    while due is not None and due <= until and seen < limit:
        seen += 1
        due = schedule.next_after(due)
    return seen


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        ("* * * * *", 5_260_321),  # ten years of minutes
        ("interval_1s", 315_619_200),
        ("daily_at_02:30", 3653),
        ("0 9 * * 1-5", 2609),
        ("manual", 0),
    ],
)
def test_years_of_slots_are_counted_not_walked_through(spec: str, most: int) -> None:
    schedule = parse_schedule(spec, NEW_YORK)
    begin = process_time()

    found = count_between(schedule, utc("2016-01-01 00:00"), utc("2026-01-01 00:00"))

    assert abs(found - most) <= 2 * 10**-4 * most
    assert process_time() - begin < 2, "walking takes half a minute and more"


def test_nothing_lies_between_a_moment_and_an_earlier_one() -> None:
    for spec in ("hourly", "daily", "interval_5m", "once_at_2026-01-01T00:00", "manual"):
        schedule = parse_schedule(spec)
        assert count_between(schedule, utc("2026-01-02 00:00"), utc("2025-12-01 00:00")) == 0
