"""What holds for every schedule: later, nothing between, once per reading, and back from text."""

import pickle
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.schedules import parse_schedule
from tests.unit.schedules.made import NEW_YORK, fires_of, utc
from tests.unit.schedules.strategies import CLOCKS, FILTERS, MOMENTS, TABLES, TEXTS, ZONES

law = settings(derandomize=True, database=None, deadline=None, max_examples=150)


@law
@given(text=TEXTS, zone=ZONES, moment=MOMENTS)
def test_the_next_is_later_and_nothing_lies_between(text: str, zone: str, moment: datetime) -> None:
    schedule = parse_schedule(text, zone, key="task")

    due = schedule.next_after(moment)

    if due is not None and not schedule.chained:
        assert due > moment
        assert due.tzinfo is UTC
        for part in (0.001, 0.5, 0.999):
            assert schedule.next_after(moment + part * (due - moment)) == due
        assert schedule.next_after(due - timedelta(microseconds=1)) == due


@law
@given(text=TEXTS, zone=ZONES)
def test_a_text_comes_back_from_its_value(text: str, zone: str) -> None:
    schedule = parse_schedule(text, zone, key="task")

    assert schedule.spec() == text
    again = parse_schedule(schedule.spec(), schedule.timezone, key="task")
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert schedule.describe()


@law
@given(table=TABLES, filters=FILTERS, zone=ZONES)
def test_a_table_comes_back_from_its_value(
    table: dict[str, object], filters: dict[str, object], zone: str
) -> None:
    schedule = parse_schedule({**table, **filters}, zone, key="task")

    again = parse_schedule(schedule.spec(), zone, key="task")

    assert again == schedule
    assert again.describe() == schedule.describe()
    assert again.spec() == schedule.spec()
    assert pickle.loads(pickle.dumps(schedule)) == schedule


@law
@given(table=TABLES, filters=FILTERS, moment=MOMENTS)
def test_filters_keep_the_order(
    table: dict[str, object], filters: dict[str, object], moment: datetime
) -> None:
    schedule = parse_schedule({**table, **filters}, key="task")

    due = schedule.next_after(moment)
    slot = schedule.next_slot(moment)

    if due is not None and not schedule.chained:
        assert due > moment
        assert schedule.next_after(due - timedelta(microseconds=1)) == due
        assert slot is not None
        assert moment < slot.due_at <= due
        assert slot.skipped_by or slot.due_at == due


@law
@given(clock=CLOCKS, zone=ZONES, year=st.integers(1976, 2037))
def test_a_daily_time_fires_once_for_every_date_of_a_year(clock: str, zone: str, year: int) -> None:
    schedule = parse_schedule(f"daily_at_{clock}", zone)

    fires = fires_of(schedule, datetime(year, 1, 1, tzinfo=ZoneInfo(zone)) - timedelta(1), 380)

    dates = [fire.astimezone(ZoneInfo(zone)).date() for fire in fires]
    in_year = [date for date in dates if date.year == year]
    leap = year % 4 == 0
    # Apia left out a day; what was due on it came at the first instant of the next.
    doubled = len(in_year) - len(set(in_year))
    assert len(in_year) == 365 + leap
    assert doubled == (zone == "Pacific/Apia" and year == 2011 and clock != "00:00")


@pytest.mark.parametrize("text", ["daily_at_01:30", "*/20 * * * *", "30 0-2 * * *", "0-59 1 * * *"])
def test_a_restart_inside_a_fold_changes_nothing(text: str) -> None:
    # New York, 2025-11-02: 02:00 -> 01:00 at 06:00 UTC
    begin = utc("2025-11-02 03:00")
    undisturbed = fires_of(parse_schedule(text, NEW_YORK), begin, 40)

    for minutes in range(0, 360, 7):
        asked = begin + timedelta(minutes=minutes)
        rest = [fire for fire in undisturbed if fire > asked]
        restarted = parse_schedule(text, NEW_YORK)
        assert fires_of(restarted, asked, len(rest)) == rest


@law
@given(text=TEXTS, zone=ZONES, moment=MOMENTS)
def test_slots_are_the_fires_where_nothing_is_filtered(
    text: str, zone: str, moment: datetime
) -> None:
    schedule = parse_schedule(text, zone, key="task")

    slot = schedule.next_slot(moment)

    due = schedule.next_after(moment)
    if schedule.chained:
        due = due and due.replace(microsecond=0)
    assert (slot.due_at if slot else None) == due
    if slot:
        assert slot.nominal_at == slot.due_at
        assert slot.skipped_by is None
