"""Filings themselves, read: headers in both dialects, and forms 3, 4 and 5 to the last line."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from stoma.edgar.filing import Party
from stoma.edgar.ownership import find_ownership, positions_held, read_ownership, told
from stoma.edgar.submission import is_submission, read_submission
from stoma.exceptions import BadAnswerError
from tests.edgar import insider, recorded, submission

FORM4 = recorded("form4.txt")


def form4() -> Mapping[str, Any]:
    document = find_ownership(FORM4)
    assert document is not None
    return read_ownership(document)


def line(fields: str, kind: str = "nonDerivative") -> dict[str, Any]:
    """Return a transaction of a form that says only *fields*."""
    name = f"{kind}Transaction"
    form: Mapping[str, Any] = read_ownership(
        f"<ownershipDocument><{kind}Table><{name}>{fields}</{name}></{kind}Table>"
        "</ownershipDocument>".encode()
    )
    (found,) = form["transactions"]
    return dict(found)


# --- the header -------------------------------------------------------------------------------


def test_a_submission() -> None:
    filing = read_submission(FORM4)

    assert (filing.accession, filing.forms) == ("0000800001-26-000003", ("4",))
    assert filing.filed == date(2026, 3, 2)
    assert filing.accepted_at == datetime(2026, 3, 2, 11, 10, tzinfo=UTC)
    assert filing.period == "2026-02-26"
    assert filing.parties == (
        Party("0000800001", "Sample Ada", "reporting_owner"),
        Party("0000700001", "Doors & Corridors, Inc. (New)", "issuer"),
    )
    assert filing.file_numbers == ("001-70001",)
    assert filing.sics == ("3442",)
    assert filing.document == "form4.xml"
    assert filing.whole
    assert filing.problem is None


def test_acceptance_in_a_header_is_eastern_and_a_late_form_4_keeps_its_filing_date() -> None:
    filing = read_submission(recorded("form4a.txt"))

    assert (filing.forms, filing.filed) == (("4/A",), date(2026, 2, 27))
    assert filing.accepted_at == datetime(2026, 2, 28, 2, 45, tzinfo=UTC)


def test_the_list_of_headers_is_a_page_in_the_other_dialect() -> None:
    filing = read_submission(recorded("headers_8k.html"))

    assert (filing.accession, filing.forms) == ("0000700001-26-000011", ("8-K/A",))
    assert filing.parties == (Party("0000700001", "Doors & Corridors, Inc. (New)", "filer"),)
    assert (filing.period, filing.items) == ("2026-02-26", ("5.02", "9.01"))
    assert (filing.document, filing.sics) == ("d8k.htm", ("3442",))
    assert (filing.ownership, filing.problem) == (None, None)


def test_two_forms_in_one_submission_are_both_there() -> None:
    text = recorded("headers_8k.html").replace(b"FORM-TYPE&gt;8-K/A", b"FORM-TYPE&gt;SC TO-T/A")

    assert read_submission(text).forms == ("8-K/A", "SC TO-T/A")


def test_a_header_without_dates_has_none() -> None:
    text = FORM4.replace(b"20260302061000", b"").replace(b"FILED AS OF DATE:\t\t20260302", b"")
    text = text.replace(b"CONFORMED PERIOD OF REPORT:\t20260226", b"").replace(b"[3442]", b"")

    filing = read_submission(text)

    assert (filing.accepted_at, filing.filed, filing.period, filing.sics) == (None, None, None, ())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty, not a whole submission"),
        (b"<html><title>No</title></html>", "HTML page"),
        (FORM4[:600], "not a whole submission"),
        (FORM4[:-20], "the submission has no end"),
        (FORM4.replace(b"ACCESSION NUMBER:\t\t0", b"ACCESSION NUMBER:\t\tX"), "no accession"),
        (FORM4.replace(b"TYPE:\t", b"KIND:\t").replace(b"FORM TYPE", b"X"), "no form type"),
    ],
)
def test_what_is_no_submission_or_not_all_of_one_is_an_error(body: bytes, words: str) -> None:
    with pytest.raises(BadAnswerError, match=words):
        read_submission(body)


def test_a_submission_is_told_by_its_header() -> None:
    assert is_submission(FORM4)
    assert is_submission(recorded("headers_8k.html"))
    assert not is_submission(recorded("blocked.html"))


def test_a_submission_may_be_latin_1() -> None:
    text = FORM4.decode().replace("Sample Ada", "Sample Adà").encode("latin-1")

    filing = read_submission(text)

    assert filing.parties[0].name == "Sample Adà"
    assert filing.ownership is not None
    assert filing.ownership["owners"][0]["name"] == "Sample Adà"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"</issuer>", b"</issuers>", "its ownership form can not be read: the answer is"),
        (b"</remarks>", b"&bomb;</remarks>", "its ownership form can not be read: the answer is"),
        (b"<ownershipDocument>", b"<document>", "it has no ownership form in XML"),
    ],
)
def test_a_form_that_can_not_be_read_leaves_the_filing_and_says_so(
    old: bytes, new: bytes, problem: str
) -> None:
    filing = read_submission(FORM4.replace(old, new))

    assert filing.ownership is None
    assert (filing.problem or "").startswith(problem)
    assert len(filing.parties) == 2


# --- the form ---------------------------------------------------------------------------------


def test_every_owner_is_kept() -> None:
    filing = read_submission(recorded("form4a.txt"))
    assert filing.ownership is not None

    assert filing.ownership["owners"] == [
        {
            "cik": "0000800002",
            "name": "Example Partners (Fund II), L.P.",
            "is_director": None,
            "is_officer": None,
            "is_ten_percent_owner": True,
            "is_other": True,
            "officer_title": None,
            "other_text": "See remarks",
        },
        {
            "cik": "0000800003",
            "name": "Example Bo",
            "is_director": False,
            "is_officer": None,
            "is_ten_percent_owner": None,
            "is_other": None,
            "officer_title": None,
            "other_text": None,
        },
    ]
    assert filing.ownership["date_of_original_submission"] == "2026-02-25"
    assert positions_held(filing.ownership) == {
        "0000800002": ("ten percent owner", "other: See remarks"),
        "0000800003": (),
    }


def test_every_transaction_and_holding_is_kept() -> None:
    form = form4()

    assert [(each["table"], each["code"]) for each in form["transactions"]] == [
        ("non_derivative", "M"),
        ("non_derivative", "F"),
        ("derivative", "M"),
    ]
    assert [(each["table"], each["security"]) for each in form["holdings"]] == [
        ("non_derivative", "Common Stock"),
        ("derivative", "Option"),
    ]
    assert form["issuer"] == {
        "cik": "0000700001",
        "name": "Doors & Corridors, Inc. (New)",
        "ticker": "DOOR",
    }
    assert form["footnotes"] == {"F1": "One door for each unit.", "F2": "Vests in four parts."}
    assert form["signatures"] == [{"name": "/s/ Ada Sample", "date": "2026-03-02"}]
    assert (form["remarks"], form["rule_10b5_1_plan"]) == (None, True)


def test_a_line_of_a_derivative() -> None:
    assert form4()["transactions"][2] == {
        "table": "derivative",
        "security": "Restricted Stock Units",
        "date": "2026-02-26",
        "deemed_execution_date": None,
        "form_type": "4",
        "code": "M",
        "timeliness": None,
        "acquired_disposed": "D",
        "exercise_date": None,
        "expiration_date": "2030-02-26",
        "underlying_security": "Common Stock",
        "ownership": "D",
        "nature_of_ownership": None,
        "shares": 1500.5,
        "total_value": None,
        "price": 0,
        "conversion_or_exercise_price": 0,
        "underlying_shares": 1500.5,
        "underlying_value": None,
        "shares_after": 0,
        "value_after": None,
        "equity_swap": False,
        "footnotes": {"exercise_date": ["F2"]},
    }


def test_a_value_that_is_missing_is_none_and_its_footnotes_are_named() -> None:
    exercised, withheld, _ = form4()["transactions"]

    assert (exercised["price"], exercised["footnotes"]) == (None, {"price": ["F1"]})
    assert withheld["price"] == 41.25
    assert withheld["footnotes"] == {"price": ["F1", "F2"], "coding": ["F2"]}


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("<isDirector>1</isDirector>", True),
        ("<isDirector>true</isDirector>", True),
        ("<isDirector> TRUE </isDirector>", True),
        ("<isDirector><value>1</value></isDirector>", True),
        ("<isDirector>0</isDirector>", False),
        ("<isDirector>false</isDirector>", False),
        ("<isDirector/>", None),
        ("<isDirector>maybe</isDirector>", None),
        ("", None),
    ],
)
def test_flags_in_all_notations(written: str, flag: bool | None) -> None:
    form = read_ownership(
        "<ownershipDocument><reportingOwner><reportingOwnerRelationship>"
        f"{written}</reportingOwnerRelationship></reportingOwner></ownershipDocument>".encode()
    )

    assert form["owners"][0]["is_director"] is flag  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("100", 100),
        ("100.00", 100.0),
        (".5", 0.5),
        ("-3", -3),
        ("1e5", "1e5"),
        ("N/A", "N/A"),
        ("nan", "nan"),
        ("9" * 41, "9" * 41),
        ("", None),
    ],
)
def test_numbers(written: str, number: object) -> None:
    shares = f"<transactionShares><value>{written}</value></transactionShares>"

    found = line(f"<transactionAmounts>{shares}</transactionAmounts>")

    assert found["shares"] == number


@pytest.mark.parametrize("code", ["F", "A", "M", "G", "D", "J", "C", "X"])
def test_only_p_and_s_are_told_as_trades(code: str) -> None:
    found = line(
        f"<transactionCoding><transactionCode>{code}</transactionCode></transactionCoding>"
    )

    words = told({"transactions": [found]})

    assert words is not None
    assert words.startswith(f"{code} (")
    assert "sale" not in words
    assert "purchase" not in words


def test_transactions_in_a_line() -> None:
    assert told(form4()) == (
        "M (exercise or conversion of an exempt derivative) 1500.5 Common Stock on 2026-02-26; "
        "F (payment of exercise price or tax by withholding securities) 500 Common Stock "
        "at 41.25 on 2026-02-26; "
        "M (exercise or conversion of an exempt derivative) 1500.5 Restricted Stock Units "
        "at 0 on 2026-02-26"
    )
    assert told({"transactions": [line("")]}) == "?"
    assert told({"transactions": []}) is None
    assert told({}) is None
    assert positions_held({}) == {}


@pytest.mark.parametrize(
    "document",
    [
        b"<ownershipDocument>",
        b"<ownershipDocument>&x;</ownershipDocument>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><ownershipDocument>&x;</ownershipDocument>',
    ],
)
def test_entities_and_halves_are_no_forms(document: bytes) -> None:
    found = find_ownership(document)

    if found is not None:
        with pytest.raises(BadAnswerError, match="not a whole ownership form"):
            read_ownership(found)


def test_the_form_of_a_maker_is_read() -> None:
    filing = read_submission(submission(insider(7)))

    assert filing.ownership is not None
    assert told(filing.ownership) == "S (open market or private sale) Common"
