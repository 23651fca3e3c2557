"""What a task brings, judged: a real drop is told, and the rhythm of a source is none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.domain.volume import Limits, Volume, warnings

LIMITS = Limits()
#: A Monday.
MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def daily(
    items: list[int], *, end: datetime = MONDAY, news: list[int] | None = None
) -> list[Volume]:
    """Return a run a day, the newest at *end*; *items* and *news* are oldest first."""
    return [
        Volume(end - DAY * number, count, (news or items)[len(items) - 1 - number])
        for number, count in enumerate(reversed(items))
    ]


def announced(moment: datetime) -> int:
    """What arXiv announces for a run at 06:00 UTC: nothing on Saturday and Sunday."""
    return 0 if moment.weekday() in (5, 6) else 400 + 20 * moment.weekday()


def arxiv(days: int, end: datetime) -> list[Volume]:
    moments = [end - DAY * number for number in range(days)]
    return [Volume(each, announced(each), announced(each)) for each in moments]


@pytest.mark.parametrize("days", range(1, 90))
def test_the_weekends_of_arxiv_are_no_alarm(days: int) -> None:
    assert warnings(arxiv(days, MONDAY + DAY * (days % 7)), LIMITS) == {}


def test_a_working_day_with_a_tenth_of_the_usual_is_told() -> None:
    tuesday = MONDAY + DAY
    past = arxiv(30, tuesday)
    past[0] = Volume(tuesday, 40, 40)

    assert warnings(past, LIMITS) == {
        "volume": "40 items in a day, where 450 are usual on such days"
    }


def test_a_drop_may_be_as_deep_as_the_settings_allow() -> None:
    past = daily([100] * 20 + [45], end=MONDAY + 2 * DAY)

    assert warnings(past, LIMITS) == {}
    assert "volume" in warnings(past, Limits(drop_percent=50))
    assert warnings(past, Limits(drop_percent=0)) == {}


def test_nothing_is_told_before_enough_is_known() -> None:
    for count in range(5):
        assert warnings(daily([100] * count + [0], end=MONDAY + 2 * DAY), LIMITS) == {}
    assert warnings([], LIMITS) == {}


def test_a_task_that_brings_little_is_not_measured() -> None:
    assert warnings(daily([9] * 20 + [0], news=[1] * 21, end=MONDAY + 2 * DAY), LIMITS) == {}


def edgar(until: datetime, days: int = 30) -> Iterator[Volume]:
    """A run every two hours: filings come in from 11 to 03 UTC on business days."""
    moment = until
    while until - moment < DAY * days:
        open_ = moment.weekday() < 5 and moment.hour >= 11
        yield Volume(moment, 30 * open_, 30 * open_)
        moment -= timedelta(hours=2)


@pytest.mark.parametrize("hours", range(0, 24 * 8, 2))
def test_nights_and_weekends_of_the_sec_are_no_alarm(hours: int) -> None:
    assert warnings(list(edgar(MONDAY + timedelta(hours=hours))), LIMITS) == {}


def test_a_business_day_without_filings_is_told() -> None:
    wednesday = MONDAY + 2 * DAY + timedelta(hours=16)
    past = [
        Volume(each.at, 0, 0) if wednesday - each.at < timedelta(hours=30) else each
        for each in edgar(wednesday)
    ]

    assert "volume" in warnings(past, LIMITS)


def test_a_pause_three_times_as_long_as_any_before_is_told() -> None:
    news = [5] * 10 + [0] * 4
    past = daily([50] * 14, news=news, end=MONDAY + 2 * DAY)

    assert warnings(past, LIMITS) == {
        "silence": "nothing new for 4 days, where 24 h was the longest pause"
    }
    assert warnings(past[1:], LIMITS) == {}
    assert warnings(past, Limits(silence_factor=0)) == {}
    assert warnings(past, Limits(silence_factor=5)) == {}


def test_a_pause_of_an_hour_is_worth_no_word() -> None:
    past = [
        Volume(MONDAY - timedelta(minutes=5 * number), 50, int(number > 12)) for number in range(60)
    ]

    assert warnings(past, LIMITS) == {}


def test_a_pause_is_told_in_minutes_hours_or_days() -> None:
    begin = [Volume(MONDAY - timedelta(minutes=10 * number), 50, 1) for number in range(6)]
    quiet = [Volume(MONDAY + timedelta(hours=30), 50, 0)]

    assert warnings(quiet + begin, LIMITS) == {
        "silence": "nothing new for 30 h, where 10 min was the longest pause"
    }


def test_few_news_say_nothing_about_pauses() -> None:
    assert warnings(daily([50] * 40, news=[0] * 4 + [1] * 4 + [0] * 32), LIMITS) == {}


@given(
    counts=st.lists(st.integers(0, 1000), min_size=1, max_size=60),
    hours=st.integers(1, 100),
)
def test_anything_is_judged(counts: list[int], hours: int) -> None:
    past = [
        Volume(MONDAY - timedelta(hours=hours * number), count, count % 3)
        for number, count in enumerate(counts)
    ]

    assert warnings(past, LIMITS).keys() <= {"volume", "silence"}


def test_a_task_that_always_brings_the_same_is_never_unusual() -> None:
    for days in range(1, 60):
        assert warnings(daily([100] * days), LIMITS) == {}
