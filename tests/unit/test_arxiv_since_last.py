"""A search that reads on to where the last one began, and a little further."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from stoma.domain.collection import Page
from stoma.domain.task import Json
from tests.fakes import START
from tests.unit.arxiv_api import FIRST, Indexed, QueryApi, ids, papers

DAY = timedelta(days=1)
QUERY: dict[str, Json] = {"search_query": "cat:x", "since_last": True, "max_results": 500}


def search(api: QueryApi, cursor: Mapping[str, Json], **config: Json) -> list[Page]:
    api.asked.clear()
    return list(api.collect({**QUERY, **config}, cursor=cursor))


def at(days: float) -> str:
    return f"{FIRST + days * DAY:%Y-%m-%dT%H:%M:%SZ}"


def test_the_first_search_reads_as_many_as_are_wanted() -> None:
    api = QueryApi(papers(100, DAY))

    pages = search(api, {}, max_results=30)

    assert len(ids(pages)) == 30
    assert (pages[-1].partial, pages[-1].cursor["newest_updated_at"]) == ("", at(99))


def test_the_order_is_that_of_updates() -> None:
    api = QueryApi(papers(1))

    search(api, {})

    assert api.asked[0]["sortBy"] == "lastUpdatedDate"
    assert api.asked[0]["sortOrder"] == "descending"


def test_later_searches_stop_at_a_page_that_lies_before_the_overlap() -> None:
    api = QueryApi(papers(100, DAY))

    pages = search(api, {"newest_updated_at": at(90)})

    assert len(pages) == 3  # back to day 83, and the page that proves it
    assert set(ids(pages)) >= {f"2401.{n:05d}" for n in range(83, 100)}
    assert (pages[-1].last, pages[-1].partial) == (True, "")
    assert pages[-1].cursor == {"newest_updated_at": at(99), "total": 100}


@pytest.mark.parametrize(("days", "requests"), [(0, 2), (20, 4), (365, 10)])
def test_the_overlap_is_the_task_s(days: int, requests: int) -> None:
    api = QueryApi(papers(100, DAY))

    search(api, {"newest_updated_at": at(90)}, overlap_days=days)

    assert len(api.asked) == requests


def test_a_paper_that_was_announced_late_is_collected() -> None:
    api = QueryApi(papers(50, DAY))
    cursor = search(api, {})[-1].cursor
    late = Indexed("2401.99999", FIRST + 45 * DAY, FIRST + 45 * DAY)
    api.index = [*api.index, late]

    assert late.id in ids(search(api, cursor))


def test_a_new_version_of_an_old_paper_is_collected() -> None:
    api = QueryApi(papers(50, DAY))
    cursor = search(api, {})[-1].cursor
    api.index = [replace(api.index[0], updated_at=FIRST + 60 * DAY), *api.index[1:]]

    pages = search(api, cursor)

    assert ids(pages)[0] == "2401.00000"
    assert pages[-1].cursor["newest_updated_at"] == at(60)


def test_more_than_are_wanted_is_partial_and_names_the_edge() -> None:
    api = QueryApi(papers(100, DAY))

    pages = search(api, {"newest_updated_at": at(50)}, max_results=30)

    assert pages[-1].partial == "max_results = 30 was reached before 2024-02-13 00:00 GMT"
    assert len(ids(pages)) == 30


def test_all_there_is_needs_no_edge() -> None:
    api = QueryApi(papers(15, DAY))

    pages = search(api, {"newest_updated_at": at(1)})

    assert (len(pages), pages[-1].partial) == (2, "")


def test_the_cursor_never_goes_back() -> None:
    api = QueryApi(papers(5, DAY))

    assert search(api, {"newest_updated_at": at(9)})[-1].cursor["newest_updated_at"] == at(9)


@pytest.mark.parametrize("cursor", [{}, {"newest_updated_at": ""}, {"responded_at": "2026"}])
def test_a_cursor_that_says_nothing_is_none(cursor: dict[str, Json]) -> None:
    api = QueryApi(papers(25, DAY))

    assert len(ids(search(api, cursor))) == 25


def test_a_date_to_come_moves_no_cursor() -> None:
    far = replace(papers(1)[0], id="2401.77777", updated_at=START + 900 * DAY)
    api = QueryApi([*papers(3, DAY), far])

    pages = search(api, {})

    assert pages[-1].cursor["newest_updated_at"] == at(2)
    assert far.id in ids(pages)


def test_a_few_out_of_order_do_not_end_the_search() -> None:
    index = papers(40, DAY)
    api = QueryApi(index)
    body = api.answer({"start": "0", "max_results": "10", "search_query": "",
                       "sortBy": "lastUpdatedDate", "sortOrder": "descending"})[1]  # fmt: skip
    api.answers[1] = body.replace(at(32).encode(), at(0).encode())

    assert len(search(api, {"newest_updated_at": at(39)}, overlap_days=15)) == 3


def test_it_goes_on_where_it_broke_off() -> None:
    api = QueryApi(papers(100, DAY))
    cursor: dict[str, Json] = {"newest_updated_at": at(60)}
    whole = search(api, cursor)

    rest = list(api.collect(QUERY, cursor=cursor, checkpoint=whole[1].checkpoint))

    assert ids(rest) == ids(whole[2:])
    assert rest[-1].cursor == whole[-1].cursor
