"""What a normalizer of the user's own may return, and what is said of anything else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stoma.domain.given import items_of
from stoma.domain.item import (
    Contributor,
    Identifier,
    Item,
    ItemKind,
    ItemStatus,
    Observation,
    Relation,
    Tag,
)
from tests.makers import make_item

TABLE: dict[str, Any] = {"natural_id": "7", "title": "Seven", "url": "https://example.org/7"}


def made(given: object) -> tuple[Item, ...]:
    return items_of(given, source="mine", kind=ItemKind.OTHER)


def test_items_are_taken_as_they_are() -> None:
    assert made([make_item()]) == made(make_item()) == (make_item(),)


def test_nothing_is_no_items() -> None:
    assert made(None) == made([]) == made(iter(())) == ()


def test_a_table_needs_a_name_a_title_and_an_address() -> None:
    item = Item(source="mine", kind=ItemKind.OTHER, **TABLE)

    assert made(TABLE) == made([TABLE]) == made(each for each in [TABLE]) == (item,)


def test_a_table_may_say_everything() -> None:
    (item,) = made(
        {
            **TABLE,
            "source": "other",
            "kind": "paper",
            "status": "withdrawn",
            "published_at": "2026-03-02T12:00:00+01:00",
            "contributors": ["Ada", {"name": "Bo", "role": "editor", "affiliations": ["X"]}],
            "identifiers": {"doi": "10.1/x"},
            "tags": ["news", ("topic", "doors"), Tag("a", "b")],
            "relations": [("amends", "6")],
            "observations": {"views": 12.0},
            "extra": {"length": 3},
        }
    )

    assert (item.source, item.kind, item.status) == ("other", ItemKind.PAPER, ItemStatus.WITHDRAWN)
    assert item.published_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert item.contributors == (
        Contributor(name="Ada"),
        Contributor(name="Bo", role="editor", affiliations=("X",)),
    )
    assert item.identifiers == (Identifier("doi", "10.1/x"),)
    assert item.tags == (Tag("mine", "news"), Tag("topic", "doors"), Tag("a", "b"))
    assert item.relations == (Relation("amends", "6"),)
    assert item.observations == (Observation("views", 12.0),)
    assert item.extra == {"length": 3}


REFUSED: list[tuple[object, str]] = [
    ("text", "it returned 'text', and items are wanted"),
    (7, "it returned 7"),
    ([7], "item 1 of what it returned: 7 is no item"),
    ([TABLE, {}], "item 2 of what it returned: natural_id is missing"),
    ({**TABLE, "titel": "x"}, "no item has a field 'titel'; did you mean: title"),
    ({**TABLE, "number": 1}, "what only your source says goes into extra"),
    ({**TABLE, "natural_id": ""}, "natural_id is ''"),
    ({**TABLE, "natural_id": 7}, "natural_id is 7"),
    ({**TABLE, "title": None}, "title is None"),
    ({**TABLE, "url": "seven"}, "url is 'seven'"),
    ({**TABLE, "kind": "poem"}, "'poem' is not a valid ItemKind"),
    ({**TABLE, "published_at": "yesterday"}, "Invalid isoformat"),
    ({**TABLE, "published_at": "2026-03-02T12:00:00"}, "without an offset to UTC"),
    ({**TABLE, "extra": {"when": datetime(2026, 1, 1, tzinfo=UTC)}}, "not JSON serializable"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[said[:30] for _, said in REFUSED])
def test_anything_else_is_told(given: object, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        made(given)
