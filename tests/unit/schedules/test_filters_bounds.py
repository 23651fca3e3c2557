"""Where the search for a slot ends, and what filters need to be there."""

import sys
from datetime import UTC, datetime

import pytest

from stoma.exceptions import ScheduleError
from stoma.schedules import ensure_fires, parse_schedule
from stoma.schedules.calendars import _package, _supported, calendar_of
from tests.unit.schedules.made import NEW_YORK, utc


@pytest.mark.parametrize(
    "filters",
    [
        {"blackouts": [{"from": "08:00", "to": "10:00"}]},
        {"only_between": "10:00-11:00"},
        {"only_between": "10:00-11:00", "on_hit": "next_business_day"},
        {"blackouts": [{"from": "0001-01-01", "to": "9999-12-31"}], "on_hit": "defer_to_end"},
        {"blackouts": [{"from": "0001-01-01", "to": "9999-12-31"}], "on_hit": "next_business_day"},
        {"type": "once", "at": "2026-01-03T09:00", "skip_weekends": True},
    ],
)
def test_a_schedule_whose_filters_let_nothing_through_never_fires(
    filters: dict[str, object],
) -> None:
    table = {"type": "daily", **filters}
    schedule = parse_schedule(table if "at" in table else {**table, "hour": 9})

    assert schedule.next_after(utc("2026-01-01 00:00")) is None
    with pytest.raises(ScheduleError, match="never fires after 2026-01-01 00:00 UTC"):
        ensure_fires(schedule, utc("2026-01-01 00:00"))


def test_a_second_by_second_schedule_is_not_walked_through() -> None:
    schedule = parse_schedule(
        {
            "type": "interval",
            "seconds": 1,
            "blackouts": [{"from": "2026-01-01", "to": "2028-01-01"}],
        }
    )

    assert schedule.next_after(utc("2026-01-05 00:00")) == utc("2028-01-01 00:00")


def test_a_search_gives_up_after_ten_thousand_steps() -> None:
    # Eleven stretches a day, all blocked: ten thousand steps are two and a half years.
    blackouts = [{"from": f"{hour:02}:00", "to": f"{hour:02}:30"} for hour in range(6)]
    schedule = parse_schedule(
        {
            "type": "interval",
            "minutes": 1,
            "blackouts": [*blackouts, {"from": "2026-01-01", "to": "2029-01-01"}],
        }
    )

    assert schedule.next_after(utc("2026-01-05 00:00")) is None
    assert schedule.next_after(utc("2027-01-05 00:00")) == utc("2029-01-01 00:30")


def test_a_rare_schedule_may_wait_longer_than_five_years() -> None:
    # 29 February is a Thursday in 2024, a Tuesday in 2028, a Sunday in 2032
    schedule = parse_schedule(
        {"cron": "0 0 29 2 *", "blackouts": [{"from": "2028-01-01", "to": "2036-01-01"}]}
    )

    assert schedule.next_after(utc("2026-01-01 00:00")) == utc("2036-02-29 00:00")


@pytest.mark.parametrize("spec", ["manual", "daily", "run_then_wait_5m"])
def test_a_schedule_that_fires_or_has_no_slots_is_fine(spec: str) -> None:
    ensure_fires(parse_schedule(spec), utc("2026-01-01 00:00"))


def test_a_moment_that_is_past_never_fires() -> None:
    with pytest.raises(ScheduleError, match="never fires after"):
        ensure_fires(parse_schedule("once_at_2025-12-31T23:59"), utc("2026-01-01 00:00"))


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("country", ["US", "IR"])
@pytest.mark.parametrize("on_hit", ["skip", "defer_to_end", "next_business_day"])
def test_filters_at_the_ends_of_the_calendar(year: int, country: str, on_hit: str) -> None:
    schedule = parse_schedule(
        {"type": "hourly", "skip_weekends": True, "holidays": country, "on_hit": on_hit}, NEW_YORK
    )

    edge = datetime(year, 1, 1, tzinfo=UTC) if year == 1 else datetime.max.replace(tzinfo=UTC)

    due = schedule.next_after(edge)
    assert due is None or due > edge


def test_worked_in_saturdays_are_no_weekend() -> None:
    # China works on 2025-01-26, a Sunday, to make the Spring Festival longer
    schedule = parse_schedule({"type": "daily", "hour": 9, "skip_weekends": True, "holidays": "CN"})

    assert schedule.next_after(utc("2025-01-25 12:00")) == utc("2025-01-26 09:00")


def test_without_the_package_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _supported.cache_clear()
    calendar_of.cache_clear()
    monkeypatch.setitem(sys.modules, "holidays", None)

    with pytest.raises(ScheduleError, match="not installed") as caught:
        parse_schedule({"type": "daily", "holidays": "US"})

    assert caught.value.hint == "pip install holidays"
    with pytest.raises(ScheduleError):
        _package()
