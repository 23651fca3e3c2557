"""What a change means in fires."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.domain.task import Task
from stoma.exceptions import ScheduleError
from stoma.scheduler.forecast import MOST, SPAN, Fires, forecast
from stoma.schedules import parse_schedule
from tests.fakes import START
from tests.makers import make_task

law = settings(derandomize=True, database=None, deadline=None, max_examples=60)


def task(schedule: object, **fields: object) -> Task:
    return make_task(schedule=schedule, **fields)


def fires(schedule: object, now: datetime = START) -> set[datetime]:
    """Return every fire of the next seven days, one by one."""
    slots = parse_schedule(schedule, key="papers").slots_between(now, now + SPAN)
    return {slot.due_at for slot in slots if slot.skipped_by is None}


def test_another_time_of_day_loses_the_old_fires_and_gains_the_new_ones() -> None:
    found = forecast(task("daily_at_06:00"), task("time_of_day 05:00,17:00"), now=START)

    assert (found.lost.count, found.lost.clock) == (7, ("06:00",))
    assert (found.gained.count, found.gained.clock) == (14, ("05:00", "17:00"))
    assert found.gained.first[0] == START.replace(hour=17)
    assert (found.complete, found.until) == (True, START + SPAN)


def test_fires_that_both_have_are_neither_lost_nor_gained() -> None:
    found = forecast(task("interval_6h"), task("time_of_day 06:00,12:00,20:00"), now=START)

    assert (found.lost.count, found.lost.clock) == (14, ("00:00", "18:00"))
    assert (found.gained.count, found.gained.clock) == (7, ("20:00",))


def test_another_way_to_say_the_same_changes_nothing() -> None:
    assert not forecast(task("daily_at_06:00"), task("cron: 0 6 * * *"), now=START)
    assert not forecast(task("hourly"), task("hourly", name="Other"), now=START)
    assert not forecast(None, None, now=START)


def test_a_new_task_only_gains_and_one_that_goes_only_loses() -> None:
    gained = forecast(None, task("daily"), now=START)
    lost = forecast(task("daily"), None, now=START)

    assert (gained.lost, gained.gained.count) == (Fires(), 7)
    assert (lost.gained, lost.lost.count) == (Fires(), 7)


def test_a_disabled_task_has_no_fires() -> None:
    off = task("daily", enabled=False)

    assert forecast(task("daily"), off, now=START).lost.count == 7
    assert forecast(off, task("daily"), now=START).gained.count == 7


def test_another_zone_shows_each_on_its_own_clock() -> None:
    before = task("daily_at_06:00")
    after = task("daily_at_06:00", timezone="America/New_York")

    found = forecast(before, after, now=START)

    assert [f"{each.first[0]:%H:%M %Z}" for each in (found.lost, found.gained)] == [
        "06:00 UTC",
        "06:00 EST",
    ]
    assert found.gained.first[0].utcoffset() == timedelta(hours=-5)


def test_the_zone_of_tasks_that_name_none_counts() -> None:
    found = forecast(None, task("daily_at_06:00"), now=START, timezone="Asia/Tokyo")

    assert found.gained.first[0].tzname() == "JST"


def test_a_clock_change_within_the_week_is_one_time_of_day() -> None:
    # America/New_York goes to summer time on 2026-03-08.
    found = forecast(None, task("daily_at_06:00", timezone="America/New_York"), now=START)

    assert found.gained.clock == ("06:00",)


def test_many_times_of_day_are_shown_by_their_first_moments() -> None:
    found = forecast(None, task("interval_1h"), now=START)

    assert found.gained.clock == ()
    assert [moment.hour for moment in found.gained.first] == [13, 14, 15]


def test_seconds_are_shown_where_there_are_any() -> None:
    found = forecast(None, task({"cron": "30 0 6 * * *", "seconds": True}), now=START)

    assert found.gained.clock == ("06:00:30",)


def test_slots_that_a_filter_skips_are_no_fires() -> None:
    before = task("daily_at_06:00")
    after = task({"pattern": "daily_at_06:00", "skip_weekends": True})

    found = forecast(before, after, now=START)

    assert (found.lost.count, found.gained.count) == (2, 0)


def test_a_task_that_waits_for_its_last_run_starts_at_once_and_is_told_in_words() -> None:
    found = forecast(task("daily"), task("run_then_wait_10m"), now=START)

    assert (found.gained.count, found.gained.first) == (1, (START,))
    assert found.gained.words == "10 minutes after each run ends"
    assert forecast(task("run_then_wait_10m"), None, now=START).lost.words


def test_an_interval_that_runs_on_start_fires_at_once() -> None:
    spec = {"type": "interval", "hours": 24, "run_on_start": True}

    assert forecast(None, task(spec), now=START).gained.first[0] == START


def test_manual_tasks_fire_never() -> None:
    assert not forecast(None, task("manual"), now=START)


def test_a_schedule_that_can_not_be_read_any_more_did_not_fire() -> None:
    gone = task("daily", timezone="Atlantis/Capital")

    assert forecast(gone, task("daily"), now=START).gained.count == 7
    with pytest.raises(ScheduleError):
        forecast(None, gone, now=START)


def test_of_a_very_busy_schedule_the_first_fires_are_compared() -> None:
    found = forecast(task("interval_1s"), task("interval_2s"), now=START)

    assert not found.complete
    assert found.until < START + timedelta(seconds=MOST + 2)
    assert (found.lost.count, found.gained.count) == (MOST / 2, 0)


specs = st.one_of(
    st.sampled_from(["hourly", "daily", "weekly", "manual", "0 9 * * 1-5", "*/20 8-10 * * *"]),
    st.integers(1, 9).map(lambda hours: f"interval_{hours}h"),
    st.times().map(lambda at: f"daily_at_{at:%H:%M}"),
    st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True).map(
        lambda hours: {"type": "time_of_day", "hours": hours, "skip_weekends": True}
    ),
)
moments = st.integers(0, 86_400 * 365).map(lambda seconds: START + timedelta(seconds=seconds))


@law
@given(old=specs, new=specs, now=moments)
def test_a_forecast_is_the_difference_of_two_sets(old: object, new: object, now: datetime) -> None:
    found = forecast(task(old), task(new), now=now)

    before, after = fires(old, now), fires(new, now)
    assert found.lost.count == len(before - after)
    assert found.gained.count == len(after - before)
    assert list(found.lost.first) == sorted(before - after)[:3]
    assert list(found.gained.first) == sorted(after - before)[:3]


@law
@given(old=specs, new=specs, now=moments)
def test_the_way_back_is_the_mirror(old: object, new: object, now: datetime) -> None:
    there, back = forecast(task(old), task(new), now=now), forecast(task(new), task(old), now=now)

    assert (there.lost, there.gained) == (back.gained, back.lost)
