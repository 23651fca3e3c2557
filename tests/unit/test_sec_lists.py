"""EDGAR's lists of everybody's filings, read: the latest ones, and a day's index."""

from datetime import UTC, date, datetime

import pytest

from stoma.edgar.blocks import block_words, says_absent
from stoma.edgar.feed import read_latest
from stoma.edgar.filing import Filing, Party, role
from stoma.edgar.index import read_index
from stoma.exceptions import BadAnswerError
from tests.edgar import Made, entries, index, insider, latest, recorded

DOORS = "Doors & Corridors, Inc. (New)"

# --- latest filings ---------------------------------------------------------------------------


def test_issuer_and_owner_are_one_filing_with_two_parties() -> None:
    page = read_latest(recorded("latest_4.atom.xml"))

    assert (page.size, page.tail, page.says_none) == (5, 2, False)
    first, second = page.filings
    assert first == Filing(
        accession="0000800001-26-000003",
        forms=("4",),
        filed=date(2026, 3, 2),
        parties=(
            Party("0000800001", "Sample Ada", "reporting_owner"),
            Party("0000700001", DOORS, "issuer"),
        ),
        accepted_at=datetime(2026, 3, 2, 11, 10, tzinfo=UTC),
    )
    assert [party.role for party in second.parties] == ["reporting_owner"] * 2 + ["issuer"]
    assert second.main == Party("0000700002", "Société Exemple S.A.", "issuer")


def test_fifty_seven_parties_are_one_filing() -> None:
    who = tuple((f"Trust {number}", 700100 + number, "Filer") for number in range(57))

    page = read_latest(latest(entries([Made("424B5", 1, who=who)])))

    assert len(page.filings) == 1
    assert len(page.filings[0].parties) == page.size == 57


def test_the_feed_is_latin_1_and_its_entities_are_undone_once() -> None:
    names = [f.parties[0].name for f in read_latest(recorded("latest_8k.atom.xml")).filings]

    assert names == [DOORS, DOORS, "Société Exemple S.A.", "Successor Holdings Corp"]


@pytest.mark.parametrize(
    ("title", "party"),
    [
        ("8-K - A (B) (C) LP (0000000007) (Filer)", Party("0000000007", "A (B) (C) LP", "filer")),
        ("8-K - A - B Corp (7) (Filed by)", Party("0000000007", "A - B Corp", "filed_by")),
        ("8-K - Acme (0000000007) (Subject)", Party("0000000007", "Acme", "subject")),
        ("8-K - Acme (0000000007) (Issuing Entity)", Party("0000000007", "Acme", "issuing_entity")),
        ("8-K - No Role (0000000007)", Party("0000000009", "No Role (0000000007)")),
        ("Odd", Party("0000000009", "Odd")),
    ],
)  # fmt: skip
def test_names_are_read_from_the_right(title: str, party: Party) -> None:
    entry = entries([Made("8-K", 1)])[0]
    odd = f'<link href="https://www.sec.gov/Archives/edgar/data/9/x-index.htm"/><title>{title}</title>'
    body = latest([entry[: entry.index("<title>")] + odd + entry[entry.index("</title>") + 8 :]])

    assert read_latest(body).filings[0].parties == (party,)


def test_an_odd_entry_does_not_spoil_the_page() -> None:
    odd = "<entry><id>x accession-number=0000000001-26-000001</id><title>10-K - Odd</title></entry>"

    page = read_latest(latest([*entries([Made("8-K", 1)]), odd]))

    assert page.filings[1] == Filing(
        accession="0000000001-26-000001", forms=("10-K",), parties=(Party("", "Odd"),)
    )
    assert page.filings[1].url.startswith("https://www.sec.gov/Archives/edgar/data/1/")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("<entry><id>urn:x</id><title>8-K - A</title></entry>", "entry 1 is no filing: its id"),
        ("<entry><id>0000000001-26-000001</id></entry>", "entry 1 is no filing"),
        ("<entry/>", "entry 1 is no filing"),
        (
            "<entry><id>0000000001-26-000001</id><title>8</title><updated>now</updated></entry>",
            "filing 0000000001-26-000001: 'now' is not a moment",
        ),
    ],
)  # fmt: skip
def test_an_entry_that_names_no_filing_is_an_error(entry: str, words: str) -> None:
    with pytest.raises(BadAnswerError, match=words):
        read_latest(latest([entry]))


def test_entities_are_not_expanded_and_a_document_type_is_refused() -> None:
    body = latest(entries([Made("8-K", 1)])).replace(
        b"<feed", b'<!DOCTYPE feed [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><feed'
    )

    with pytest.raises(BadAnswerError):
        read_latest(body.replace(b"Acme", b"&b;"))


