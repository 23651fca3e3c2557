"""EDGAR's JSON, read: a company's list, the tickers, a search."""

import json
from datetime import date

import pytest

from stoma.edgar.company import Older, read_company, read_tickers
from stoma.edgar.filing import Filing, Party
from stoma.edgar.search import read_hits
from stoma.exceptions import BadAnswerError, RequestRefusedError
from tests.edgar import ACME, Made, company, hits, recorded

DOORS = "Doors & Corridors, Inc. (New)"

# --- companies --------------------------------------------------------------------------------


def test_a_company_s_list() -> None:
    listed = read_company(recorded("company.json"), "")

    assert listed.older == (Older("CIK0000700001-submissions-001.json", date(2026, 2, 9)),)
    assert [filing.forms[0] for filing in listed.filings] == [
        "8-K",
        "8-K",
        "4",
        "10-K/A",
        "10-K",
        "SC 13G",
    ]
    assert listed.filings[0] == Filing(
        accession="0000700001-26-000012",
        forms=("8-K",),
        filed=date(2026, 3, 2),
        parties=(Party("0000700001", DOORS, "filer"),),
        period="2026-02-28",
        items=("7.01", "9.01"),
        file_numbers=("001-70001",),
        sics=("3442",),
        document="doors-8k.htm",
    )


def test_two_filings_of_one_form_on_one_day_are_two() -> None:
    filings = read_company(recorded("company.json"), "").filings

    assert [f.accession for f in filings if f.forms == ("8-K",)] == [
        "0000700001-26-000012",
        "0000700001-26-000011",
    ]


def test_the_rendering_s_folder_is_not_part_of_the_document() -> None:
    assert read_company(recorded("company.json"), "").filings[2].document == "form4.xml"


def test_moments_that_may_be_false_are_not_read() -> None:
    assert {f.accepted_at for f in read_company(recorded("company.json"), "").filings} == {None}


def test_an_empty_report_date_is_none() -> None:
    assert read_company(recorded("company.json"), "").filings[5].period is None


def test_an_amendment_amends_the_one_filing_on_its_period() -> None:
    filings = read_company(recorded("company.json"), "").filings

    assert [f.amends for f in filings] == [None, None, None, "0000700001-26-000004", None, None]


@pytest.mark.parametrize(
    ("forms", "days", "amends"),
    [
        (["10-K/A", "10-K"], ["2026-03-02", "2026-02-10"], True),
        (["10-K/A", "10-K"], ["2026-03-02", "2026-03-03"], False),
        (["10-K/A", "10-Q"], ["2026-03-02", "2026-02-10"], False),
        (["10-K/A", "10-K", "10-K"], ["2026-03-02", "2026-02-10", "2026-02-09"], False),
    ],
)
def test_what_is_amended_is_told_only_where_it_is_certain(
    forms: list[str], days: list[str], amends: bool
) -> None:
    made = [Made(form, n, filed=day) for n, (form, day) in enumerate(zip(forms, days, strict=True))]
    listed = company(made, reportDate=["2025-12-31" for _ in made])

    assert (read_company(listed.body, "").filings[0].amends is not None) is amends


def test_a_further_page_takes_its_company_from_its_address() -> None:
    body = recorded("company_older.json")

    known = read_company(body, "https://x/CIK0000700001-submissions-001.json").filings
    unknown = read_company(body, "https://x/").filings

    assert [filing.parties for filing in known] == [
        (Party("0000700001", "", ""),),
        (Party("0000700001", "", "filer"),),
    ]
    assert unknown[0].parties == ()


def test_columns_are_put_together_by_name() -> None:
    table = json.loads(company([Made("8-K", 1)]).body)
    recent = table["filings"]["recent"]
    table["filings"]["recent"] = {"new": ["?"], **dict(reversed(recent.items())), "other": 5}

    (filing,) = read_company(json.dumps(table).encode(), "").filings

    assert (filing.forms, filing.filed) == (("8-K",), date(2026, 3, 2))


