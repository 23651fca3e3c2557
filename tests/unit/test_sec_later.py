"""What a limit left out, what a Saturday corrected, and the forms that are read themselves."""

import pytest

from stoma.domain.collection import Page
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError
from stoma.httpclient import Gate
from tests.edgar import (
    MONDAY,
    Made,
    asked,
    collect,
    headers_path,
    insider,
    kept,
    page,
    recorded,
    report,
    serve_index,
    serve_latest,
    serve_texts,
    text_path,
)
from tests.replay import Answer, ReplayServer

SOURCE = "sec_edgar"
REPORTS: dict[str, Json] = {"days_back": 1, "filing_type": "8-K"}
FRIDAY = "2026-02-27"
TEN_PM = "2026-03-03T03:00:00+00:00"


# --- the limit --------------------------------------------------------------------------------


def test_a_limit_is_kept_and_what_it_left_out_comes_later(server: ReplayServer, gate: Gate) -> None:
    made = [report(n, FRIDAY) for n in range(6)]
    serve_latest(server, "8-K", made[:4])
    serve_index(server, FRIDAY, made)
    config = {**REPORTS, "limit": 3}

    first = list(collect(gate, config))
    second = list(collect(gate, config, cursor=first[-1].cursor))
    third = list(collect(gate, config, cursor=second[-1].cursor))

    assert [kept(run) for run in (first, second, third)] == [[0, 1, 2], [3, 4, 5], []]
    assert first[-1].note == "stopped at the limit of 3 filings"
    assert first[-1].cursor["unread_from"] is None
    assert third[-1].cursor["unread_from"] == "2026-02-28"


def test_an_index_of_which_not_all_was_kept_is_not_read(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "8-K", [])
    serve_index(server, FRIDAY, [report(1, FRIDAY), report(2, FRIDAY)])
    config = {**REPORTS, "limit": 1}

    first = list(collect(gate, config))
    second = list(collect(gate, config, cursor=first[-1].cursor))

    assert (kept(first), kept(second)) == ([1], [2])
    assert (first[-1].cursor["indexed"], first[-1].cursor["unread_from"]) == ({}, None)
    assert second[-1].cursor["unread_from"] == "2026-02-28"


def test_none_wanted_none_asked(server: ReplayServer, gate: Gate) -> None:
    (nothing,) = collect(gate, {**REPORTS, "limit": 0}, cursor={"swept": "x"})

    assert (nothing.raw, nothing.last, nothing.cursor) == (None, True, {"swept": "x"})
    assert server.seen == []


# --- corrections ------------------------------------------------------------------------------


def corrected(server: ReplayServer, gate: Gate, *later: Made) -> list[Page]:
    """Collect on Friday night and on Monday, after a Saturday that left only *later*."""
    made = [report(1, FRIDAY), report(2, FRIDAY)]
    serve_latest(server, "8-K", [])
    serve_index(server, FRIDAY, made, later)
    first = list(collect(gate, REPORTS, now="2026-02-28T04:00:00+00:00"))
    server.seen.clear()
    return list(collect(gate, REPORTS, cursor=first[-1].cursor))


def test_after_a_saturday_the_indexes_are_read_again(server: ReplayServer, gate: Gate) -> None:
    pages = corrected(server, gate, report(1, FRIDAY), report(2, FRIDAY), report(3, FRIDAY))

    assert asked(server) == ["latest 8-K 0", "20260227"]
    assert kept(pages) == [3]
    assert pages[-1].cursor["swept"] == "2026-02-28"
    server.seen.clear()
    list(collect(gate, REPORTS, cursor=pages[-1].cursor))
    assert asked(server) == ["latest 8-K 0"]


@pytest.mark.parametrize("answer", [page("unavailable.html", 404), page("no_such_key.xml", 403)])
def test_a_filing_that_vanished_is_asked_for_and_marked(
    server: ReplayServer, gate: Gate, answer: Answer
) -> None:
    server.answer(headers_path(report(2)), answer)

    pages = corrected(server, gate, report(1, FRIDAY))

    assert asked(server)[-1] == "0000700001-26-000002-index-headers.html"
    assert (kept(pages), pages[-1].note) == ([2], "filing 0000700001-26-000002 is gone")
    assert pages[-1].raw is not None
    assert "000002" not in str(pages[-1].cursor["indexed"])


def test_a_filing_that_changed_its_form_is_read_itself(server: ReplayServer, gate: Gate) -> None:
    changed = recorded("headers_8k.html").replace(b"26-000011", b"26-000002")
    server.answer(headers_path(report(2)), Answer(changed))

    pages = corrected(server, gate, report(1, FRIDAY), report(2, FRIDAY, form="8-K/A"))

    assert (kept(pages), pages[-1].note) == ([2], "")
    assert "000002" not in str(pages[-1].cursor["indexed"])


def test_a_refusal_is_no_proof_that_a_filing_is_gone(server: ReplayServer, gate: Gate) -> None:
    server.answer(headers_path(report(2)), page("unavailable.html", 403))

    pages = corrected(server, gate, report(1, FRIDAY))

    assert (kept(pages), pages[-1].raw) == ([], None)
    assert "can not be told" in pages[-1].note
    assert "000002" in str(pages[-1].cursor["indexed"])  # it is checked again next week


def test_another_filing_than_the_asked_one_is_an_error(server: ReplayServer, gate: Gate) -> None:
    server.answer(headers_path(report(2)), Answer(recorded("headers_8k.html")))

    with pytest.raises(BadAnswerError, match="asked for filing 0000700001-26-000002, and got"):
        corrected(server, gate, report(1, FRIDAY))


# --- ownership forms --------------------------------------------------------------------------


def test_each_ownership_form_is_read_with_one_request(server: ReplayServer, gate: Gate) -> None:
    made = [insider(1), insider(2), insider(3, filed=FRIDAY)]
    serve_latest(server, "4", made[:2])
    serve_index(server, FRIDAY, made[2:])
    serve_index(server, MONDAY, made[:2])
    serve_texts(server, made)
    # An index tells no roles: the first party's number serves as well.
    owner = f"/Archives/edgar/data/{made[2].who[0][1]}/{made[2].accession}.txt"
    server.answer(
        owner,
        Answer(recorded("form4.txt").replace(b"0000800001-26-000003", made[2].accession.encode())),
    )

    first = list(collect(gate, {"filing_type": "4"}))
    again = list(collect(gate, {"filing_type": "4"}, cursor=first[-1].cursor, now=TEN_PM))

    assert kept(first) == [1, 2, 1, 2, 3, 3]
    assert kept(again) == []
    assert [name for name in asked(server) if name.endswith(".txt")] == [
        f"0000700001-26-00000{n}.txt" for n in (1, 2, 3)
    ]


def test_a_text_that_is_not_there_yet_is_asked_for_by_the_next_run(
    server: ReplayServer, gate: Gate
) -> None:
    made = [insider(1)]
    serve_latest(server, "4", made)
    serve_index(server, FRIDAY, [])
    server.answer(text_path(made[0]), page("unavailable.html", 404), Answer(b""))

    first = list(collect(gate, {"filing_type": "4"}))

    assert first[1].note == "filing 0000700001-26-000001 is not there yet"
    assert first[-1].cursor["seen"] == {MONDAY: {}}
    with pytest.raises(BadAnswerError):
        list(collect(gate, {"filing_type": "4"}, cursor=first[-1].cursor))
    assert asked(server)[-1] == "0000700001-26-000001.txt"
