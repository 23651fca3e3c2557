"""What a paper keeps of a harvest, and of the list of the day."""

from datetime import UTC, datetime

import pytest

from stoma.domain.item import (
    Contributor,
    Identifier,
    Item,
    ItemKind,
    ItemStatus,
    Observation,
    Tag,
)
from stoma.exceptions import BadAnswerError
from tests.unit.arxiv_made import (
    RECORDINGS,
    Paper,
    channel,
    item,
    listing,
    normalized,
    oai,
    parsed_record,
    record,
)


def recorded(name: str) -> list[Item]:
    return list(normalized((RECORDINGS / f"{name}.xml").read_bytes()))


# --- a harvest --------------------------------------------------------------------------------


def test_a_record() -> None:
    item = recorded("oai/list")[0]

    assert item == Item(
        source="arxiv",
        kind=ItemKind.PAPER,
        natural_id="2401.01234",
        title="Counting Doors in Very Long Corridors of Schrödinger",
        url="https://arxiv.org/abs/2401.01234",
        version_key="v3",
        version_seq=3,
        summary="An invented abstract about $ω$ doors.",
        published_at=datetime(2024, 1, 2, 10, tzinfo=UTC),
        source_updated_at=datetime(2024, 6, 5, 7, 30, tzinfo=UTC),
        contributors=(
            Contributor(name="Ada Éxample", affiliations=("Univ. of Nowhere, Dept. 0",)),
            Contributor(name="Bo Sample Jr."),
            Contributor(name="C. Łukasz"),
        ),
        identifiers=(Identifier("arxiv", "2401.01234"), Identifier("doi", "10.5555/doors.2024")),
        tags=(
            Tag("arxiv-category", "math.CO", primary=True),
            Tag("arxiv-category", "cs.DM"),
            Tag("msc", "05C12"),
            Tag("msc", "68R10"),
            Tag("license", "CC-BY-4.0"),
        ),
        extra={
            "comment": "14 pages; a missing door added",
            "journal_ref": "J. Invented Comb. 7 (2024) 1-14",
            "primary_category": "math.CO",
            "report_no": "NOWHERE-24-001",
            "license": "http://creativecommons.org/licenses/by/4.0/",
            "versions": [
                {
                    "version": "v1",
                    "submitted_at": "2024-01-02T10:00:00+00:00",
                    "withdrawn": False,
                },
                {
                    "version": "v2",
                    "submitted_at": "2024-02-01T00:00:01+00:00",
                    "withdrawn": False,
                },
                {
                    "version": "v3",
                    "submitted_at": "2024-06-05T07:30:00+00:00",
                    "withdrawn": False,
                },
            ],
        },
    )


def test_a_version_without_source_is_a_withdrawal() -> None:
    item = recorded("oai/list")[1]

    assert (item.natural_id, item.version_key) == ("hep-th/9912999", "v2")
    assert (item.status, item.status_reason) == (
        ItemStatus.WITHDRAWN,
        "v2 is listed as withdrawn",
    )
    assert item.title == "Strings, Loosely"
    assert item.extra["license"] is None


def test_a_deleted_record_takes_nothing_away() -> None:
    item = recorded("oai/list")[2]

    assert (item.natural_id, item.title, item.thin) == ("2405.05556", "", True)
    assert (item.status, item.status_reason) == (
        ItemStatus.DELETED,
        "arXiv lists it as deleted on 2026-03-01",
    )


def test_the_form_without_versions_is_a_part_of_the_truth() -> None:
    (item,) = recorded("oai/parsed")

    assert (item.thin, item.version_key, item.version_seq) == (True, "", 0)
    assert (item.published_at, item.source_updated_at) == (None, None)  # days are no moments
    assert (item.extra["created"], item.extra["updated"]) == ("2024-01-02", "2024-06-05")
    assert item.contributors == (
        Contributor(name="Bo Sample Jr", affiliations=("Univ. of Müllheim",)),
        Contributor(name="ABC Collaboration"),
    )
    assert Tag("license", "http://example.org/terms") in item.tags


def test_a_harvest_that_found_nothing_is_no_papers() -> None:
    assert recorded("oai/nothing") == []


@pytest.mark.parametrize(
    ("licence", "name"),
    [
        ("http://creativecommons.org/licenses/by-nc-sa/4.0/", "CC-BY-NC-SA-4.0"),
        ("https://creativecommons.org/licenses/by/3.0", "CC-BY-3.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://creativecommons.org/licenses/publicdomain/", None),
        (
            "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "arXiv-nonexclusive-distrib-1.0",
        ),
    ],
)
def test_licences_have_the_names_others_give_them(licence: str, name: str | None) -> None:
    (item,) = normalized(listing(record(Paper(licence=licence))))

    assert [tag.term for tag in item.tags if tag.scheme == "license"] == [name or licence]
    assert item.extra["license"] == licence


