"""Budgets in the registry: one per source, whoever asks."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.budgets import Allowance, left, reserve
from stoma.exceptions import DeferredError
from stoma.storage.budgets import StoredBudgets
from stoma.storage.database import Database
from tests.fakes import START, FakeClock

SECONDS = 3


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budgets(database: Database, clock: FakeClock, tmp_path: Path) -> StoredBudgets:
    return make(database, clock, tmp_path)


def make(database: Database, clock: FakeClock, folder: Path) -> StoredBudgets:
    allowances = {
        "arxiv": Allowance(timedelta(seconds=SECONDS)),
        "sec": Allowance(timedelta(seconds=0.1), burst=5),
    }
    return StoredBudgets(database, allowances, folder / "locks", clock)


def test_requests_are_spaced_for_all_who_share_the_registry(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    one, other = (make(database, clock, tmp_path) for _ in range(2))

    waits = [each.reserve("arxiv", 60) for each in (one, other, one)]

    assert waits == [0.0, 3.0, 6.0]


def test_who_will_not_wait_takes_nothing(budgets: StoredBudgets) -> None:
    budgets.reserve("arxiv", 60)

    assert [budgets.reserve("arxiv", 1) for _ in range(3)] == [3.0, 3.0, 3.0]


def test_a_burst_is_allowed_where_the_source_allows_one(budgets: StoredBudgets) -> None:
    waits = [budgets.reserve("sec", 60) for _ in range(7)]

    assert waits[:5] == [0.0] * 5
    assert waits[5:] == pytest.approx([0.1, 0.2])


def test_a_hold_off_keeps_everybody_away(budgets: StoredBudgets, clock: FakeClock) -> None:
    budgets.hold_off("arxiv", 600)
    budgets.hold_off("arxiv", 60)

    assert budgets.reserve("arxiv", 30) == 600.0
    clock.advance(timedelta(seconds=600))
    assert budgets.reserve("arxiv", 30) == 0.0


def test_one_connection_at_a_time(budgets: StoredBudgets, clock: FakeClock) -> None:
    with budgets.connection("arxiv", 30):
        with pytest.raises(DeferredError), budgets.connection("arxiv", 30):
            pass
        assert sum(clock.slept) == pytest.approx(30, abs=0.2)
    with budgets.connection("arxiv", 30):
        pass


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    gaps=st.lists(st.floats(0, 10), min_size=1, max_size=50),
    burst=st.integers(1, 6),
)
def test_no_window_ever_holds_more_than_the_allowance(gaps: list[float], burst: int) -> None:
    allowance = Allowance(timedelta(seconds=SECONDS), burst=burst)
    now, kept, starts = START, None, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        place = reserve(allowance, kept, now)
        kept = place.next_at
        starts.append(place.starts_at)

    assert starts == sorted(starts)
    for first, last in zip(starts, starts[burst:], strict=False):
        assert last - first >= timedelta(seconds=SECONDS) - timedelta(microseconds=5)


@pytest.mark.parametrize(
    ("next_in", "burst", "interval", "expected"),
    [
        (None, 5, 2, 5),  # unused so far
        (-1, 5, 2, 5),
        (2, 5, 2, 4),
        (3, 5, 2, 3),  # a part of an interval counts as one
        (100, 5, 2, 0),
        (100, 1, 0, 0),  # held off, where nothing is paced
    ],
)
def test_what_is_left(next_in: float | None, burst: int, interval: float, expected: int) -> None:
    next_at = None if next_in is None else START + timedelta(seconds=next_in)

    assert left(Allowance(timedelta(seconds=interval), burst), next_at, START) == expected


def test_a_clock_that_is_set_back_takes_the_waits_with_it(
    budgets: StoredBudgets, clock: FakeClock
) -> None:
    budgets.reserve("arxiv", 0)
    budgets.hold_off("arxiv", 120)
    for _ in range(6):
        budgets.reserve("sec", 1)  # paced, and never held off

    budgets.turn_back(timedelta(seconds=100))

    assert budgets.reserve("arxiv", 0) == pytest.approx(20)
    assert budgets.reserve("sec", 0) == 0
