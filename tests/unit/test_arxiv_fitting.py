"""One paper, told in several ways, is one thing: asking by turns changes nothing."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.arxiv.fitting import fitted
from stoma.domain.item import Item, ItemStatus, Tag
from tests.unit.arxiv_made import (
    Paper,
    atom,
    channel,
    deleted,
    item,
    listing,
    normalized,
    parsed_record,
    record,
)

PAPER = Paper(journal="J. Doors 7", doi="10.5555/x")


def told(paper: Paper) -> dict[str, Item]:
    """What each way tells of *paper*."""
    answers = {
        "search": atom(paper),
        "oai": listing(record(paper)),
        "parsed": listing(parsed_record(paper)),
        "rss": channel(item(paper)),
    }
    return {way: normalized(body)[0] for way, body in answers.items()}


def after(answers: Iterable[Item]) -> Item:
    """What is known when all *answers* have come, as the store would have it."""
    known: Item | None = None
    for found in answers:
        now = found if known is None else fitted(known, found)
        if known is None or now.version_seq >= known.version_seq:
            known = now
    assert known is not None
    return known


TOLD = told(PAPER)
WAYS = ("search", "oai", "rss")
RICHEST = after([TOLD["search"], TOLD["oai"]])


# --- the law ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(("search", "oai", "rss", "parsed"))))
def test_in_any_order_the_same_is_known(order: tuple[str, ...]) -> None:
    assert after(TOLD[way] for way in order).content_hash == RICHEST.content_hash


@given(ways=st.lists(st.sampled_from(["search", "oai", "rss", "parsed"]), max_size=8))
def test_after_search_and_harvest_nothing_changes_any_more(ways: list[str]) -> None:
    known = after([RICHEST, *(TOLD[way] for way in ways)])

    assert known.content_hash == RICHEST.content_hash


@pytest.mark.parametrize("ways", list(product(WAYS, repeat=3)))
def test_the_same_answer_again_changes_nothing(ways: tuple[str, ...]) -> None:
    answers = [TOLD[way] for way in ways]
    known = after(answers)

    assert after([known, answers[-1]]).content_hash == known.content_hash


@pytest.mark.parametrize("first", ["search", "oai"])
def test_an_announcement_of_a_known_version_makes_no_new_one(first: str) -> None:
    assert after([TOLD[first], TOLD["rss"]]).content_hash == TOLD[first].content_hash


# --- what each way contributes ----------------------------------------------------------------


def test_a_search_tells_how_it_reads_and_a_harvest_the_rest() -> None:
    assert RICHEST.title == "Doors of Schrödinger: $ω$ and Š"
    assert RICHEST.summary == PAPER.abstract_read
    assert [each.name for each in RICHEST.contributors] == list(PAPER.authors_read)
    assert RICHEST.extra["pdf_url"] == "https://arxiv.org/pdf/2601.00001v1"
    assert RICHEST.extra["license"] == PAPER.licence
    assert RICHEST.extra["versions"] == [
        {"version": "v1", "submitted_at": "2026-01-01T12:30:01+00:00", "withdrawn": False}
    ]
    assert set(RICHEST.tags) == {
        Tag("arxiv-category", "math.CO", primary=True),
        Tag("arxiv-category", "cs.DM"),
        Tag("msc", "05C12"),
        Tag("msc", "68R10"),
        Tag("license", "CC-BY-4.0"),
    }
    assert "announce_type" not in RICHEST.extra
    assert not RICHEST.thin


def test_what_is_announced_is_an_event_and_no_part_of_the_paper() -> None:
    known = after([TOLD["search"], TOLD["rss"]])

    (seen,) = known.observations
    assert (seen.metric, seen.value, seen.context) == ("announced_version", 1.0, "new")


@pytest.mark.parametrize("way", ["search", "oai"])
def test_a_corrected_title_is_taken_from_whoever_tells_it_first(way: str) -> None:
    corrected = told(replace(PAPER, title="Doors", title_read="Doors"))

    known = after([RICHEST, corrected[way]])

    assert known.title == "Doors"
    assert after([known, *corrected.values()]).content_hash == known.content_hash


@pytest.mark.parametrize("way", ["search", "oai"])
def test_a_comment_that_says_withdrawn_counts_from_either_way(way: str) -> None:
    words = "This paper has been withdrawn"
    gone = told(replace(PAPER, comment=words, comment_read=words))

    known = after([RICHEST, gone[way]])

    assert (known.status, known.status_reason) == (ItemStatus.WITHDRAWN, words)


def test_a_list_of_versions_that_says_withdrawn_outlives_a_search() -> None:
    gone = told(replace(PAPER, withdrawn=True))

    known = after([gone["oai"], gone["search"], gone["rss"]])

    assert (known.status, known.status_reason) == (
        ItemStatus.WITHDRAWN,
        "v1 is listed as withdrawn",
    )


# --- versions ---------------------------------------------------------------------------------

SECOND = told(PAPER.revised(title="New Doors", title_read="New Doors"))


@pytest.mark.parametrize("way", ["search", "oai"])
def test_a_new_version_replaces_what_was_known(way: str) -> None:
    known = after([RICHEST, SECOND[way]])

    assert known == SECOND[way]


def test_an_announced_version_keeps_what_holds_for_the_paper() -> None:
    first = told(PAPER)["search"]

    known = after([first, told(PAPER.revised(doi=None, title="New"))["rss"]])

    assert (known.version_key, known.title) == ("v2", "New")
    assert known.published_at == first.published_at
    assert known.source_updated_at is None
    assert known.identifiers == first.identifiers
    assert not known.thin


@pytest.mark.parametrize("way", ["search", "oai"])
def test_an_older_version_is_left_to_the_history(way: str) -> None:
    second = after([SECOND["search"], SECOND["oai"]])

    assert fitted(second, TOLD[way]) == TOLD[way]


def test_an_older_announcement_adds_nothing() -> None:
    second = after([SECOND["search"], SECOND["oai"]])

    assert fitted(second, TOLD["rss"]).content_hash == second.content_hash


@pytest.mark.parametrize("order", list(permutations(WAYS)))
def test_both_versions_in_any_order_of_ways_end_in_one(order: tuple[str, ...]) -> None:
    second = after([SECOND["search"], SECOND["oai"]])

    known = after([*(TOLD[way] for way in order), *(SECOND[way] for way in order)])

    assert known.content_hash == second.content_hash


# --- a part of the truth ----------------------------------------------------------------------


def test_a_form_without_versions_fills_gaps_only() -> None:
    known = after([TOLD["search"], told(replace(PAPER, title="Other"))["parsed"]])

    assert known.title == PAPER.title_read
    assert known.extra["license"] == PAPER.licence
    assert Tag("license", "CC-BY-4.0") in known.tags
    assert "created" not in known.extra
    assert known.version_key == "v1"


def test_a_form_without_versions_replaces_itself() -> None:
    known = after([TOLD["parsed"], told(replace(PAPER, title="Other"))["parsed"]])

    assert known.title == "Other"
    assert known.extra["created"] == "2026-01-01"


def test_an_announcement_tells_the_version_that_was_not_known() -> None:
    known = after([TOLD["parsed"], TOLD["rss"]])

    assert (known.version_key, known.version_seq) == ("v1", 1)
    assert "announce_type" not in known.extra


# --- gone, and back ---------------------------------------------------------------------------

(GONE,) = normalized(listing(deleted(PAPER)))


def test_a_deleted_paper_is_for_the_store_to_mark() -> None:
    assert fitted(RICHEST, GONE) is GONE


@pytest.mark.parametrize("way", ["search", "oai", "parsed", "rss"])
def test_a_paper_that_is_seen_again_is_back(way: str) -> None:
    lost = replace(RICHEST, status=ItemStatus.DELETED, status_reason="deleted")

    assert after([lost, TOLD[way]]).content_hash == RICHEST.content_hash


def test_an_announcement_does_not_overrule_a_withdrawal() -> None:
    gone = replace(RICHEST, status=ItemStatus.WITHDRAWN, status_reason="x")

    assert after([gone, TOLD["rss"]]).status is ItemStatus.WITHDRAWN