GOOD = record(Paper())


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (GOOD.replace("oai:arXiv.org:2601", "oai:arXiv.org:x601"), "record 1 is no paper: it is"),
        (GOOD.replace("<identifier>", "<id>").replace("</identifier>", "</id>"), "no identifier"),
        ("<record/>", "record 1 has no identifier"),
        (
            "<record><header><identifier>oai:arXiv.org:2601.00001</identifier></header></record>",
            r"record 1 .oai:arXiv.org:2601.00001. has no metadata",
        ),
        (GOOD.replace('version="v1"', 'version="1"'), "record 1 .2601.00001.: '1' is no version"),
        (GOOD.replace("Thu, 01 Jan", "Someday"), "is not a date as in e-mail"),
        (GOOD.replace("<version ", "<v ").replace("</version>", "</v>"), "it has no versions"),
        (GOOD.replace("OAI/arXivRaw/", "OAI/other/"), "in a form that was not asked for"),
        (GOOD + parsed_record(Paper()).replace("OAI/arXiv/", "x"), "record 2 .*not asked for"),
    ],
)
def test_a_record_that_can_not_be_read_is_named_and_never_dropped(inside: str, words: str) -> None:
    with pytest.raises(BadAnswerError, match=words):
        normalized(listing(inside))


@pytest.mark.parametrize("name", ["bad_token", "bad_argument"])
def test_an_error_never_becomes_a_paper(name: str) -> None:
    with pytest.raises(BadAnswerError, match="the answer is an error: bad"):
        recorded(f"oai/{name}")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (oai("<ListRecords/>"), "neither records nor an error"),
        (oai("<ListRecords><resumptionToken>x</resumptionToken></ListRecords>"), "neither"),
        (oai("<Identify/>"), "neither records nor an error"),
        (oai("<error code='noRecordsMatch'/>", date=""), "is not a moment"),
        (oai("", date="2026-03-02"), "is not a moment"),
        (oai(GOOD)[:-12], "not a whole OAI-PMH answer"),
        (b"<OAI-PMH><error code='noRecordsMatch'/></OAI-PMH>", "not an OAI-PMH answer"),
        (b"<rss></rss>", "the RSS feed has no channel"),
        (b"<rss><channel>", "not a whole RSS feed"),
        (channel(date="Sunday"), "'Sunday' is not a date as in e-mail"),
    ],
)
def test_what_is_no_whole_answer_is_an_error(body: bytes, words: str) -> None:
    with pytest.raises(BadAnswerError, match=words):
        normalized(body)


def test_of_several_errors_the_one_that_matters_counts() -> None:
    both = "<error code='noRecordsMatch'>none</error><error code='badArgument'>from</error>"

    with pytest.raises(BadAnswerError, match="badArgument: from"):
        normalized(oai(both))


# --- the list of the day ----------------------------------------------------------------------


def test_an_announcement() -> None:
    item = recorded("rss/monday")[0]

    assert item == Item(
        source="arxiv",
        kind=ItemKind.PAPER,
        natural_id="2401.01234",
        title="Counting Doors in Very Long Corridors of Schrödinger",
        url="https://arxiv.org/abs/2401.01234",
        version_key="v3",
        version_seq=3,
        summary="An invented abstract about $ω$ doors.",
        contributors=(
            Contributor(name="Ada Éxample", affiliations=("Univ. of Nowhere, Dept. 0",)),
            Contributor(name="Bo Sample Jr"),
            Contributor(name="C. Łukasz"),
        ),
        identifiers=(Identifier("arxiv", "2401.01234"), Identifier("doi", "10.5555/doors.2024")),
        tags=(
            Tag("arxiv-category", "math.CO", primary=True),
            Tag("arxiv-category", "cs.DM"),
            Tag("license", "CC-BY-4.0"),
        ),
        extra={
            "journal_ref": "J. Invented Comb. 7 (2024) 1-14",
            "primary_category": "math.CO",
            "announce_type": "replace",
            "announced_on": "2026-03-02",
            "license": "http://creativecommons.org/licenses/by/4.0/",
        },
        observations=(Observation("announced_version", 3.0, "replace"),),
        thin=True,
    )


def test_what_stands_before_the_abstract_is_not_part_of_it() -> None:
    second = recorded("rss/monday")[1]

    assert (second.title, second.summary) == ("0", "Abstract: the word.")


def test_an_announcement_of_which_little_is_known() -> None:
    third = recorded("rss/monday")[2]

    assert (third.natural_id, third.version_key) == ("2602.00002", "")
    assert (third.title, third.summary) == ("arXiv:2602.00002", None)
    assert (third.contributors, third.tags) == ((), ())
    assert third.extra["announce_type"] == "unknown"
    assert third.extra["announced_on"] is None


def test_a_day_without_announcements_is_no_papers() -> None:
    assert recorded("rss/sunday") == []


def test_an_item_that_announces_no_paper_is_named() -> None:
    broken = item(Paper()).replace("oai:arXiv.org:2601", "x")

    with pytest.raises(BadAnswerError, match=r"item 2 is no paper: it is 'x\.00001v1'"):
        normalized(channel(item(Paper()), broken))
