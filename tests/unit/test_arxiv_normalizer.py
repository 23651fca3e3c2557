"""What a paper keeps of its entry."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stoma.domain.collection import CollectResult
from stoma.domain.item import Contributor, Identifier, Item, ItemKind, ItemStatus, RawAnswer, Tag
from stoma.exceptions import BadAnswerError
from stoma.normalizers.arxiv import ArxivNormalizer
from tests.fakes import START

RECORDINGS = Path(__file__).parents[1] / "recordings" / "arxiv"
FEED = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">{}</feed>'
ENTRY = "<entry><id>{id}</id>{more}<published>2024-01-02T03:04:05Z</published></entry>"


def normalized(body: bytes) -> Sequence[Item]:
    raw = RawAnswer(
        source="arxiv",
        url="https://export.arxiv.org/api/query",
        status=200,
        media_type="application/atom+xml",
        body=body,
        fetched_at=START,
    )
    return asyncio.run(ArxivNormalizer().normalize(CollectResult(raw=raw)))


def recorded(name: str) -> Sequence[Item]:
    return normalized((RECORDINGS / f"{name}.atom.xml").read_bytes())


def paper(more: str = "", written: str = "https://arxiv.org/abs/2401.01234v1") -> Item:
    (item,) = normalized(FEED.format(ENTRY.format(id=written, more=more)).encode())
    return item


def test_a_paper() -> None:
    (item,) = recorded("revised")

    assert item == Item(
        source="arxiv",
        kind=ItemKind.PAPER,
        natural_id="2401.01234",
        title="Counting Doors in Very Long Corridors",
        url="https://arxiv.org/abs/2401.01234",
        version_key="v3",
        version_seq=3,
        summary="An invented abstract.",
        published_at=datetime(2024, 1, 2, 10, tzinfo=UTC),
        source_updated_at=datetime(2024, 6, 5, 7, 30, tzinfo=UTC),
        contributors=(Contributor(name="Ada Example"), Contributor(name="Bo Sample")),
        identifiers=(Identifier("arxiv", "2401.01234"), Identifier("doi", "10.5555/doors.2024")),
        tags=(Tag("arxiv-category", "math.CO", primary=True), Tag("arxiv-category", "cs.DM")),
        extra={
            "comment": "14 pages; a missing door added",
            "journal_ref": "J. Invented Comb. 7 (2024) 1-14",
            "pdf_url": "https://arxiv.org/pdf/2401.01234v3",
            "primary_category": "math.CO",
        },
    )


def test_a_later_version_is_the_same_paper_with_another_content() -> None:
    (first,), (third,) = recorded("single"), recorded("revised")

    assert first.natural_id == third.natural_id
    assert (first.version_seq, third.version_seq) == (1, 3)
    assert first.content_hash != third.content_hash


def test_a_change_of_metadata_alone_is_seen() -> None:
    before = paper("<updated>2024-01-02T03:04:05Z</updated>")
    after = paper(
        "<updated>2024-01-02T03:04:05Z</updated><arxiv:doi>10.5555/doors.2024</arxiv:doi>"
    )

    assert (before.version_key, before.source_updated_at) == (
        after.version_key,
        after.source_updated_at,
    )
    assert before.content_hash != after.content_hash


def test_unicode_and_tex_stay_as_written() -> None:
    item = recorded("unicode")[0]

    assert item.title == r"$\omega$-Tests for Übergänge: A Study of $x < y$ & Friends"
    assert item.summary == "Leading blanks, hard newlines and an emoji 🚪."
    assert item.extra["comment"] == "To appear; code at https://example.org"
    assert [each.name for each in item.contributors] == [
        "José Raúl Ejemplo",
        "Mika V. Näyte",
        "现代 示例",
    ]
    assert item.contributors[0].affiliations == ("Universidad de Ninguna Parte", "Instituto 0")


def test_subjects_are_told_apart_by_their_scheme() -> None:
    item = recorded("unicode")[0]

    assert item.tags == (
        Tag("arxiv-category", "cs.SE", primary=True),
        Tag("arxiv-category", "cs.LG"),
        Tag("acm", "D.2.5"),
        Tag("acm", "I.2.m"),
        Tag("msc", "68N30"),
        Tag("msc", "68T05"),
        Tag("msc", "68-02"),
        Tag("other", "Free text"),
    )


def test_several_dois_in_one_element_are_several_identifiers() -> None:
    item = recorded("unicode")[0]

    assert item.identifiers[1:] == (
        Identifier("doi", "10.5555/a.1"),
        Identifier("doi", "10.5555/b.2"),
    )


@pytest.mark.parametrize(
    "written",
    ["10.5555/x", "doi:10.5555/x", "https://doi.org/10.5555/x", "http://dx.doi.org/10.5555/x"],
)
def test_a_doi_has_one_form(written: str) -> None:
    item = paper(f"<arxiv:doi>{written}</arxiv:doi>")

    assert Identifier("doi", "10.5555/x") in item.identifiers


def test_a_title_of_zero_is_a_title() -> None:
    assert [item.title for item in recorded("unicode")][1:] == ["0", ""]


def test_what_is_missing_or_blank_is_none() -> None:
    item = paper("<summary> </summary><arxiv:comment/><author><name> </name></author>")

    assert item.title == ""
    assert item.summary is None
    assert item.source_updated_at is None
    assert item.contributors == ()
    assert item.tags == ()
    assert item.identifiers == (Identifier("arxiv", "2401.01234"),)
    assert set(item.extra.values()) == {None}


def test_ids_of_all_times_are_normalized() -> None:
    items = recorded("old_style")

    assert [(item.natural_id, item.version_key, item.url) for item in items] == [
        ("math/0612999", "v2", "https://arxiv.org/abs/math/0612999"),
        ("hep-th/9912999", "v1", "https://arxiv.org/abs/hep-th/9912999"),
    ]


@pytest.mark.parametrize(
    ("written", "key", "sequence"),
    [
        ("http://arxiv.org/abs/2401.01234v2", "v2", 2),
        ("https://arxiv.org/abs/2401.01234v10", "v10", 10),
        ("arXiv:2401.01234v2", "v2", 2),
        ("https://arxiv.org/abs/2401.01234", "", 0),
    ],
)
def test_dialects_of_ids_are_one_paper(written: str, key: str, sequence: int) -> None:
    item = paper(written=written)

    assert item.natural_id == "2401.01234"
    assert (item.version_key, item.version_seq) == (key, sequence)


def test_http_or_https_makes_no_new_version() -> None:
    link = '<link title="pdf" href="{}://arxiv.org/pdf/2401.01234v1"/>'

    old = paper(link.format("http"), "http://arxiv.org/abs/2401.01234v1")
    new = paper(link.format("https"), "https://arxiv.org/abs/2401.01234v1")

    assert old.content_hash == new.content_hash


def test_a_withdrawn_paper_stays_a_paper() -> None:
    (item,) = recorded("withdrawn")

    assert item.status is ItemStatus.WITHDRAWN
    assert (
        item.status_reason == "This paper has been withdrawn by the author due to a gap in Lemma 4"
    )
    assert item.title == "A Short Proof of Nothing"
    assert item.extra["pdf_url"] is None


@pytest.mark.parametrize(
    ("comment", "withdrawn"),
    [
        ("This paper has been withdrawn", True),
        ("This submission has been withdrawn by arXiv administrators", True),
        ("Withdrawn", True),
        ("withdrawn due to an error in Lemma 2", True),
        ("(Withdrawn) see the journal", True),
        ("Paper withdrawn by the authors", True),
        ("Withdrawn from arXiv", True),
        ("12 pages. This article was withdrawn because of an error", True),
        ("The manuscript is now withdrawn", True),
        ("12 pages; withdrawn by its authors", True),
        ("Withdrawn from ICML 2024, now at NeurIPS", False),
        ("Supersedes the withdrawn arXiv:2301.00001", False),
        ("An earlier version of this paper was withdrawn", False),
        ("We have not withdrawn any claim", False),
        ("How troops were withdrawn: 12 pages", False),
        ("12 pages", False),
    ],
)
def test_a_withdrawal_is_read_from_the_comment(comment: str, withdrawn: bool) -> None:
    item = paper(f"<arxiv:comment>{comment}</arxiv:comment>", "https://arxiv.org/abs/2401.01234v2")

    assert (item.status is ItemStatus.WITHDRAWN) is withdrawn
    assert item.status_reason == (comment if withdrawn else None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (ENTRY.format(id="", more=""), "entry 1 is no paper: its id is ''"),
        (ENTRY.format(id="nonsense", more=""), "entry 1 is no paper: its id is 'nonsense'"),
        ("<entry><id>arXiv:2401.01234v1</id></entry>", "entry 1 .2401.01234v1. has no date"),
        (
            "<entry><id>arXiv:2401.01234v1</id><published>then</published></entry>",
            "entry 1 .2401.01234v1.: 'then' is not a moment",
        ),
        (
            ENTRY.format(id="arXiv:2401.01234v1", more="")
            + ENTRY.format(id="arXiv:2401.01235v1", more="<updated>2024</updated>"),
            "entry 2 .2401.01235v1.: '2024' is not a moment",
        ),
    ],
)
def test_an_entry_that_can_not_be_read_is_named_and_never_dropped(body: str, words: str) -> None:
    with pytest.raises(BadAnswerError, match=words):
        normalized(FEED.format(body).encode())


def test_the_error_entry_never_becomes_a_paper() -> None:
    with pytest.raises(BadAnswerError, match=r"is no paper: .*api/errors"):
        recorded("error_bad_id")


def test_no_entries_are_no_papers() -> None:
    assert recorded("empty") == []