def test_a_filing_listed_twice_is_one() -> None:
    filings = read_company(
        company([Made("8-K", 1), Made("8-K", 2), Made("8-K", 1)]).body, ""
    ).filings

    assert [f.accession[-1] for f in filings] == ["1", "2"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"8-K"]', '"8-K", "8-K"]', "column 'form' has 2 rows, not 1"),
        ('"form": ["8-K"]', '"kind": ["8-K"]', "no 'form'"),
        ('"recent"', '"later"', "no 'recent'"),
        ('"name"', '"Name"', "no 'name'"),
        ("2026-03-02", "yesterday", "a row of the company's list can not be read"),
        ("0000700001-26-000001", "1", "a row of the company's list can not be read"),
        ('"files": []', '"files": [{"name": "../x.json"}]', "a further page can not be told"),
        ('"files": []', '"files": [null]', "a further page can not be told"),
        ('"files": []', '"files": 7', "no 'files'"),
        ('"cik": "', '"cik": "x', "for a CIK"),
        ("{", "[{", "not whole JSON"),
        ('{"cik"', '{"cut', "not whole JSON|no 'cik'"),
    ],
)
def test_a_list_that_does_not_fit_together_is_an_error(old: str, new: str, words: str) -> None:
    body = company([Made("8-K", 1)]).body.decode().replace(old, new, 1)

    with pytest.raises(BadAnswerError, match=words):
        read_company(body.encode(), "")


def test_tickers() -> None:
    assert read_tickers(recorded("tickers.json")) == {"DOOR": "0000700001", "EXM-B": "0000700002"}
    for body in (b"{}", b'{"0": 5}', b'{"0": {"ticker": "A"}}'):
        with pytest.raises(BadAnswerError, match="not the table of tickers"):
            read_tickers(body)


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"[" * 100_000, b'{"a": ' * 5000, b"\xff{}"])
def test_what_is_no_object_is_an_error(body: bytes) -> None:
    with pytest.raises(BadAnswerError):
        read_tickers(body)


# --- searches ---------------------------------------------------------------------------------


def test_hits_are_documents_and_filings_are_fewer() -> None:
    found = read_hits(recorded("search.json"))

    assert (found.size, found.total, found.exact) == (3, 3, True)
    assert [filing.accession[-3:] for filing in found.filings] == ["012", "020"]
    assert found.filings[0] == Filing(
        accession="0000700001-26-000012",
        forms=("8-K",),
        filed=date(2026, 3, 2),
        parties=(Party("0000700001", DOORS, "filer"),),
        period="2026-02-28",
        items=("7.01", "9.01"),
        file_numbers=("001-70001",),
        sics=("3442",),
    )
    assert found.filings[1].parties == (Party("0000700002", "Société Exemple S.A.", "filer"),)


def test_a_party_shown_without_its_cik_takes_it_from_the_list_beside() -> None:
    body = hits([Made("8-K", 1)]).body.replace(b"  (CIK 0000700001)", b"")

    assert read_hits(body).filings[0].parties == (Party("0000700001", ACME[0], "filer"),)
    (bare,) = read_hits(body.replace(b'"ciks"', b'"cix"')).filings
    assert bare.parties == ()


def test_the_error_of_the_search_comes_with_status_200() -> None:
    with pytest.raises(RequestRefusedError, match=r"refuses the search: .* Result window is too"):
        read_hits(recorded("search_error.json"))
    with pytest.raises(RequestRefusedError, match="ResponseError"):
        read_hits(b'{"errorType": "ResponseError"}')


@pytest.mark.parametrize(
    ("further", "relation", "exact"),
    [
        ({}, "eq", True),
        ({}, "gte", False),
        ({"timed_out": True}, "eq", False),
        ({"_shards": {"failed": 2}}, "eq", False),
        ({"_shards": {"failed": 0}, "timed_out": False}, "eq", True),
    ],
)
def test_whether_a_total_is_all(further: dict[str, object], relation: str, exact: bool) -> None:
    body = hits([Made("8-K", 1)], relation=relation, **further).body  # type: ignore[arg-type]

    assert read_hits(body).exact is exact


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"hits": [', '"hits": [5, '),
        ('"adsh": "0000700001-26-000001"', '"adsh": "1"'),
        ('"file_date"', '"date"'),
        ('"form"', '"no_form"'),
        ('"total"', '"all"'),
        ('"value": 1', '"value": "1"'),
    ],
)
def test_a_hit_that_can_not_be_read_is_an_error(old: str, new: str) -> None:
    body = hits([Made("8-K", 1)]).body.decode().replace(old, new)

    with pytest.raises(BadAnswerError):
        read_hits(body.encode())
