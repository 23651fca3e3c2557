"""Days that are proven whole: their arithmetic, and what each source claims."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.domain.coverage import Days, holes_in, in_portions

FIRST = date(2026, 3, 1)


def days(first: int, last: int) -> Days:
    return Days(FIRST + timedelta(days=first), FIRST + timedelta(days=last))


def test_days_know_their_own() -> None:
    three = days(0, 2)

    assert (len(three), list(three)[-1], str(three)) == (
        3,
        date(2026, 3, 3),
        "2026-03-01 to 2026-03-03",
    )
    assert date(2026, 3, 2) in three
    assert date(2026, 3, 4) not in three
    assert "2026-03-02" not in three
    assert str(days(0, 0)) == "2026-03-01"
    assert Days.between(FIRST, FIRST - timedelta(days=1)) is None


@pytest.mark.parametrize("written", [None, [], ["2026-03-01"], {"first": 1}, [1, 2]])
def test_what_is_no_days_is_none(written: object) -> None:
    assert Days.parse(written) is None  # type: ignore[arg-type]
    assert Days.parse(days(0, 4).written()) == days(0, 4)


@pytest.mark.parametrize(
    ("proven", "holes"),
    [
        ([], [(0, 9)]),
        ([(0, 9)], []),
        ([(-5, 20)], []),
        ([(3, 4)], [(0, 2), (5, 9)]),
        ([(3, 4), (4, 6), (5, 5)], [(0, 2), (7, 9)]),
        ([(-9, -2), (11, 12)], [(0, 9)]),
        ([(0, 0), (9, 9)], [(1, 8)]),
    ],
)
def test_holes_are_what_nothing_proves(
    proven: list[tuple[int, int]], holes: list[tuple[int, int]]
) -> None:
    assert holes_in([days(*each) for each in proven], days(0, 9)) == [days(*each) for each in holes]


spans = st.tuples(st.integers(-10, 40), st.integers(0, 15)).map(lambda s: days(s[0], s[0] + s[1]))


@given(st.lists(spans, max_size=8), spans)
def test_every_day_is_proven_or_in_one_hole(proven: list[Days], within: Days) -> None:
    holes = holes_in(proven, within)

    for day in within:
        assert sum(day in hole for hole in holes) == (not any(day in each for each in proven))
    assert all(b.first > a.last + timedelta(days=1) for a, b in pairwise(holes))


@given(spans, st.integers(1, 9))
def test_portions_are_all_of_it_in_order(whole: Days, most: int) -> None:
    portions = list(in_portions(whole, most))

    assert [day for each in portions for day in each] == list(whole)
    assert all(len(each) <= most for each in portions)
