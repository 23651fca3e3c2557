"""The filings of some companies, and those that contain some words."""

import json

import pytest

from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError, RequestRefusedError
from stoma.httpclient import Gate
from tests.edgar import (
    SEARCH,
    TICKERS,
    Made,
    asked,
    collect,
    company,
    company_path,
    hits,
    insider,
    kept,
    page,
    recorded,
    replay,
    serve_texts,
)
from tests.replay import Answer, ReplayServer

SOURCE = "sec_edgar"
DOORS: dict[str, Json] = {"ciks": ["700001"], "parse_ownership": False}
WORDS: dict[str, Json] = {"query": "corridor", "filing_type": "8-K", "days_back": 3}
OLD = "2001-01-01"


# --- companies --------------------------------------------------------------------------------


def test_a_company_is_asked_for_in_ten_digits_and_its_filings_without(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer(company_path(700001), company([insider(1)]))
    server.answer(TICKERS, page("unavailable.html", 503))
    text = Answer(recorded("form4.txt").replace(b"0000800001-26-000003", b"0000700001-26-000001"))
    server.answer("/Archives/edgar/data/700001/0000700001-26-000001.txt", text)

    pages = list(collect(gate, {"ciks": ["700001"]}))

    assert [seen.path for seen in server.seen] == [
        "/submissions/CIK0000700001.json",
        "/Archives/edgar/data/700001/0000700001-26-000001.txt",
    ]
    assert kept(pages) == [1, 1]
    assert pages[-1].cursor["unread_from"] == "2026-03-02"


def test_only_what_is_in_the_window_and_of_the_forms(server: ReplayServer, gate: Gate) -> None:
    replay(server)

    assert kept(collect(gate, DOORS)) == [11, 12, 3]
    assert kept(collect(gate, {**DOORS, "filing_type": "8-K"})) == [11, 12]
    assert kept(collect(gate, {**DOORS, "days_back": 10})) == [9, 11, 12, 3]
    assert kept(collect(gate, {**DOORS, "days_back": 10, "filing_type": "10-K"})) == []


def test_further_pages_are_followed_as_far_as_the_window_goes(
    server: ReplayServer, gate: Gate
) -> None:
    replay(server)

    near = list(collect(gate, {**DOORS, "days_back": 20}))
    far = list(collect(gate, {**DOORS, "days_back": 15000}))

    assert len(near) == 1
    assert asked(server)[1:] == ["CIK0000700001", "CIK0000700001-submissions-001"]
    assert kept(far[:1]) == [3, 4, 9, 11, 12, 3]
    assert kept(far[1:]) == [1]  # the SC 13G is on both pages


def test_moments_with_a_false_offset_neither_reorder_nor_skip(
    server: ReplayServer, gate: Gate
) -> None:
    made = [Made("8-K", 3), Made("8-K", 2), Made("8-K", 1, filed="2026-02-27")]
    false, true = ["2026-03-02T06:00:00.000Z"] * 3, ["2026-03-02T23:00:00.000Z"] * 3
    server.answer(company_path(1), company(made, 1, acceptanceDateTime=list(false)))
    other = [Made("8-K", 6), Made("8-K", 5), Made("8-K", 4, filed="2026-02-27")]
    server.answer(company_path(2), company(other, 2, acceptanceDateTime=list(true)))

    pages = list(collect(gate, {"ciks": ["1", "2"]}))

    assert kept(pages) == [1, 2, 3, 4, 5, 6]


def test_a_company_that_is_not_known_is_named(server: ReplayServer, gate: Gate) -> None:
    server.answer(company_path(1), company([Made("8-K", 1)], 1))

    pages = list(collect(gate, {"ciks": ["2", "1"]}))

    assert pages[0].note == "EDGAR has no company with the CIK 0000000002"
    assert (pages[0].raw, kept(pages)) == (None, [1])


def test_tickers_are_looked_up(server: ReplayServer, gate: Gate) -> None:
    replay(server).answer(TICKERS, Answer(recorded("tickers.json")))
    server.answer(company_path(700002), company([], 700002))

    pages = list(collect(gate, {"tickers": ["door", "EXM.B", "NOPE"], "ciks": ["700001"]}))

    assert asked(server)[0] == "company_tickers"
    assert pages[0].note == "EDGAR knows no company with the ticker 'NOPE'"
    paths = [seen.path for seen in server.seen]
    assert paths.count(company_path(700001)) == paths.count(company_path(700002)) == 1


def test_tickers_that_nobody_has_are_refused(server: ReplayServer, gate: Gate) -> None:
    server.answer(TICKERS, Answer(recorded("tickers.json")))

    with pytest.raises(RequestRefusedError, match="no company with the ticker 'NOPE', 'NIX'"):
        list(collect(gate, {"tickers": ["NOPE", "NIX"]}))


def test_a_list_is_collected_once_however_wide_the_window(server: ReplayServer, gate: Gate) -> None:
    replay(server)
    config = {**DOORS, "days_back": 15000}
    first = list(collect(gate, config))

    again = list(collect(gate, config, cursor=first[-1].cursor))

    assert kept(again) == []


def test_what_was_filed_since_the_last_run_is_in_the_window(
    server: ReplayServer, gate: Gate
) -> None:
    replay(server)

    pages = list(collect(gate, DOORS, cursor={"unread_from": "2026-02-10"}))

    assert kept(pages) == [4, 9, 11, 12, 3]


# --- amendments -------------------------------------------------------------------------------


def test_an_amended_ownership_form_is_joined_to_the_original(
    server: ReplayServer, gate: Gate
) -> None:
    replay(server)
    server.answer(company_path(700002), Answer(_exemple()))

    pages = list(collect(gate, {"ciks": ["700002"], "filing_type": "4/A"}))

    assert asked(server) == ["CIK0000700002", "0000799999-26-000030.txt", "CIK0000800002"]
    assert [len(each.only or ()) for each in pages] == [1, 1, 1]
    assert [each.raw is None for each in pages] == [False, False, False]


@pytest.mark.parametrize(
    "answer",
    [page("unavailable.html", 404), company([Made("4", 1)], 800002), company([], 800002)],
)
def test_an_original_that_is_not_found_is_not_guessed(
    server: ReplayServer, gate: Gate, answer: Answer
) -> None:
    server.answer(company_path(800002), answer)
    server.answer(company_path(700002), Answer(_exemple()))
    replay(server)

    pages = list(collect(gate, {"ciks": ["700002"], "filing_type": "4/A"}))

    assert (pages[-1].raw, pages[-1].last) == (None, True)


def test_an_amendment_without_an_owner_has_nobody_to_ask(server: ReplayServer, gate: Gate) -> None:
    replay(server)
    server.answer(company_path(700002), Answer(_exemple()))
    text = recorded("form4a.txt").replace(b"REPORTING-OWNER:", b"NOBODY:")
    server.answer_request(2, Answer(text))

    list(collect(gate, {"ciks": ["700002"], "filing_type": "4/A"}))

    assert len(server.seen) == 2


def _exemple() -> bytes:
    amendment = Made("4/A", 30, filed="2026-02-27")
    listed = company([amendment], 700002).body
    return listed.replace(amendment.accession.encode(), b"0000799999-26-000030")


# --- searches ---------------------------------------------------------------------------------


def test_a_search_has_the_parameters_of_the_form(server: ReplayServer, gate: Gate) -> None:
    server.answer(SEARCH, hits([]))
    config: dict[str, Json] = {
        **WORDS,
        "query": ' "going concern" ',
        "filing_type": ["8-K/A", "8-K", "10-K"],
        "ciks": ["700001", "2"],
    }

    (only,) = collect(gate, config)

    assert dict(server.seen[0].params) == {
        "q": '"going concern"',
        "dateRange": "custom",
        "startdt": "2026-02-27",
        "enddt": "2026-03-02",
        "from": "0",
        "forms": "10-K,8-K",
        "ciks": "0000700001,0000000002",
    }
    assert (only.last, only.partial, only.cursor["unread_from"]) == (True, "", "2026-03-02")


def test_a_search_for_everything_names_no_forms(server: ReplayServer, gate: Gate) -> None:
    server.answer(SEARCH, hits([]))

    list(collect(gate, {"query": "corridor"}))

    assert not {"forms", "ciks"} & set(server.seen[0].params)


def test_a_search_within_companies_by_ticker(server: ReplayServer, gate: Gate) -> None:
    server.answer(TICKERS, Answer(recorded("tickers.json"))).answer(SEARCH, hits([]))

    list(collect(gate, {**WORDS, "tickers": ["DOOR"]}))

    assert server.seen[1].params["ciks"] == "0000700001"


def test_hits_are_paged_and_each_filing_is_kept_once(server: ReplayServer, gate: Gate) -> None:
    first, second = [Made("8-K", 1), Made("8-K", 2)], [Made("8-K", 2), Made("8-K/A", 3)]
    server.answer(SEARCH, hits(first, 5), **{"from": "0"})
    server.answer(SEARCH, hits(second, 5), **{"from": "2"})
    server.answer(SEARCH, hits([Made("8-K", 4)], 5), **{"from": "4"})

    pages = list(collect(gate, WORDS))

    assert kept(pages) == [1, 2, 4]
    assert [name.split()[-1] for name in asked(server)] == ["0", "2", "4"]


def test_a_search_that_finds_too_much_is_asked_in_halves(server: ReplayServer, gate: Gate) -> None:
    many = hits([Made("8-K", 1)], 10000, "gte")
    server.answer(SEARCH, many, startdt="2026-02-27", enddt="2026-03-02")
    server.answer(SEARCH, hits([Made("8-K", 2)]), startdt="2026-02-27", enddt="2026-02-28")
    server.answer(SEARCH, hits([Made("8-K", 1), Made("8-K", 3)]), startdt="2026-03-01")

    pages = list(collect(gate, WORDS))

    assert asked(server) == [
        "search 2026-02-27 2026-03-02 0",
        "search 2026-02-27 2026-02-28 0",
        "search 2026-03-01 2026-03-02 0",
    ]
    assert (kept(pages), pages[-1].partial) == ([1, 2, 3], "")


def test_a_day_of_which_not_all_can_be_had_is_partial_and_never_goes_beyond(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer(SEARCH, hits([Made("8-K", n) for n in range(100)], 10000, "gte"))

    pages = list(collect(gate, WORDS, now="2026-03-02T12:00:00+00:00", cursor={}))

    assert pages[-1].partial.startswith("EDGAR gives only a part of what the search finds")
    assert max(int(seen.params["from"]) for seen in server.seen) == 9900
    assert [each.partial for each in pages[:-1]] == [""] * (len(pages) - 1)


def test_what_lies_beyond_the_last_page_is_partial(server: ReplayServer, gate: Gate) -> None:
    server.answer(SEARCH, hits([Made("8-K", n) for n in range(95)], 10000))

    pages = list(collect(gate, WORDS))

    assert int(server.seen[-1].params["from"]) <= 9900
    assert pages[-1].partial


def test_a_search_cut_short_at_edgar_is_partial(server: ReplayServer, gate: Gate) -> None:
    server.answer(SEARCH, hits([Made("8-K", 1)], timed_out=True))

    assert list(collect(gate, WORDS))[-1].partial


def test_a_page_without_hits_that_should_have_some_is_an_error(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer(SEARCH, hits([], 7))

    with pytest.raises(BadAnswerError, match="the hits from 0 are none, but a total of 7"):
        list(collect(gate, WORDS))


def test_an_error_of_the_search_is_an_error_of_the_run(server: ReplayServer, gate: Gate) -> None:
    server.answer(SEARCH, Answer(recorded("search_error.json")))

    with pytest.raises(RequestRefusedError, match="Result window is too large"):
        list(collect(gate, WORDS))


def test_ownership_forms_that_are_found_are_read(server: ReplayServer, gate: Gate) -> None:
    made = [insider(1)]
    server.answer(SEARCH, hits(made))
    serve_texts(server, made)
    owner = made[0].who[0][1]
    text = Answer(json.dumps({}).encode(), 404)
    server.answer(f"/Archives/edgar/data/{owner}/{made[0].accession}.txt", text)

    pages = list(collect(gate, {"query": "x"}))

    assert pages[-1].note.endswith("is not there yet")