def test_an_empty_list_says_that_it_is() -> None:
    assert read_latest(recorded("latest_none.atom.xml")).says_none
    assert not read_latest(latest([])).says_none


def test_one_accession_under_two_forms_is_one_filing() -> None:
    twice = [Made("SC 13D/A", 1), Made("SC TO-T/A", 1)]

    (feed,) = read_latest(latest(entries(twice))).filings
    (row,) = read_index(index(twice))

    assert feed.forms == row.forms == ("SC 13D/A", "SC TO-T/A")


# --- indexes ----------------------------------------------------------------------------------


def test_a_master_index() -> None:
    filings = read_index(recorded("master.20260227.idx"))

    assert [filing.accession[-3:] for filing in filings] == ["030", "020", "021", "001", "040"]
    assert [len(filing.parties) for filing in filings] == [3, 1, 1, 1, 2]
    assert {filing.filed for filing in filings} == {date(2026, 2, 27)}
    assert filings[3].parties == (Party("0000700004", "Late & Lost LLC", "filer"),)
    assert filings[4].forms == ("SC 13D/A", "SC TO-T/A")
    assert {party.role for party in filings[4].parties} == {""}


def test_a_form_index_with_both_kinds_of_dates_and_a_name_too_long_for_its_column() -> None:
    one, two, three = read_index(recorded("form.idx"))

    assert (one.forms, one.parties[0].name) == (("1-A POS",), "Example 2021-1 Trust")
    assert two.parties[0].name.endswith("AND THEN SOME 2000 INC")
    assert two.forms == ("X-17A-5",)
    assert three.forms == ("10-K",)
    assert three.parties[0] == Party("0000700009", "Example Corp 2020", "filer")
    assert [f.filed for f in (one, two, three)] == [date(2021, 2, 5)] * 3


def test_an_index_with_no_rows_has_no_filings() -> None:
    assert read_index(index([])) == ()
    assert read_index(index([]) + b"\n \n") == ()
    assert read_index(index([]).rstrip()) == ()


def test_an_index_cut_off_before_its_rows_is_not_one_without_any() -> None:
    for dashes in range(1, 80):
        with pytest.raises(BadAnswerError):
            read_index(index([]).rstrip()[:-dashes])


def test_an_index_may_be_latin_1() -> None:
    name = "Société".encode("latin-1")

    (filing,) = read_index(index([Made("8-K", 1)]).replace(b"Acme", name))

    assert filing.parties[0].name == "Société Doors, Inc."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><title>Sorry</title></html>",
        index([])[:60],
        b"Description: x\n------\n",
        index([Made("8-K", 1)])[:-6],
        index([Made("8-K", 1)]).replace(b"20260302", b"20261302"),
        index([Made("8-K", 1)]).replace(b"|8-K|", b"|"),
    ],
)
def test_what_is_no_index_or_not_all_of_one_is_an_error(body: bytes) -> None:
    with pytest.raises(BadAnswerError):
        read_index(body)


# --- what is no list --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (recorded("blocked.html"), "Undeclared Automated Tool"),
        (recorded("too_fast.html"), "Request Rate Threshold Exceeded"),
        (b"Request Rate Threshold Exceeded", "Request Rate Threshold Exceeded"),
        (recorded("unavailable.html"), ""),
        (recorded("no_such_key.xml"), ""),
        (b"", ""),
        (latest(entries([Made("8-K", 1)] * 9)) + b"undeclared automated tool", ""),
    ],
)
def test_pages_that_keep_us_out(body: bytes, words: str) -> None:
    assert block_words(body) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><title>Access Denied</title>You don't have permission to access", "Access Denied"),
        (b"<!DOCTYPE html><p>Please solve the CAPTCHA", "CAPTCHA"),
        (recorded("unavailable.html"), ""),
        (recorded("no_such_key.xml"), ""),
    ],
)
def test_a_page_that_refuses_with_403_is_no_missing_file(body: bytes, words: str) -> None:
    assert block_words(body, 403) == words
    assert block_words(body, 404) == ""


@pytest.mark.parametrize(
    ("status", "name", "absent"),
    [
        (404, "unavailable.html", True),
        (403, "no_such_key.xml", True),
        (403, "unavailable.html", False),
        (200, "no_such_key.xml", False),
    ],
)
def test_an_answer_that_states_an_absence(status: int, name: str, absent: bool) -> None:
    assert says_absent(status, recorded(name)) is absent


def test_roles() -> None:
    words = ["Reporting", "REPORTING-OWNER", "Filed by", "SUBJECT COMPANY", "Subject", "ISSUER"]

    assert [role(each) for each in words] == [
        "reporting_owner",
        "reporting_owner",
        "filed_by",
        "subject",
        "subject",
        "issuer",
    ]
    assert insider(1).who[0][2] == "Reporting"
