"""What a filing keeps of each answer."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from stoma.domain.collection import CollectResult
from stoma.domain.item import (
    Contributor,
    Identifier,
    Item,
    ItemKind,
    ItemStatus,
    RawAnswer,
    Relation,
    Tag,
    merged,
)
from stoma.exceptions import BadAnswerError
from stoma.normalizers.sec_edgar import SecEdgarNormalizer
from tests.edgar import Made, entries, hits, index, insider, latest, recorded
from tests.fakes import START

TEXT = "https://www.sec.gov/Archives/edgar/data/1/0000700001-26-000011"


def normalized(body: bytes, url: str = "https://www.sec.gov/", status: int = 200) -> Sequence[Item]:
    raw = RawAnswer(
        source="sec_edgar", url=url, status=status, media_type="", body=body, fetched_at=START
    )
    return asyncio.run(SecEdgarNormalizer().normalize(CollectResult(raw=raw)))


def only(name: str, accession: str) -> Item:
    """Return one filing of a recorded answer."""
    (item,) = (each for each in normalized(recorded(name)) if each.natural_id.endswith(accession))
    return item


def test_a_filing_from_the_list() -> None:
    assert only("latest_8k.atom.xml", "012") == Item(
        source="sec_edgar",
        kind=ItemKind.FILING,
        natural_id="0000700001-26-000012",
        title="8-K — Doors & Corridors, Inc. (New)",
        url="https://www.sec.gov/Archives/edgar/data/700001/000070000126000012/"
        "0000700001-26-000012-index.htm",
        version_key="0000700001-26-000012",
        summary="7.01 Regulation FD Disclosure; 9.01 Financial Statements and Exhibits",
        published_at=datetime(2026, 3, 2, 11, 31, tzinfo=UTC),
        contributors=(
            Contributor(
                name="Doors & Corridors, Inc. (New)", role="filer", external_id="0000700001"
            ),
        ),
        identifiers=(
            Identifier("accession", "0000700001-26-000012"),
            Identifier("cik", "0000700001"),
        ),
        tags=(Tag("form", "8-K"), Tag("8k-item", "7.01"), Tag("8k-item", "9.01")),
        extra={
            "filing_date": "2026-03-02",
            "period": None,
            "items": ["7.01", "9.01"],
            "document": None,
            "ownership": None,
            "problem": None,
        },
        thin=True,
    )


def test_a_date_is_stored_as_a_date_and_never_as_midnight() -> None:
    item = only("company.json", "012")

    assert item.extra["filing_date"] == "2026-03-02"
    assert item.published_at is None


def test_a_filing_from_its_company_s_list() -> None:
    item = only("company.json", "009")

    assert item.title == "10-K/A — Doors & Corridors, Inc. (New) (2025-12-31)"
    assert item.relations == (Relation("amends", "0000700001-26-000004"),)
    assert item.tags == (Tag("form", "10-K/A"), Tag("sic", "3442"))
    assert item.summary is None
    assert item.extra["document"] == "door10ka.htm"
    assert Identifier("file_number", "001-70001") in item.identifiers


def test_a_role_that_is_not_said_is_not_guessed() -> None:
    assert [each.role for each in only("company.json", "0000800001-26-000003").contributors] == [
        "party"
    ]
    (row,) = normalized(index([insider(1)]))
    assert {each.role for each in row.contributors} == {"party"}


def test_a_further_page_knows_the_number_of_its_company_only() -> None:
    (_, item) = normalized(
        recorded("company_older.json"), "https://data.sec.gov/submissions/CIK0000700001-x-001.json"
    )

    assert item.title == "10-K405 — CIK 0000700001"
    assert item.contributors == ()
    assert Identifier("cik", "0000700001") in item.identifiers


def test_a_filing_without_any_party_is_called_by_its_number() -> None:
    (item, _) = normalized(recorded("company_older.json"))

    assert item.title == "SC 13G — 0000700001-26-000003"


def test_an_ownership_form_has_its_issuer_owners_and_all_their_lines() -> None:
    (item,) = normalized(recorded("form4.txt"))

    assert not item.thin
    assert item.title == "4 — Doors & Corridors, Inc. (New) (2026-02-26)"
    assert item.contributors == (
        Contributor(
            name="Sample Ada",
            role="reporting_owner",
            external_id="0000800001",
            affiliations=("director", "officer: Chief Door Officer"),
        ),
        Contributor(name="Doors & Corridors, Inc. (New)", role="issuer", external_id="0000700001"),
    )
    assert item.extra["ownership"]["transactions"][1]["code"] == "F"  # type: ignore[index,call-overload]
    assert (item.summary or "").startswith("M (exercise or conversion of an exempt derivative)")
    assert item.tags == (Tag("form", "4"), Tag("sic", "3442"))


def test_two_forms_of_one_filing_are_both_tagged() -> None:
    item = only("master.20260227.idx", "040")

    assert item.tags == (Tag("form", "SC 13D/A"), Tag("form", "SC TO-T/A"))
    assert item.title == "SC 13D/A + SC TO-T/A — Target Corp /DE/"


def test_an_item_number_of_another_form_is_no_item_of_an_8k() -> None:
    (item,) = normalized(latest(entries([Made("D", 1, items=("06b",))])))

    assert item.tags == (Tag("form", "D"),)
    assert item.summary is None
    assert item.extra["items"] == ["06b"]


def test_an_item_without_a_caption_of_today_keeps_its_number() -> None:
    (item,) = normalized(latest(entries([Made("8-K", 1, items=("12", "8.01"))])))

    assert item.summary == "12; 8.01 Other Events"


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"<html>gone</html>"), (403, recorded("no_such_key.xml"))]
)
@pytest.mark.parametrize("name", [".txt", "-index-headers.html"])
def test_a_filing_that_is_gone_is_marked_and_nothing_else(
    status: int, body: bytes, name: str
) -> None:
    (item,) = normalized(body, TEXT + name, status)

    assert item.natural_id == "0000700001-26-000011"
    assert (item.status, item.thin, item.title) == (ItemStatus.DELETED, True, "")
    known = only("latest_8k.atom.xml", "011")
    gone = merged(known, item)
    assert (gone.title, gone.url, gone.tags) == (known.title, known.url, known.tags)
    assert gone.status is ItemStatus.DELETED


def test_an_absence_of_anything_else_is_no_answer() -> None:
    with pytest.raises(BadAnswerError, match="HTTP 404, and not about a filing"):
        normalized(b"", "https://data.sec.gov/submissions/CIK0000000001.json", 404)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"a": 1}', b"[]", recorded("search_error.json")])
def test_what_is_no_answer_with_filings_is_an_error(body: bytes) -> None:
    with pytest.raises(BadAnswerError):
        normalized(body)


# --- the same filing, seen again --------------------------------------------------------------

SEEN = {
    "latest": normalized(latest(entries([Made("8-K", 1, items=("7.01",))])))[0],
    "index": normalized(index([Made("8-K", 1)]))[0],
    "search": normalized(hits([Made("8-K", 1)]).body)[0],
}


@pytest.mark.parametrize("first", SEEN)
@pytest.mark.parametrize("second", SEEN)
def test_a_thinner_answer_takes_nothing_away_and_changes_nothing_twice(
    first: str, second: str
) -> None:
    once = merged(SEEN[first], SEEN[second])

    assert once.title == SEEN[first].title == SEEN[second].title
    assert merged(once, SEEN[first]).content_hash == once.content_hash
    assert merged(once, SEEN[second]).content_hash == once.content_hash
    for name, value in SEEN[first].extra.items():
        assert value is None or once.extra[name] == value


def test_a_list_does_not_thin_out_what_the_filing_itself_said() -> None:
    (whole,) = normalized(recorded("form4.txt"))

    for name in ("latest_4.atom.xml", "company.json"):
        again = merged(whole, only(name, "0000800001-26-000003"))
        assert again.content_hash == whole.content_hash
