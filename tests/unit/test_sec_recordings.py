"""Real answers of EDGAR, where they are at hand beside the project: they are not ours to ship."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stoma.domain.collection import CollectResult
from stoma.domain.item import Item, RawAnswer
from stoma.domain.task import Json
from stoma.edgar.feed import read_latest
from stoma.edgar.index import read_index
from stoma.edgar.ownership import find_ownership, read_ownership
from stoma.edgar.submission import read_submission
from stoma.exceptions import SourceFailedError
from stoma.httpclient import Gate
from stoma.normalizers.sec_edgar import SecEdgarNormalizer
from tests.edgar import LATEST, collect, company_path, index_path, kept, latest
from tests.fakes import START
from tests.replay import Answer, ReplayServer

SOURCE = "sec_edgar"
FOLDER = Path(__file__).parents[3] / "shared" / "recordings" / "sec_edgar"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings beside the project")


def body(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def normalized(name: str, url: str = "https://www.sec.gov/") -> Sequence[Item]:
    raw = RawAnswer(
        source="sec_edgar", url=url, status=200, media_type="", body=body(name), fetched_at=START
    )
    return asyncio.run(SecEdgarNormalizer().normalize(CollectResult(raw=raw)))


@pytest.mark.parametrize(
    ("name", "accessions", "form_4"),
    [
        ("getcurrent_type4_start0_2025-12-12", 46, 100),
        ("getcurrent_type4_start100_2025-12-12", 59, 69),
        ("getcurrent_all_start0_2026-01-12", 73, 36),
    ],
)
def test_pages_of_the_list(name: str, accessions: int, form_4: int) -> None:
    page = read_latest(body(f"{name}.atom.xml"))

    parties = Counter(
        form for filing in page.filings for form in filing.forms for _ in filing.parties
    )
    assert (page.size, len(page.filings)) == (100, accessions)
    assert parties["4"] == form_4
    assert all(filing.accepted_at and filing.filed for filing in page.filings)
    assert all(party.role and party.cik for filing in page.filings for party in filing.parties)


def test_the_first_filing_of_the_list() -> None:
    item = normalized("getcurrent_type4_start0_2025-12-12.atom.xml")[0]

    assert item.natural_id == "0002063236-25-000004"
    assert [(each.name, each.role) for each in item.contributors] == [
        ("Perez Daniel Antonio", "reporting_owner"),
        ("Hinge Health, Inc.", "issuer"),
    ]
    assert item.title == "4 — Hinge Health, Inc."
    assert item.published_at == datetime(2025, 12, 12, 23, 2, 43, tzinfo=UTC)
    assert normalized("getcurrent_all_start0_2026-01-12.atom.xml")[0].natural_id == (
        "0002074440-26-000002"
    )


def test_two_pages_of_the_list_share_one_filing_and_keep_it_whole(
    server: ReplayServer, gate: Gate
) -> None:
    first, second = (
        body(f"getcurrent_type4_start{start}_2025-12-12.atom.xml") for start in (0, 100)
    )
    # The list from the entry at which the last filing of the first page begins.
    parts = [
        part.partition(b"</entry>")[0]
        for page in (first, second)
        for part in page.split(b"<entry>")[1:]
    ]
    shifted = latest(f"<entry>{part.decode('latin-1')}</entry>" for part in parts[90:190])
    server.answer(LATEST, Answer(first), start="0")
    server.answer(LATEST, Answer(shifted), start="90")
    server.answer(LATEST, Answer(latest([], "no recent filings")))
    config: dict[str, Json] = {"filing_type": "4", "parse_ownership": False, "limit": 99}

    pages = list(collect(gate, config, now="2025-12-12T23:10:00+00:00"))

    assert [seen.params["start"] for seen in server.seen[:2]] == ["0", "90"]
    assert len(kept(pages[:1])) == 45
    whole = read_latest(shifted).filings[0]
    assert whole.accession == "0000950142-25-003181"
    assert len(whole.parties) > 10
    assert whole.accession in (pages[1].only or ())


def test_past_the_end_the_list_is_503(server: ReplayServer, gate: Gate) -> None:
    gone = Answer(body("getcurrent_past_end_start5100_HTTP503.html"), 503)
    server.answer(LATEST, gone)

    with pytest.raises(SourceFailedError, match="HTTP 503"):
        list(collect(gate, {"filing_type": "4"}))


def test_an_index_of_a_whole_day() -> None:
    filings = read_index(body("daily_form.20200318.idx"))

    forms = Counter(form for filing in filings for form in filing.forms)
    assert len(filings) == 2666
    assert body("daily_form.20200318.idx").count(b"edgar/data/") == 4084
    assert forms["4"] == 974
    lines = Counter(line[:12].strip() for line in body("daily_form.20200318.idx").splitlines())
    assert lines[b"4"] == sum(len(each.parties) for each in filings if each.forms == ("4",)) == 2040
    for form, rows in {"4/A": 34, "10-K": 68, "10-K/A": 2, "8-K/A": 13}.items():
        assert lines[form.encode()] == rows
        assert 0 < forms[form] <= rows
    (funds,) = (each for each in filings if each.accession == "0001535538-20-000011")
    assert len(funds.parties) == 30


def test_an_index_in_a_run(server: ReplayServer, gate: Gate) -> None:
    server.answer(LATEST, Answer(latest([], "no recent filings")))
    server.answer(index_path("2020-03-18"), Answer(body("daily_form.20200318.idx")))

    pages = list(
        collect(
            gate,
            {"filing_type": ["4", "4/A"], "parse_ownership": False},
            now="2020-03-19T12:00:00+00:00",
        )
    )

    assert len(kept(pages)) > 974
    assert pages[-1].cursor["unread_from"] == "2020-03-19"
    assert len(str(pages[-1].cursor)) < 60_000


def test_a_company_s_list() -> None:
    items = normalized("submissions_CIK0000320193_2023-08.json")

    assert len(items) == 1000
    newest = items[0]
    assert (newest.natural_id, newest.extra["filing_date"]) == (
        "0000320193-23-000079",
        "2023-08-08",
    )
    assert newest.extra["document"] == "wk-form4_1691533817.xml"
    assert sum(item.extra["period"] is None for item in items) == 198
    assert {item.published_at for item in items} == {None}
    (report,) = (item for item in items if item.natural_id == "0000320193-23-000077")
    assert (report.title, report.extra["filing_date"]) == (
        "10-Q — Apple Inc. (2023-07-01)",
        "2023-08-04",
    )


def test_an_older_page_of_a_company_s_list() -> None:
    url = "https://data.sec.gov/submissions/CIK0000320193-submissions-001.json"

    items = normalized("submissions_CIK0000320193-001_older_page.json", url)

    assert len(items) == 988
    (amended,) = (item for item in items if item.natural_id == "0001193125-10-012091")
    assert {tag.term for tag in amended.tags} == {"10-K/A"}
    assert [each.type for each in amended.relations] == ["amends"]


def test_a_company_as_far_back_as_there_is(server: ReplayServer, gate: Gate) -> None:
    server.answer(company_path(320193), Answer(body("submissions_CIK0000320193_2023-08.json")))
    server.answer(
        "/submissions/CIK0000320193-submissions-001.json",
        Answer(body("submissions_CIK0000320193-001_older_page.json")),
    )
    config: dict[str, Json] = {"ciks": ["320193"], "days_back": 15000, "parse_ownership": False}

    pages = list(collect(gate, config, now="2023-08-09T12:00:00+00:00"))

    assert [len(page.only or ()) for page in pages] == [1000, 988]


def test_a_form_4() -> None:
    document = find_ownership(body("form4_single_owner_aapl_2020.xml"))
    assert document is not None
    form: Mapping[str, Any] = read_ownership(document)

    (sale,), (owner,) = form["transactions"], form["owners"]
    assert (owner["name"], owner["officer_title"]) == ("Maestri Luca", "Senior Vice President, CFO")
    assert (owner["is_officer"], owner["is_director"]) == (True, False)
    assert (sale["code"], sale["shares"], sale["price"]) == ("S", 243431, 116.89)
    assert sale["footnotes"] == {"security": ["F1"], "price": ["F2"]}


def test_a_form_3_of_two_owners() -> None:
    document = find_ownership(body("form3_two_reporting_owners_snow.xml"))
    assert document is not None
    form: Mapping[str, Any] = read_ownership(document)

    assert [each["name"] for each in form["owners"]] == [
        "BERKSHIRE HATHAWAY INC",
        "BUFFETT WARREN E",
    ]
    assert form["transactions"] == []
    assert len(form["holdings"]) == 1


def test_a_header() -> None:
    filing = read_submission(body("form4_index-headers.sgml"))

    assert filing.accession == "0001062993-24-012217"
    assert filing.accepted_at == datetime(2024, 6, 7, 22, 10, 30, tzinfo=UTC)
    assert filing.main is not None
    assert filing.main.name == "UFP TECHNOLOGIES INC"
