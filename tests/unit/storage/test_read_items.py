"""Looking at items: chosen, ranked, counted, whole, and where they came from."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stoma.domain.item import (
    Contributor,
    Identifier,
    ItemKind,
    ItemStatus,
    Observation,
    Relation,
    Tag,
)
from stoma.storage.database import Database
from stoma.storage.item_lines import Group, ItemFilter
from stoma.storage.ranking import ranked
from stoma.storage.read import reading
from stoma.storage.read_items import ItemReader
from stoma.storage.search import CANDIDATES
from tests.fakes import START
from tests.makers import make_item, make_raw
from tests.unit.storage.stored import collected

OLD = datetime(2017, 6, 12, tzinfo=UTC)
PAPER = make_item(
    "1",
    published_at=OLD,
    contributors=(Contributor(name="José Raúl Romero"), Contributor(name="Ada Example")),
    identifiers=(Identifier("doi", "10.1/a"), Identifier("cik", "7")),
)
WITHDRAWN = make_item(
    "2",
    status=ItemStatus.WITHDRAWN,
    published_at=START,
    contributors=(Contributor(name="Bo Sample"),),
    tags=(Tag("arxiv-category", "cs.AI"),),
)
REPOSITORY = make_item(
    "3",
    source="github",
    kind=ItemKind.REPOSITORY,
    contributors=(),
    tags=(),
    relations=(Relation("forkOf", "1"),),
    observations=(Observation("stars", 10), Observation("stars", 3, "trending")),
)


@pytest.fixture
def items(database: Database) -> Iterator[ItemReader]:
    collected(database, PAPER, WITHDRAWN, now=START)
    collected(database, REPOSITORY, task_id="repos", now=START + timedelta(days=1))
    collected(database, replace(PAPER, title="On Testing, Again"), now=START + timedelta(days=2))
    with reading(database.path) as reader:
        assert reader is not None
        yield reader.items


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"author": "romero"}, ["1"]),
        ({"author": "JOSE romero"}, ["1"]),
        ({"author": "ada romero"}, ["1"]),
        ({"author": "testing"}, []),
        ({"author": "++"}, []),
        ({"status": "withdrawn"}, ["2"]),
        ({"tag": "CS.ai"}, ["2"]),
        ({"published_since": START}, ["2"]),
        ({"published_until": START}, ["1"]),
        ({"unseen_since": START + timedelta(days=1)}, ["2"]),
        ({"source": "github", "kind": "repository", "task_id": "repos"}, ["3"]),
        ({}, ["3", "2", "1"]),
    ],
)
def test_every_condition_must_hold(
    items: ItemReader, wanted: dict[str, Any], found: list[str]
) -> None:
    chosen = ItemFilter(**wanted)

    assert [each.natural_id for each in items.newest(chosen, limit=9)] == found
    assert [each.line.natural_id for each in items.records(chosen)] == sorted(found)
    assert items.count(chosen) == len(found)
    assert len(items.search("testing", chosen, limit=9)) == len(found)


@pytest.mark.parametrize(
    ("name", "number"), [("2", 2), ("10.1/a", 1), ("7", None), ("-1", None), ("9" * 30, None)]
)
def test_an_item_has_names_and_a_number(items: ItemReader, name: str, number: int | None) -> None:
    found = items.find(name)

    assert (found.line.id if found else None) == number


def test_its_own_name_goes_before_its_number(database: Database) -> None:
    collected(database, make_item("2"), make_item("1"))

    with reading(database.path) as reader:
        assert reader is not None
        found = reader.items.find("1")

    assert found is not None
    assert found.line.id == 2


def test_a_detail_says_where_each_version_came_from(items: ItemReader) -> None:
    found = items.find("1")

    assert found is not None
    assert [(v.number, v.run_id, v.task_id, v.raw_kept) for v in found.versions] == [
        (1, 1, "papers", True),
        (2, 3, "papers", True),
    ]
    assert found.version is found.versions[1]
    raw = items.raw(found.version.raw_sha256)
    assert raw is not None
    assert (raw.body, raw.url) == (b"<feed>3</feed>", "http://127.0.0.1/api/query")
    assert items.raw("none") is None


def test_observations_are_told_by_their_newest_and_stars_one_by_one(items: ItemReader) -> None:
    found = items.find("3")

    assert found is not None
    assert [(o.metric, o.context, o.value) for o in found.observed] == [
        ("stars", "", 10),
        ("stars", "trending", 3),
    ]
    assert [(each.value, each.run_id) for each in found.stars] == [(10, 2)]
    assert found.relations == [Relation("forkOf", "1")]


def test_the_same_bytes_from_elsewhere_keep_their_own_address(database: Database) -> None:
    """`Not Found`, say, is said of many things."""
    collected(database, make_item("1"), raw=make_raw(b"Not Found"))
    elsewhere = replace(make_raw(b"Not Found"), url="http://127.0.0.1/other", status=404)
    collected(database, make_item("2"), raw=elsewhere)

    with reading(database.path) as reader:
        assert reader is not None
        found = [reader.items.find(name) for name in ("1", "2")]

    assert [each.version.raw_url for each in found if each] == [
        "http://127.0.0.1/api/query",
        "http://127.0.0.1/other",
    ]


def test_new_items_come_after_a_number(items: ItemReader) -> None:
    assert items.last_id() == 3
    assert [each.id for each in items.after(1, ItemFilter())] == [2, 3]
    assert [each.id for each in items.after(1, ItemFilter(source="arxiv"))] == [2]


def test_items_are_counted(items: ItemReader) -> None:
    found = items.statistics(ItemFilter(), days=2)

    assert (found.items, found.versions, found.observations) == (3, 4, 2)
    assert found.sources == [Group(name="arxiv", items=2), Group(name="github", items=1)]
    assert found.tasks == [Group(name="papers", items=2), Group(name="repos", items=1)]
    assert [(each.day, each.new, each.changed) for each in found.days] == [
        ("2026-03-03", 1, 0),
        ("2026-03-04", 0, 1),
    ]
    assert (found.answers, found.answers_kept) == (3, 3)
    assert found.answer_bytes > 0


def test_counts_are_of_what_was_chosen(items: ItemReader) -> None:
    found = items.statistics(ItemFilter(source="github"), days=9)

    assert (found.items, found.versions, found.observations, found.answers) == (1, 1, 2, 3 - 3)
    assert found.kinds == [Group(name="repository", items=1)]


# --- ranking ----------------------------------------------------------------------------------


def test_a_title_says_more_than_a_text() -> None:
    texts = {
        1: ("On sorting", "", "", "trees and trees and trees"),
        2: ("Trees", "", "", "on sorting"),
        3: ("Other", "", "", "streets"),
    }

    assert ranked(["tree*"], texts) == [2, 1, 3]
    assert ranked(["TREES"], texts)[0] == 2


@pytest.mark.parametrize(
    ("term", "best"), [("on sorting", 2), ("josé", 3), ("C++", 1), ("x*", 1), ("street", 4)]
)
def test_terms_are_found_as_the_index_finds_them(term: str, best: int) -> None:
    texts = {
        4: ("street", "", "", ""),
        3: ("", "Jose Example", "", ""),
        2: ("", "", "", "on: SORTING"),
        1: ("streets x1 c++", "", "", ""),
    }

    assert ranked([term], texts)[0] == best


def test_of_equals_the_newer_comes_first() -> None:
    assert ranked(["x"], {1: ("x", "", "", ""), 2: ("x", "", "", "")}) == [2, 1]
    assert ranked(["x"], {}) == []
    assert ranked(["x"], {1: ("", "", "", "")}) == [1]


def test_where_very_many_match_an_old_title_is_found_all_the_same(database: Database) -> None:
    collected(database, make_item("classic", title="Word of all words", summary="x"))
    rest = [make_item(str(n), title="No", summary="of a word") for n in range(CANDIDATES + 20)]
    collected(database, *rest)

    with reading(database.path) as reader:
        assert reader is not None
        found = reader.items.search("word of", ItemFilter(), limit=2)
        later = reader.items.search("word of", ItemFilter(), limit=2, offset=1)

    assert found[0].natural_id == "classic"
    assert found[1].natural_id == later[0].natural_id
    assert found[1].snippet == "\x02of\x03 a \x02word\x03"
