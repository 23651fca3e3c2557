"""Which days each source's collector claims to have read whole. It is 2026-03-02, 12:00 UTC."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from stoma.collectors.arxiv import ArxivCollector
from stoma.collectors.base import BaseCollector
from stoma.collectors.github import GithubCollector
from stoma.collectors.sec_edgar import SecEdgarCollector
from stoma.domain.collection import CollectRequest
from stoma.domain.coverage import Days
from stoma.domain.task import Json
from stoma.domain.window import Window
from stoma.httpclient import Gate, GatePolicy
from tests.edgar import Made, company, company_path, hits, serve_index, serve_latest
from tests.fakes import START, FakeClock, FreeBudgets
from tests.feeds import papers
from tests.replay import Answer, ReplayServer, feed
from tests.repositories import repository, said

#: Nothing of later days is whole at arXiv: a weekend's papers are announced on Tuesday.
SETTLED = date(2026, 2, 24)


def claimed(
    server: ReplayServer,
    kind: type[BaseCollector],
    config: Mapping[str, Json],
    *,
    cursor: Mapping[str, Json] | None = None,
    past: tuple[str, str] | None = None,
) -> Days | None:
    """Return what the last page of a collection claims; *past* is a window to be filled."""
    url: Any = server.url
    makers: dict[str, tuple[Any, ...]] = {
        "arxiv": (url, 10, f"{url}/oai"),
        "github": (url,),
        "sec_edgar": (url, url, url),
    }
    window = None
    if past is not None:
        start, end = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in past)
        window = Window(start=start, end=end, past=True)
    request = CollectRequest(
        task_id="t", config=config, now=START, cursor=cursor or {}, window=window
    )
    policy = GatePolicy(base_url=url)
    with Gate(kind.source, policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as gate:
        *before, last = kind(*makers[kind.source]).collect(request, gate)
    assert all(page.covers is None for page in before)
    return last.covers


def days(first: str, last: str | date) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(str(last)))


# --- arXiv ------------------------------------------------------------------------------------

SEARCH: dict[str, Json] = {"search_query": "testing", "max_results": 5}


@pytest.mark.parametrize(
    ("config", "found", "total", "expected"),
    [
        ({}, 3, 3, days("1980-01-01", SETTLED)),
        ({}, 5, 90, days("2026-01-02", SETTLED)),
        ({}, 0, 0, days("1980-01-01", SETTLED)),
        ({"sort_by": "relevance"}, 5, 90, None),
        ({"sort_order": "ascending"}, 5, 90, None),
        ({"ids": ["2601.00000"]}, 1, 1, None),
        ({"submitted_from": "2026-01-05", "submitted_to": "2026-01-09"}, 3, 3,
         days("2026-01-05", "2026-01-09")),
        ({"submitted_from": "2026-01-05T00:01", "submitted_to": "2026-01-09T23:58"}, 3, 3,
         days("2026-01-06", "2026-01-08")),
        ({"submitted_from": "2026-03-01"}, 0, 0, None),
    ],
)  # fmt: skip
def test_a_search_claims_what_it_has_read_to_its_end(
    server: ReplayServer, config: dict[str, Json], found: int, total: int, expected: Days | None
) -> None:
    server.answer("/api/query", feed(papers(0, found, total=total)))

    assert claimed(server, ArxivCollector, {**SEARCH, **config}) == expected


def test_what_was_submitted_since_the_overlap_was_updated_since(server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 5, total=90)))
    cursor: dict[str, Json] = {"newest_updated_at": "2026-02-20T10:00:00Z", "total": 90}

    found = claimed(server, ArxivCollector, {**SEARCH, "since_last": True}, cursor=cursor)

    assert found == days("2026-02-14", SETTLED)


def test_a_hole_is_asked_for_by_its_days(server: ReplayServer) -> None:
    server.answer("/api/query", feed(papers(0, 3)))

    found = claimed(server, ArxivCollector, SEARCH, past=("2026-01-05", "2026-01-06T23:59"))

    assert found == days("2026-01-05", "2026-01-06")
    assert "[202601050000 TO 202601062359]" in server.seen[0].params["search_query"]


def listing() -> Answer:
    return Answer(
        b'<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        b"<responseDate>2026-03-02T12:00:00Z</responseDate><request>x</request>"
        b'<error code="noRecordsMatch">none</error></OAI-PMH>',
        headers={"Content-Type": "text/xml"},
    )


@pytest.mark.parametrize(
    ("more", "cursor", "past", "expected"),
    [
        ({}, {}, None, days("1980-01-01", "2026-03-01")),
        ({"changed_from": "2026-02-01"}, {}, None, days("2026-02-01", "2026-03-01")),
        ({}, {"responded_at": "2026-02-27T03:00:00Z"}, None, days("2026-02-26", "2026-03-01")),
        ({}, {}, ("2026-02-03", "2026-02-05T23:59"), days("2026-02-03", "2026-02-05")),
    ],
)
def test_a_harvest_claims_the_days_of_changes_before_its_answer(
    server: ReplayServer,
    more: dict[str, Json],
    cursor: dict[str, Json],
    past: tuple[str, str] | None,
    expected: Days,
) -> None:
    server.answer("/oai", listing())
    config: dict[str, Json] = {"mode": "oai", "categories": ["cs.AI"], **more}

    assert claimed(server, ArxivCollector, config, cursor=cursor, past=past) == expected


# --- GitHub -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "total", "expected"),
    [
        ({"since": "weekly"}, 2, days("2026-02-23", "2026-03-01")),
        ({"since": "weekly"}, 3, None),
        ({"query": "created:>2020-01-01"}, 2, None),
    ],
)
def test_a_search_claims_days_of_creation_if_it_had_all(
    server: ReplayServer, config: dict[str, Json], total: int, expected: Days | None
) -> None:
    found: dict[str, Json] = {
        "total_count": total,
        "incomplete_results": False,
        "items": [repository(1), repository(2)],
    }
    server.answer("/search/repositories", said(found))

    assert claimed(server, GithubCollector, {**config, "limit": 2}) == expected


def test_a_hole_at_github_is_asked_for_by_its_days(server: ReplayServer) -> None:
    found: dict[str, Json] = {"total_count": 0, "incomplete_results": False, "items": []}
    server.answer("/search/repositories", said(found))

    covered = claimed(server, GithubCollector, {}, past=("2026-02-03", "2026-02-05T23:59"))

    assert covered == days("2026-02-03", "2026-02-05")
    assert "created:2026-02-03..2026-02-05" in server.seen[0].params["q"]


# --- SEC EDGAR --------------------------------------------------------------------------------

REPORTS: dict[str, Json] = {"days_back": 3, "filing_type": "8-K"}
FILED = Made("8-K", 1, filed="2026-02-27", at="2026-02-27T06:00:00-05:00")


def test_days_are_proven_by_their_indexes_and_weekends_by_the_friday(server: ReplayServer) -> None:
    serve_latest(server, "8-K", [FILED])
    serve_index(server, "2026-02-27", [FILED])

    assert claimed(server, SecEdgarCollector, REPORTS) == days("2026-02-27", "2026-03-01")


def test_without_an_index_no_day_is_proven(server: ReplayServer) -> None:
    serve_latest(server, "8-K", [FILED])

    assert claimed(server, SecEdgarCollector, REPORTS) is None


def test_what_was_cut_off_proves_nothing(server: ReplayServer) -> None:
    serve_latest(server, "8-K", [FILED])
    serve_index(server, "2026-02-27", [FILED, Made("8-K", 2, filed="2026-02-27")])

    assert claimed(server, SecEdgarCollector, {**REPORTS, "limit": 1}) is None


def test_a_hole_may_be_longer_than_a_run_looks_back(server: ReplayServer) -> None:
    for day in ("2026-02-02", "2026-02-03", "2026-02-04"):
        serve_index(server, day, [])

    found = claimed(
        server,
        SecEdgarCollector,
        {**REPORTS, "days_back": 1},
        past=("2026-02-02", "2026-02-04T23:59"),
    )

    assert found == days("2026-02-02", "2026-02-04")


def test_a_companys_list_proves_all_days_that_are_over(server: ReplayServer) -> None:
    server.answer(company_path(700001), company([FILED]))

    found = claimed(server, SecEdgarCollector, {"ciks": ["700001"], "days_back": 9})

    assert found is not None
    assert found.last == date(2026, 3, 1)


def test_a_search_that_gives_a_part_proves_nothing(server: ReplayServer) -> None:
    server.answer("/LATEST/search-index", hits([FILED], relation="gte"))

    config: dict[str, Json] = {"query": "doors", "days_back": 1}

    assert claimed(server, SecEdgarCollector, config) is None
