"""More results than arXiv serves of one query are read in windows of submission dates."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.arxiv.windows import Window, minute
from stoma.domain.collection import Page
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError
from tests.unit.arxiv_api import FIRST, Indexed, QueryApi, ids, papers

QUERY: dict[str, Json] = {"search_query": "cat:x", "max_results": 1000}
NOTHING = {"start": "0", "max_results": "0", "search_query": "", "sortBy": "", "sortOrder": ""}


# --- windows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, 23, 59, tzinfo=UTC)),
        ("2026-03-01T12:30", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01 12:30:59", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30-05:00", datetime(2026, 3, 1, 17, 30, tzinfo=UTC)),
    ],
)
def test_a_day_or_a_minute(written: str, expected: datetime) -> None:
    assert minute(written, time(23, 59)) == expected


@pytest.mark.parametrize(
    "written",
    ["", "2026", "20260301", "2026-13-01", "2026-03-01T25:00", "yesterday", "٢٠٢٦-03-01",
     "0001-01-01T00:00+14:00"],
)  # fmt: skip
def test_anything_else_is_no_minute(written: str) -> None:
    with pytest.raises(ValueError, match="is not a day such as"):
        minute(written, time.min)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-01", "2026-03-07", "submittedDate:[202603010000 TO 202603072359]"),
        ("2026-03-01T06:00", "2026-03-01T06:00", "submittedDate:[202603010600 TO 202603010600]"),
        ("2026-03-01", "", "submittedDate:[202603010000 TO 209912312359]"),
        ("", "2026-03-01", "submittedDate:[198001010000 TO 202603012359]"),
    ],
)
def test_a_window_is_written_as_arxiv_reads_it(start: str, end: str, expected: str) -> None:
    assert str(Window.between(start, end)) == expected


def test_no_ends_are_no_window() -> None:
    assert Window.between("", "") is None


def test_ends_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="2026-03-02 is after 2026-03-01"):
        Window.between("2026-03-02", "2026-03-01")


@given(start=st.integers(0, 10**6), minutes=st.integers(2, 10**6))
def test_halves_hold_all_of_a_window_and_are_smaller(start: int, minutes: int) -> None:
    begin = FIRST + timedelta(minutes=start)
    window = Window(begin, begin + timedelta(minutes=minutes))

    earlier, later = window.halves()

    assert window.splits
    assert (earlier.start, earlier.end, later.end) == (window.start, later.start, window.end)
    assert earlier.start < earlier.end < later.end
    assert Window.parse(window.bounds) == window


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_minute_has_no_halves(minutes: int) -> None:
    assert not Window(FIRST, FIRST + timedelta(minutes=minutes)).splits


@pytest.mark.parametrize(
    ("config", "query"),
    [
        ({"search_query": "a OR b"}, "(a OR b) AND submittedDate:[{}]"),
        ({"categories": ["cs.AI", "cs.LG"]}, "(cat:cs.AI OR cat:cs.LG) AND submittedDate:[{}]"),
        ({"ids": ["2401.00001"]}, "submittedDate:[{}]"),
    ],
)
def test_dates_narrow_any_query(config: dict[str, Json], query: str) -> None:
    api = QueryApi([])

    list(api.collect({**config, "submitted_from": "2026-03-01", "submitted_to": "2026-03-07"}))

    assert api.asked[0]["search_query"] == query.format("202603010000 TO 202603072359")


# --- what is divided, and what is not ---------------------------------------------------------


def test_a_hundred_results_with_a_limit_of_twenty_come_in_their_order() -> None:
    api = QueryApi(papers(100), most=25)

    pages = list(api.collect(QUERY))

    found = ids(pages)
    assert sorted(set(found), reverse=True) == list(dict.fromkeys(found))
    assert len(set(found)) == 100
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert (pages[-1].partial, pages[-1].cursor["total"], pages[-1].expected) == ("", 100, 100)


def test_the_other_order_goes_the_other_way() -> None:
    api = QueryApi(papers(100), most=25)

    found = ids(list(api.collect({**QUERY, "sort_order": "ascending"})))

    assert list(dict.fromkeys(found)) == [paper.id for paper in api.index]


@pytest.mark.parametrize("wanted", [21, 45, 99])
def test_the_newest_of_many_are_had_without_reading_the_rest(wanted: int) -> None:
    api = QueryApi(papers(100), most=25)

    pages = list(api.collect({**QUERY, "max_results": wanted}))

    newest = [paper.id for paper in reversed(api.index)]
    assert list(dict.fromkeys(ids(pages)))[: wanted - 5] == newest[: wanted - 5]
    assert len(ids(pages)) == wanted
    assert (pages[-1].partial, pages[-1].expected) == ("", wanted)


def test_results_that_fit_are_not_divided() -> None:
    api = QueryApi(papers(20))

    list(api.collect(QUERY))

    assert api.windows == [""]
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    "config",
    [
        {"sort_by": "relevance"},
        {"sort_by": "lastUpdatedDate"},
        {"ids": ["2401.00001"]},
        {"since_last": True},
    ],
)
def test_only_the_order_of_submission_is_divided(config: dict[str, Json]) -> None:
    api = QueryApi(papers(100))

    pages = list(api.collect({**QUERY, **config}))

    assert api.windows == [""]
    assert len(ids(pages)) == 100


def test_a_window_of_the_task_is_the_one_that_is_divided() -> None:
    api = QueryApi(papers(100), most=25)

    found = ids(
        list(api.collect({**QUERY, "submitted_from": "2024-01-02", "submitted_to": "2024-01-03"}))
    )

    assert set(found) == {paper.id for paper in papers(72)[24:]}
    assert all("202401020000" <= each[:12] <= each[13:] <= "202401032359" for each in api.windows)


def test_a_minute_with_too_many_is_read_as_far_as_arxiv_goes() -> None:
    crowd = [replace(paper, submitted_at=FIRST) for paper in papers(50)]
    api = QueryApi(crowd)

    pages = list(api.collect(QUERY))

    assert set(ids(pages)) == {paper.id for paper in crowd}


def test_fewer_than_there_should_be_is_partial() -> None:
    api = QueryApi(papers(100), most=25)
    api.answers[1] = api.answer(
        {"start": "0", "max_results": "10", "search_query": "", "sortBy": "", "sortOrder": "des"}
    )[1].replace(b">100<", b">140<")

    pages = list(api.collect(QUERY))

    assert pages[-1].partial == "arXiv gave 100 of 140 results"


@pytest.mark.parametrize("order", ["ascending", "descending"])
@pytest.mark.parametrize("number", range(2, 12))
def test_an_index_that_is_silent_for_a_moment_is_not_believed(number: int, order: str) -> None:
    config: dict[str, Json] = {**QUERY, "max_results": 40, "sort_order": order}
    expected = list(QueryApi(papers(100), most=25).collect(config))
    api = QueryApi(papers(100), most=25)
    api.answers[number] = QueryApi([]).answer(NOTHING)[1]

    try:
        pages = list(api.collect(config))
    except BadAnswerError:
        return  # in the middle of a window

    assert ids(pages) == ids(expected) or pages[-1].partial


def test_what_is_missing_between_two_dates_is_said() -> None:
    api = QueryApi(papers(100), most=25)
    list(api.collect({**QUERY, "max_results": 40}))
    first = next(n for n, asked in enumerate(api.asked) if asked["start"] == "10")
    api.asked.clear()
    api.answers[first] = QueryApi([]).answer(NOTHING)[1]

    pages = list(api.collect({**QUERY, "max_results": 40}))

    assert len(ids(pages)) == 40
    assert pages[-1].partial.endswith("results are missing between two dates")


def test_an_empty_window_that_is_not_empty_is_an_error() -> None:
    api = QueryApi(papers(100), most=25)
    api.answers[2] = api.answer(NOTHING)[1]

    with pytest.raises(BadAnswerError, match="has no entries, but a total of 100"):
        list(api.collect(QUERY))


# --- broken off and taken up ------------------------------------------------------------------


@pytest.mark.parametrize("kept", range(0, 14, 2))
def test_a_divided_search_goes_on_where_it_broke_off(kept: int) -> None:
    api = QueryApi(papers(100), most=25)
    whole = list(api.collect(QUERY))
    api.asked.clear()
    checkpoint = whole[kept - 1].checkpoint if kept else {}

    rest = list(api.collect(QUERY, checkpoint=checkpoint))

    assert ids([*whole[:kept], *rest]) == ids(whole)
    assert rest[-1].cursor == whole[-1].cursor
    assert len(rest) == len(whole) - kept


minutes = st.lists(st.integers(0, 400), min_size=0, max_size=60)


@settings(deadline=None, max_examples=60)
@given(
    moments=minutes,
    most=st.integers(2, 12),
    page_size=st.integers(1, 7),
    order=st.sampled_from(["ascending", "descending"]),
    stop=st.integers(0, 30),
)
def test_every_paper_comes_wherever_the_search_breaks_off(
    moments: list[int], most: int, page_size: int, order: str, stop: int
) -> None:
    index = [
        Indexed(f"2401.{n:05d}", FIRST + timedelta(seconds=20 * moment), FIRST)
        for n, moment in enumerate(moments)
    ]
    api = QueryApi(index)
    config: dict[str, Json] = {**QUERY, "sort_order": order}

    def pages(checkpoint: object = None) -> Sequence[Page]:
        return list(
            api.collect(
                config,
                checkpoint=checkpoint,  # type: ignore[arg-type]
                page_size=page_size,
                most_at_once=most,
            )
        )

    whole = pages()
    before = whole[:stop]
    after = pages(before[-1].checkpoint) if before and not before[-1].last else whole[stop:]

    assert set(ids([*before, *after])) == {paper.id for paper in index}
    assert whole[-1].partial == ""
