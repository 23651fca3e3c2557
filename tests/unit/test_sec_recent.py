"""The filings of everybody: the list of latest ones, reconciled with each day's index."""

from collections.abc import Mapping

import pytest

from stoma.collectors.sec_edgar import SecEdgarCollector
from stoma.domain.task import Json
from stoma.edgar.window import Today
from stoma.exceptions import BadAnswerError, RequestRefusedError, SourceFailedError
from stoma.httpclient import Gate, GatePolicy
from tests.edgar import (
    LATEST,
    MONDAY,
    Made,
    asked,
    collect,
    entries,
    index_path,
    insider,
    kept,
    latest,
    page,
    report,
    serve_index,
    serve_latest,
)
from tests.fakes import FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer

SOURCE = "sec_edgar"
REPORTS: dict[str, Json] = {"days_back": 1, "filing_type": "8-K"}
FRIDAY = "2026-02-27"
TEN_PM = "2026-03-03T03:00:00+00:00"


def days(cursor: Mapping[str, Json], name: str = "indexed") -> list[str]:
    found = cursor[name]
    assert isinstance(found, dict)
    return list(found)


# --- the window -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "days_back", "since", "to_index"),
    [
        ("2026-03-02T12:00:00+00:00", 1, "2026-02-27", ["2026-02-27"]),
        ("2026-03-02T03:00:00+00:00", 1, "2026-02-27", ["2026-02-27"]),  # Sunday there
        (TEN_PM, 1, "2026-02-27", ["2026-03-02", "2026-02-27"]),
        ("2026-03-03T02:59:59+00:00", 1, "2026-02-27", ["2026-02-27"]),
        ("2026-03-04T12:00:00+00:00", 1, "2026-03-03", ["2026-03-03"]),
        ("2026-03-04T12:00:00+00:00", 7, "2026-02-25", ["2026-03-03", "2026-03-02", "2026-02-27",
                                                        "2026-02-26", "2026-02-25"]),
        ("2026-07-07T01:59:00+00:00", 1, "2026-07-03", ["2026-07-03"]),  # summer time
        ("2026-07-07T02:00:00+00:00", 1, "2026-07-03", ["2026-07-06", "2026-07-03"]),
    ],
)  # fmt: skip
def test_days_are_counted_as_the_sec_counts_them(
    now: str, days_back: int, since: str, to_index: list[str]
) -> None:
    today = Today.at(FakeClock().now().fromisoformat(now))
    first = today.since(days_back)

    assert first.isoformat() == since
    assert [day.isoformat() for day in today.to_index(first)] == to_index


# --- the list ---------------------------------------------------------------------------------


def test_the_list_is_asked_for_with_its_parameters(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "8-K", [report(1)])
    serve_latest(server, "4", [])

    list(collect(gate, {"filing_type": ["8-K", "4"]}))

    assert [dict(seen.params) for seen in server.seen[:2]] == [
        {
            "action": "getcurrent",
            "type": form,
            "owner": owner,
            "start": "0",
            "count": "100",
            "output": "atom",
        }
        for form, owner in [("4", "only"), ("8-K", "include")]
    ]
    assert server.seen[2].path == index_path(FRIDAY)


def test_only_the_exact_forms_are_kept(server: ReplayServer, gate: Gate) -> None:
    forms = ["8-K", "8-K/A", "8-K12B", "8-K"]
    serve_latest(server, "8-K", [report(n, form=form) for n, form in enumerate(forms)])

    assert kept(collect(gate, REPORTS)) == [0, 3]
    assert kept(collect(gate, {"filing_type": "8-K/A"})) == [1]
    assert kept(collect(gate, {"filing_type": ["8-K", "8-K/A"]})) == [0, 1, 3]
    assert kept(collect(gate, {**REPORTS, "include_amendments": True})) == [0, 1, 3]


def test_what_the_prefix_of_a_form_4_lets_in_is_dropped(server: ReplayServer, gate: Gate) -> None:
    made = [insider(1), report(2, form="424B2"), report(3, form="497K"), insider(4, "4/A")]
    serve_latest(server, "4", made)
    config: dict[str, Json] = {"filing_type": ["4", "4/A"], "parse_ownership": False}

    assert kept(collect(gate, config)) == [1, 4]


def test_all_forms_are_one_list(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "", [report(1), report(2, form="424B2")])

    assert kept(collect(gate, {})) == [1, 2]
    assert asked(server)[0] == "latest  0"


