"""The slot before a slot, and the time that a run stands for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from stoma.domain.window import SINCE, AsOf, Window
from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule
from stoma.schedules.as_of import as_of
from stoma.schedules.policies import slot_before
from tests.unit.schedules.strategies import FILTERS, TABLES, TEXTS, ZONES

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday


@dataclass(frozen=True)
class Ran:
    trigger: str = "schedule"
    due_at: datetime | None = NOON
    params: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("schedule", "before"),
    [
        ("hourly", "2026-03-02T11:00"),
        ("interval_1s", "2026-03-02T11:59:59"),
        ("daily_at_12:00", "2026-03-01T12:00"),
        ("weekly_on_mon_at_12:00", "2026-02-23T12:00"),
        ({"cron": "*/5 9-17 * * *", "skip_weekends": True}, "2026-03-02T11:55"),
        ({"cron": "0 12 * * *", "skip_weekends": True}, "2026-02-27T12:00"),
        ("0 12 29 2 *", "2024-02-29T12:00"),
        ({"type": "time_of_day", "hours": [0, 8, 16]}, "2026-03-02T08:00"),
        ("once_at_2026-03-02T12:00", None),
        ("once_at_2014-03-02T12:00", None),  # too long ago to be of use
        ("manual", None),
        ("run_then_wait_10m", None),
    ],
)
def test_the_slot_before(schedule: Any, before: str | None) -> None:
    found = slot_before(parse_schedule(schedule), NOON)

    assert found == (None if before is None else datetime.fromisoformat(f"{before}+00:00"))


def test_a_first_slot_between_two_seconds_has_the_whole_one_before_it() -> None:
    odd = NOON + timedelta(microseconds=1)

    assert slot_before(parse_schedule("hourly"), odd) == NOON


@settings(derandomize=True, database=None, deadline=None, max_examples=120)
@given(
    spec=st.one_of(TEXTS, st.builds(dict.__or__, TABLES, FILTERS)),
    zone=ZONES,
    moment=st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_nothing_lies_between_a_slot_and_the_one_before(
    spec: Any, zone: str, moment: datetime
) -> None:
    try:
        schedule = parse_schedule(spec, zone, key="papers")
    except ScheduleError:
        reject()
    found = slot_before(schedule, moment)

    if found is not None:
        assert found < moment
        following = schedule.next_after(found)
        assert following is None or following >= moment


def test_a_run_stands_for_the_time_since_the_slot_before() -> None:
    schedule = parse_schedule("hourly")

    assert as_of(Ran(), schedule) == AsOf(
        scheduled_for=NOON, window=Window(start=NOON - timedelta(hours=1), end=NOON)
    )


def test_a_run_that_fills_a_gap_is_of_the_past() -> None:
    found = as_of(Ran(trigger="backfill"), parse_schedule("hourly"))

    assert found is not None
    assert found.window is not None
    assert found.window.past


def test_a_run_stands_for_missed_slots_as_well() -> None:
    since = (NOON - timedelta(hours=5)).isoformat()

    found = as_of(Ran(trigger="catch_up", params={SINCE: since}), parse_schedule("hourly"))

    assert found is not None
    assert found.window == Window(start=NOON - timedelta(hours=6), end=NOON)


def test_a_slot_without_one_before_has_no_window() -> None:
    once = parse_schedule("once_at_2026-03-02T12:00")

    assert as_of(Ran(), once) == AsOf(scheduled_for=NOON)


def test_what_somebody_asked_for_has_no_slot() -> None:
    assert as_of(Ran(trigger="manual", due_at=None), parse_schedule("hourly")) is None
