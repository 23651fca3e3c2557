"""Thin answers, observations and relations: what they add, and what they leave alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from stoma.domain.item import (
    Change,
    Contributor,
    Identifier,
    Item,
    ItemStatus,
    Observation,
    Relation,
    Tag,
    merged,
)
from stoma.storage.database import Database
from stoma.storage.item_tables import OBSERVATIONS, RELATIONS
from stoma.storage.items import ItemStore, PageToStore
from tests.fakes import START
from tests.makers import make_item, make_raw
from tests.unit.storage.test_items import changes, counted, shown, started

GONE = {"title": "", "url": "", "summary": None, "contributors": (), "tags": (), "thin": True}


@pytest.fixture
def store(database: Database) -> ItemStore:
    return ItemStore(database)


def test_a_thin_answer_takes_nothing_away(store: ItemStore, database: Database) -> None:
    run = started(database)
    changes(store, run, make_item(extra={"comment": "10 pages"}, published_at=START))

    change = changes(
        store, run, make_item(**GONE | {"version_key": "", "version_seq": 0, "extra": {"x": None}})
    )

    found = shown(database, "2203.00001")
    assert change == [Change.UNCHANGED]
    assert found.line.title == "On Testing"
    assert found.extra == {"comment": "10 pages"}


def test_a_thin_answer_adds_what_is_new(store: ItemStore, database: Database) -> None:
    run = started(database)
    changes(store, run, make_item())

    change = changes(
        store,
        run,
        make_item(
            thin=True,
            tags=(Tag("topic", "trending"),),
            identifiers=(Identifier("doi", "10.1/x"),),
            extra={"rank": 1},
        ),
    )

    found = shown(database, "10.1/x")
    assert change == [Change.UPDATED]
    assert [tag.term for tag in found.tags] == ["cs.SE", "trending"]
    assert found.extra == {"rank": 1}


def test_what_is_gone_keeps_its_history_and_can_come_back(
    store: ItemStore, database: Database
) -> None:
    run = started(database)
    changes(store, run, make_item())
    gone = make_item(**GONE, status=ItemStatus.DELETED, status_reason="404")

    seen = [changes(store, run, item)[0] for item in (gone, gone, make_item(thin=True))]

    found = shown(database, "2203.00001")
    assert seen == [Change.UPDATED, Change.UNCHANGED, Change.UPDATED]
    assert found.line.status == "active"
    assert [
        version.content["status"] for version in found.versions if isinstance(version.content, dict)
    ] == [
        "active",
        "deleted",
    ]


def test_what_never_was_here_can_not_be_gone(store: ItemStore, database: Database) -> None:
    assert changes(store, started(database), make_item(**GONE, status=ItemStatus.DELETED)) == []
    assert counted(database) == (0, 0)


def test_a_thin_answer_that_shows_a_thing_makes_it_known(
    store: ItemStore, database: Database
) -> None:
    assert changes(store, started(database), make_item(thin=True)) == [Change.NEW]


def test_a_thin_answer_does_not_overrule_a_withdrawal() -> None:
    known = make_item(status=ItemStatus.WITHDRAWN, status_reason="error in the proof")

    assert merged(known, make_item(thin=True)).status is ItemStatus.WITHDRAWN


def test_a_number_is_kept_when_it_changes_and_makes_no_version(
    store: ItemStore, database: Database
) -> None:
    run = started(database)
    for hour, stars in enumerate((5, 5, 9)):
        item = make_item(observations=(Observation("stars", stars),))
        store.store_page(
            run,
            PageToStore(raw=make_raw(), items=[item]),
            now=START + timedelta(hours=hour),
        )

    with database.read() as connection:
        series = connection.execute(
            select(OBSERVATIONS.c.value, OBSERVATIONS.c.observed_at).order_by(
                OBSERVATIONS.c.observed_at
            )
        ).all()
    assert [tuple(row) for row in series] == [(5.0, START), (9.0, START + timedelta(hours=2))]
    assert counted(database) == (1, 1)


def test_an_item_may_get_its_first_number_later(store: ItemStore, database: Database) -> None:
    run = started(database)
    seen = (Observation("stars", 5), Observation("stars", 7), Observation("stars", 5, "trending"))
    for hour, observations in enumerate([(), seen]):
        page = PageToStore(raw=make_raw(), items=[make_item(observations=observations)])
        store.store_page(run, page, now=START + timedelta(hours=hour))

    with database.read() as connection:
        query = select(OBSERVATIONS.c.context, OBSERVATIONS.c.value)
        series = sorted(tuple(row) for row in connection.execute(query))
    assert series == [("", 5.0), ("trending", 5.0)]  # of two at one moment, the first


def test_relations_are_part_of_a_version(store: ItemStore, database: Database) -> None:
    run = started(database)
    changes(store, run, make_item(relations=(Relation("amends", "2203.00002"),)))
    again = changes(store, run, make_item(relations=(Relation("amends", "2203.00002"),) * 2))

    with database.read() as connection:
        rows = connection.execute(select(RELATIONS.c.type, RELATIONS.c.to_natural_id)).all()
    assert [tuple(row) for row in rows] == [("amends", "2203.00002")]
    assert again == [Change.UNCHANGED]


def test_a_known_item_comes_back_as_it_was_stored(store: ItemStore, database: Database) -> None:
    item: Item = make_item(
        published_at=START,
        source_updated_at=START,
        contributors=(Contributor(name="A", external_id="1", affiliations=("MIT",)),),
        relations=(Relation("forkOf", "9"),),
        extra={"a": [1, {"b": None}]},
    )
    run = started(database)
    changes(store, run, item)

    assert changes(store, run, make_item(**GONE)) == [Change.UNCHANGED]