def test_a_filing_is_never_split_by_the_end_of_a_page(server: ReplayServer, gate: Gate) -> None:
    made = [insider(n) for n in range(7)]
    serve_latest(server, "4", made, size=3)

    pages = list(collect(gate, {"filing_type": "4", "parse_ownership": False}, page_size=3))

    assert asked(server)[:-1] == [f"latest 4 {start}" for start in (0, 2, 4, 6, 8, 10, 12)]
    assert kept(pages) == list(range(7))


def test_a_filing_with_more_parties_than_a_page_has_room_for(
    server: ReplayServer, gate: Gate
) -> None:
    who = tuple((f"Trust {n}", 700100 + n, "Filer") for n in range(7))
    serve_latest(server, "8-K", [Made("8-K", 1, who=who), report(2)], size=3)

    assert kept(collect(gate, REPORTS, page_size=3)) == [1, 2]
    assert asked(server)[:-1] == [f"latest 8-K {start}" for start in (0, 3, 6)]


def test_pages_that_shift_while_they_are_read_bring_nothing_twice(
    server: ReplayServer, gate: Gate
) -> None:
    made = [report(n) for n in range(9)]
    pages = [made[:3], [report(20), *made[:2]], made[1:4], made[3:5]]
    for start, shown in zip((0, 2, 4, 6), pages, strict=True):
        server.answer(LATEST, Answer(latest(entries(shown))), start=str(start))

    assert kept(collect(gate, REPORTS, page_size=3)) == [0, 1, 20, 2, 3, 4]


def test_the_walk_ends_where_all_of_a_page_is_before_the_window(
    server: ReplayServer, gate: Gate
) -> None:
    made = [report(n, MONDAY if n < 3 else "2026-02-25") for n in range(12)]
    serve_latest(server, "8-K", made, size=4)

    assert kept(collect(gate, REPORTS, page_size=4)) == [0, 1, 2]
    assert asked(server) == ["latest 8-K 0", "latest 8-K 3", "20260227"]


def test_a_zero_that_says_so_is_an_end(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "8-K", [])
    serve_index(server, FRIDAY, [])

    pages = list(collect(gate, REPORTS))

    assert [each.last for each in pages] == [False, True]
    assert [each.raw is None for each in pages] == [False, False]
    assert pages[-1].cursor["unread_from"] == "2026-02-28"


def test_a_list_that_is_empty_for_no_reason_is_an_error(server: ReplayServer, gate: Gate) -> None:
    server.answer(LATEST, Answer(latest([])))

    with pytest.raises(BadAnswerError, match="is empty, and does not say why"):
        list(collect(gate, REPORTS))


def test_503_at_the_end_of_the_list_is_its_end(server: ReplayServer, gate: Gate) -> None:
    for start in range(0, 5100, 99):
        shown = [report(start + n) for n in range(100)]
        server.answer(LATEST, Answer(latest(entries(shown))), start=str(min(start, 5000)))
    server.answer(LATEST, page("unavailable.html", 503), start="5100")
    serve_index(server, FRIDAY, [])

    pages = list(collect(gate, REPORTS))

    assert asked(server)[-4:] == [
        "latest 8-K 4950",
        "latest 8-K 5000",
        "latest 8-K 5100",
        "20260227",
    ]
    assert pages[-2].note == "the list of latest filings ends at entry 5100"
    assert (pages[-2].raw, pages[-1].last) == (None, True)


@pytest.mark.parametrize("number", [1, 2])
def test_503_anywhere_else_is_an_error(server: ReplayServer, gate: Gate, number: int) -> None:
    serve_latest(server, "8-K", [report(n) for n in range(9)], size=4)
    server.answer_request(number, page("unavailable.html", 503))

    with pytest.raises(SourceFailedError, match="HTTP 503"):
        list(collect(gate, REPORTS, page_size=4))


# --- the index --------------------------------------------------------------------------------


def test_the_index_brings_what_the_list_did_not_have(server: ReplayServer, gate: Gate) -> None:
    listed, missed = report(1, FRIDAY), report(2, FRIDAY)
    serve_latest(server, "8-K", [listed])
    serve_index(server, FRIDAY, [listed, missed, report(3, FRIDAY, form="10-K")])

    pages = list(collect(gate, REPORTS))

    assert kept(pages) == [1, 2]
    assert pages[-1].cursor["unread_from"] == "2026-02-28"
    assert pages[-1].cursor["seen"] == {FRIDAY: {}}
    assert pages[-1].cursor["indexed"] == {
        FRIDAY: {"8-K": {"0000700001-26": {"000001": "0000700001", "000002": "0000700001"}}}
    }


