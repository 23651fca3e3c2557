"""What is worth telling: tables and laws."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.domain.notice import Event, Trouble
from stoma.domain.run import Outcome, Run, RunState, Trigger
from stoma.notifications.rules import (
    FAILING,
    MISSING,
    Rules,
    after_end,
    backoff_seconds,
    channels_of,
    not_before,
    oddities,
    span,
)
from tests.fakes import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = Rules()


def ended(outcome: Outcome, *, at: datetime = START) -> Run:
    return Run(
        id=9,
        task_id="papers",
        task_version=1,
        trigger=Trigger.SCHEDULE,
        state=RunState.DONE,
        outcome=outcome,
        created_at=at,
        started_at=at - timedelta(minutes=1),
        ended_at=at,
    )


def events(run: Run, troubles: dict[str, Trouble] | None = None) -> list[Event]:
    told, _ = after_end(run, troubles or {}, RULES)
    return [each.event for each in told]


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        (Outcome.SUCCEEDED, [Event.SUCCESS]),
        (Outcome.EMPTY, [Event.SUCCESS]),
        (Outcome.FAILED, [Event.FAILURE]),
        (Outcome.TIMED_OUT, [Event.FAILURE]),
        (Outcome.INTERRUPTED, [Event.FAILURE]),
        (Outcome.DEAD, [Event.DEAD]),
        (Outcome.CANCELLED, []),  # somebody asked for it
        (Outcome.PARTIAL, []),  # it did something, and says itself that it was not all
    ],
)
def test_each_end_is_told_as_what_it_is(outcome: Outcome, event: list[Event]) -> None:
    assert events(ended(outcome)) == event


def test_a_failure_is_told_from_the_third_in_a_row_on() -> None:
    rules, told = Rules(after_failures=3, repeat=timedelta(0)), []
    troubles: dict[str, Trouble] = {}

    for number in range(5):
        run = ended(Outcome.FAILED, at=START + number * HOUR)
        found, changed = after_end(run, troubles, rules)
        troubles = {kind: each for kind, each in changed.items() if each}
        told.append(len(found))

    assert told == [0, 0, 1, 1, 1]
    assert troubles[FAILING].since == START
    assert troubles[FAILING].count == 5


@pytest.mark.parametrize(("after", "told"), [(HOUR, False), (DAY - HOUR, False), (DAY, True)])
def test_the_same_trouble_is_told_again_after_a_day(after: timedelta, told: bool) -> None:
    before = {FAILING: Trouble(since=START, count=1, told_at=START)}

    found = events(ended(Outcome.FAILED, at=START + after), before)

    assert found == ([Event.FAILURE] if told else [])


def test_recovery_is_told_only_of_what_was_told() -> None:
    told = {FAILING: Trouble(since=START, count=3, told_at=START)}
    untold = {FAILING: Trouble(since=START, count=1)}

    assert events(ended(Outcome.SUCCEEDED), told) == [Event.RECOVERY]
    assert events(ended(Outcome.SUCCEEDED), untold) == [Event.SUCCESS]


def test_a_good_run_ends_what_was_wrong() -> None:
    before = {kind: Trouble(since=START, count=1, told_at=START) for kind in (FAILING, MISSING)}

    _, changed = after_end(ended(Outcome.SUCCEEDED), before, RULES)

    assert changed == dict.fromkeys((FAILING, MISSING))


def test_what_is_unusual_is_told_once_a_day_until_it_is_over() -> None:
    found, told = {"silence": "nothing new for 9 days"}, []
    troubles: dict[str, Trouble] = {}

    for hours in (0, 1, 23, 24, 25):
        events, changed = oddities(found, troubles, START + hours * HOUR, RULES)
        troubles |= {kind: each for kind, each in changed.items() if each}
        told += [(hours, str(each.event), each.detail) for each in events]
    _, over = oddities({}, troubles, START + DAY * 2, RULES)

    assert told == [(0, "silence", found["silence"]), (24, "silence", found["silence"])]
    assert over == {"silence": None}


ONLY: dict[str, tuple[str, ...]] = {"mail": (), "phone": ("dead",)}


@pytest.mark.parametrize(
    ("event", "told", "channels"),
    [
        (Event.FAILURE, ["mail", "phone"], ["mail"]),
        (Event.DEAD, ["mail", "phone"], ["mail", "phone"]),
        (Event.SUCCESS, ["mail"], []),
        (Event.SUCCESS, ["mail", "mail:success"], ["mail"]),
        (Event.FAILURE, ["phone:failure"], ["phone"]),
        (Event.FAILURE, ["none"], []),
        (Event.FAILURE, ["gone"], []),
        (Event.FAILURE, [], []),
    ],
)
def test_who_is_told(event: Event, told: list[str], channels: list[str]) -> None:
    assert channels_of(event, told, ("failure", "dead"), ONLY) == channels


@pytest.mark.parametrize(
    ("hours", "now", "told"),
    [
        ("", "2026-03-02T23:00+00:00", "2026-03-02T23:00+00:00"),
        ("22:00-07:00", "2026-03-02T20:59+00:00", "2026-03-02T20:59+00:00"),
        ("22:00-07:00", "2026-03-02T21:00+00:00", "2026-03-03T06:00+00:00"),  # CET: UTC + 1
        ("22:00-07:00", "2026-03-03T05:59+00:00", "2026-03-03T06:00+00:00"),
        ("22:00-07:00", "2026-03-03T06:00+00:00", "2026-03-03T06:00+00:00"),
        ("12:00-14:00", "2026-03-02T11:30+00:00", "2026-03-02T13:00+00:00"),
        # The night of 29 March 2026 is an hour short: 07:00 is CEST, UTC + 2.
        ("22:00-07:00", "2026-03-28T22:00+00:00", "2026-03-29T05:00+00:00"),
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(hours: str, now: str, told: str) -> None:
    moment = datetime.fromisoformat(now)

    assert not_before(moment, hours, "Europe/Berlin") == datetime.fromisoformat(told)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_quiet_hours_put_off_by_a_day_at_most(moment: datetime) -> None:
    told = not_before(moment, "22:00-07:00", "Europe/Berlin")

    assert moment <= told < moment + timedelta(hours=10, minutes=1)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_stay_within_an_hour_and_a_quarter(attempts: int, roll: float) -> None:
    assert 22.5 <= backoff_seconds(attempts, roll) <= 4500
    assert backoff_seconds(attempts, roll) <= backoff_seconds(attempts + 1, roll)


@pytest.mark.parametrize(
    ("length", "words"),
    [(timedelta(0), "1 min"), (HOUR / 2, "30 min"), (HOUR * 5, "5 h"), (DAY * 3, "3 days")],
)
def test_lengths_are_said_as_people_do(length: timedelta, words: str) -> None:
    assert span(length) == words
