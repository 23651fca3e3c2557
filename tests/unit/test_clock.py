"""Engine time: what the wall clock says, except that it hardly ever goes back."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.clock import Clock, EngineClock, SystemClock, VirtualClock
from tests.fakes import START

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
NEVER = threading.Event()


@pytest.fixture
def wall() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def engine(wall: VirtualClock) -> EngineClock:
    return EngineClock(wall)


def test_left_alone_it_is_the_wall_clock(wall: VirtualClock, engine: EngineClock) -> None:
    for _ in range(3):
        wall.advance(MINUTE)

        assert engine.now() == wall.now()
    assert engine.steps() == []


@pytest.mark.parametrize(
    ("jump", "shown", "words"),
    [
        (HOUR, HOUR, "set forward by 1:00:00"),
        (timedelta(days=3650), timedelta(days=3650), "set forward by 3650 days"),
        (-MINUTE, timedelta(0), "set back by 0:01:00: the schedule goes on without a break"),
        (-HOUR, timedelta(0), "set back by 1:00:00: the schedule goes on without a break"),
        (-3 * HOUR, -3 * HOUR, "set back by 3:00:00: the schedule goes on from 2026-03-02 09:00"),
        (timedelta(days=-1), timedelta(days=-1), "goes on from 2026-03-01 12:00:00 UTC"),
    ],
)
def test_a_step_is_followed_or_not_and_told(
    wall: VirtualClock, engine: EngineClock, jump: timedelta, shown: timedelta, words: str
) -> None:
    wall.set_by(jump)

    assert engine.now() == START + shown
    (step,) = engine.steps()
    assert words in str(step)
    assert engine.steps() == []


def test_a_difference_of_a_moment_is_no_step(wall: VirtualClock, engine: EngineClock) -> None:
    wall.set_by(-SECOND / 2)

    assert engine.now() == START
    assert engine.steps() == []


def test_sleep_is_told_from_a_step(wall: VirtualClock, engine: EngineClock) -> None:
    wall.suspend(8 * HOUR)

    assert engine.now() == START + 8 * HOUR
    assert [str(step) for step in engine.steps()] == ["the machine slept for 8:00:00"]


def test_it_is_slower_until_the_wall_clock_is_there_again(
    wall: VirtualClock, engine: EngineClock
) -> None:
    wall.set_by(-HOUR)
    engine.now()

    wall.advance(10 * HOUR)
    half_way = engine.now() - wall.now()
    wall.advance(10 * HOUR)

    assert half_way == HOUR / 2
    assert engine.now() == wall.now()
    wall.advance(HOUR)
    assert engine.now() == wall.now()


def test_a_step_forward_ends_the_wait_for_the_wall_clock(
    wall: VirtualClock, engine: EngineClock
) -> None:
    wall.set_by(-HOUR)
    engine.now()

    wall.set_by(2 * HOUR)

    assert engine.now() == wall.now()


def test_small_steps_back_add_up(wall: VirtualClock, engine: EngineClock) -> None:
    for _ in range(2):
        wall.set_by(-2 * HOUR)
        engine.now()

    assert engine.now() == wall.now()
    assert sum(step.after < step.before for step in engine.steps()) == 1


def test_it_goes_on_from_where_an_earlier_process_was(
    wall: VirtualClock, engine: EngineClock
) -> None:
    engine.begin(START - HOUR)
    at_first = engine.now()
    engine.begin(START + HOUR)

    assert (at_first, engine.now()) == (START, START + HOUR)
    assert [step.jump for step in engine.steps()] == [-HOUR]


def test_what_is_far_ahead_of_the_wall_clock_is_left(
    wall: VirtualClock, engine: EngineClock
) -> None:
    engine.begin(START + timedelta(days=3650))

    assert engine.now() == START
    (step,) = engine.steps()
    assert step.after < step.before


@pytest.mark.parametrize("behind", [timedelta(0), MINUTE, 2 * HOUR])
def test_a_wait_is_as_long_in_engine_time_as_was_asked(
    wall: VirtualClock, engine: EngineClock, behind: timedelta
) -> None:
    wall.set_by(-behind)
    before = engine.now()

    engine.wait(NEVER, 7200)

    assert abs(engine.now() - before - 2 * HOUR) < SECOND / 1000


def test_a_wait_ends_at_once_if_its_event_has_come(wall: VirtualClock) -> None:
    event = threading.Event()
    event.set()

    assert wall.wait(event, 60)
    assert wall.now() == START


def test_a_virtual_wait_ends_at_the_first_alarm(wall: VirtualClock) -> None:
    wall.alarms += [lambda: None, lambda: 30.0, lambda: 40.0]

    assert not wall.wait(NEVER, 60)
    assert wall.now() == START + 30 * SECOND


def test_virtual_time_never_stops_short_of_an_alarm(wall: VirtualClock) -> None:
    wall.alarms.append(lambda: 1.5e-7)

    wall.wait(NEVER, 60)

    assert wall.now() == START + timedelta(microseconds=1)


def test_the_rest_is_passed_on(wall: VirtualClock, engine: EngineClock) -> None:
    engine.sleep(5)

    assert (engine.monotonic(), wall.now()) == (5.0, START + 5 * SECOND)


class Stuttering:
    """A clock whose reader is held up between the hands for a while."""

    def __init__(self, holds: int) -> None:
        self.holds = holds
        self.ticks = 0.0

    def now(self) -> datetime:
        if self.holds:
            self.holds -= 1
            self.ticks += 3600
        return START + timedelta(seconds=self.ticks)

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.ticks += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.is_set()


@pytest.mark.parametrize("holds", [1, 3, 9])
def test_a_reader_that_is_held_up_reads_again(holds: int) -> None:
    clock: Clock = Stuttering(0)
    assert isinstance(clock, Stuttering)
    engine = EngineClock(clock)

    clock.holds = holds
    engine.now()
    clock.holds = 0

    assert abs(engine.now() - clock.now()) <= HOUR


def test_the_machines_clock_keeps_the_promise() -> None:
    clock = SystemClock()
    before, ticks = clock.now(), clock.monotonic()

    clock.sleep(0.001)
    clock.wait(NEVER, 0.001)

    assert before.tzinfo is UTC
    assert clock.now() > before
    assert clock.monotonic() > ticks
    assert clock.suspended_seconds() >= 0


def test_where_sleep_is_not_known_there_was_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("time.CLOCK_BOOTTIME")

    assert SystemClock().suspended_seconds() == 0


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(["pass", "set", "suspend"]),
            st.floats(-90_000, 90_000).map(lambda seconds: timedelta(seconds=round(seconds, 3))),
        ),
        max_size=20,
    )
)
def test_it_goes_back_only_by_three_hours_or_more_and_says_so(
    events: list[tuple[str, timedelta]],
) -> None:
    wall = VirtualClock(START)
    engine = EngineClock(wall)
    for kind, by in events:
        before, ahead = engine.now(), engine.ahead
        if kind == "set":
            wall.set_by(by)
        elif kind == "pass":
            wall.advance(abs(by))
        else:
            wall.suspend(abs(by))

        now, steps = engine.now(), engine.steps()

        assert now >= wall.now()
        assert now - wall.now() < EngineClock.FOLLOWS_BACK
        if now < before:
            assert wall.now() <= before - EngineClock.FOLLOWS_BACK + timedelta(milliseconds=2)
            assert steps[-1].after < steps[-1].before
        if kind == "pass" and not steps:
            assert abs(by) * 0.95 - timedelta(milliseconds=2) <= now - before <= abs(by)
            assert engine.ahead <= ahead