@pytest.mark.parametrize(
    "answer",
    [
        page("unavailable.html", 404),
        page("unavailable.html", 403),
        page("no_such_key.xml", 403),
    ],
)
def test_an_index_that_is_not_there_yet_is_asked_for_again(
    server: ReplayServer, gate: Gate, answer: Answer
) -> None:
    serve_latest(server, "8-K", [])
    server.answer(index_path(FRIDAY), answer)
    serve_index(server, MONDAY, [report(1)])

    first = list(collect(gate, REPORTS))[-1]
    server.seen.clear()
    later = list(collect(gate, REPORTS, cursor=first.cursor, now=TEN_PM))[-1]

    assert (first.raw, first.cursor["unread_from"]) == (None, FRIDAY)
    assert asked(server) == ["latest 8-K 0", "20260302", "20260227"]
    assert later.cursor["unread_from"] == "2026-03-03"  # Friday was a holiday


def test_an_index_is_read_once(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "8-K", [])
    serve_index(server, FRIDAY, [report(1, FRIDAY)])
    first = list(collect(gate, {**REPORTS, "days_back": 5}))[-1]
    server.seen.clear()

    again = list(collect(gate, {**REPORTS, "days_back": 5}, cursor=first.cursor))

    assert asked(server) == ["latest 8-K 0"]
    assert kept(again) == []


def test_days_that_were_missed_are_made_up_for(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "8-K", [])
    cursor: dict[str, Json] = {"unread_from": "2026-02-24", "swept": "2026-02-28"}
    for number, day in enumerate(["2026-02-24", "2026-02-25", "2026-02-26", FRIDAY]):
        serve_index(server, day, [report(number, day)])

    pages = list(collect(gate, REPORTS, cursor=cursor))

    assert kept(pages) == [3, 2, 1, 0]
    assert pages[-1].cursor["unread_from"] == "2026-02-28"


def test_a_later_run_stops_where_the_last_one_began(server: ReplayServer, gate: Gate) -> None:
    old = [report(n, hour=6) for n in range(12)]
    serve_latest(server, "8-K", old, size=4)
    serve_index(server, FRIDAY, [])
    first = list(collect(gate, REPORTS, page_size=4))[-1]
    server.seen.clear()
    new = [report(20, hour=10), report(21, hour=9)]
    with ReplayServer() as other:
        serve_latest(other, "8-K", [*new, *old], size=4)
        policy = GatePolicy(base_url=other.url)
        with Gate("sec_edgar", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as second:
            pages = list(collect(second, REPORTS, cursor=first.cursor, page_size=4))

        assert asked(other)[:2] == ["latest 8-K 0", "latest 8-K 3"]
        assert kept(pages)[:2] == [20, 21]
        assert kept(pages)[2:] == []


def test_a_filing_that_was_collected_is_not_collected_again(
    server: ReplayServer, gate: Gate
) -> None:
    made = [report(1), report(2)]
    serve_latest(server, "8-K", made)
    serve_index(server, FRIDAY, [])
    serve_index(server, MONDAY, [*made, report(3)])
    first = list(collect(gate, REPORTS))

    second = list(collect(gate, REPORTS, cursor=first[-1].cursor, now=TEN_PM))

    assert (kept(first), kept(second)) == ([1, 2], [3])


def test_old_days_are_forgotten(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "8-K", [])
    serve_index(server, "2026-02-06", [report(1, "2026-02-06")])
    serve_index(server, FRIDAY, [report(2, FRIDAY)])
    cursor: dict[str, Json] = {"unread_from": "2026-02-06"}

    last = list(collect(gate, REPORTS, cursor=cursor))[-1]

    assert days(last.cursor) == [FRIDAY]


def test_a_collector_keeps_nothing_between_two_calls(server: ReplayServer, gate: Gate) -> None:
    serve_latest(server, "8-K", [report(1)])

    assert kept(collect(gate, REPORTS)) == kept(collect(gate, REPORTS)) == [1]
    assert SecEdgarCollector.pause_seconds >= 600


def test_an_entry_without_a_moment_or_a_date_is_kept_all_the_same(
    server: ReplayServer, gate: Gate
) -> None:
    (entry,) = entries([report(1)])
    bare = entry.replace("<updated>2026-03-02T06:00:00-05:00</updated>", "").replace("Filed:", "")
    server.answer(LATEST, Answer(latest([bare])))
    serve_index(server, FRIDAY, [])

    pages = list(collect(gate, REPORTS))

    assert kept(pages) == [1]
    assert pages[-1].cursor["newest"] == {}


def test_a_list_that_is_not_there_is_refused(gate: Gate) -> None:
    with pytest.raises(RequestRefusedError, match="HTTP 404"):
        list(collect(gate, REPORTS))
