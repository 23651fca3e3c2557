"""What was collected goes when somebody asks, but for what a task goes on from."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from stoma.storage.database import Database
from stoma.storage.item_lines import ItemFilter
from stoma.storage.item_pruning import ItemPruner, Prunable
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, RAW_ANSWERS, TAGS
from stoma.storage.read import reading
from stoma.storage.tables import RUNS
from tests.fakes import START
from tests.makers import make_item, make_raw
from tests.unit.storage.stored import collected

LATER = START + timedelta(days=30)
ALL = ItemFilter()


def pruned(database: Database, wanted: ItemFilter = ALL) -> int:
    return sum(ItemPruner(database).prune_items(wanted))


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(ITEMS.c.natural_id).order_by(ITEMS.c.id)))


def count(database: Database, table: object) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def test_items_go_with_all_that_hangs_on_them(database: Database) -> None:
    collected(database, make_item("1"), make_item("2"))
    collected(database, make_item("3"), now=LATER)

    assert pruned(database, ItemFilter(unseen_since=LATER)) == 2

    assert names(database) == ["3"]
    assert (count(database, ITEM_VERSIONS), count(database, TAGS)) == (1, 1)
    with reading(database.path) as reader:
        assert reader is not None
        assert len(reader.items.search("testing", ALL, limit=9)) == 1


@pytest.mark.parametrize("run_is_gone", [False, True])
def test_what_a_cursor_needs_stays(database: Database, run_is_gone: bool) -> None:
    """Of what it has met, its source may say only that nothing changed."""
    collected(database, make_item("old"), cursor={"etag": "a"})
    collected(database, make_item("met"), cursor={"etag": "b"}, now=LATER)
    collected(database, make_item("others"), task_id="others", now=LATER)
    if run_is_gone:
        with database.write() as connection:
            connection.execute(RUNS.delete())

    assert ItemPruner(database).count_items(ALL) == Prunable(items=2, needed=1)
    assert pruned(database) == 2
    assert names(database) == ["met"]


def test_the_newest_versions_stay_and_the_one_that_counts(database: Database) -> None:
    item = make_item(version_key="v3", version_seq=3)
    collected(database, item)
    for title in ("A", "B", "C"):  # older ones, which join the history only
        collected(database, replace(item, title=title, version_key="v1", version_seq=1))
    pruner = ItemPruner(database)

    found = pruner.count_versions(ALL, 1)
    gone = sum(pruner.prune_versions(ALL, 1))

    assert (found, gone) == (2, 2)
    with reading(database.path) as reader:
        assert reader is not None
        detail = reader.items.find(item.natural_id)
    assert detail is not None
    assert [str(each.content["title"]) for each in detail.versions] == ["On Testing", "C"]  # type: ignore[index,call-overload]
    assert detail.version.number == 1


def test_answers_lose_their_bodies_and_later_their_names(database: Database) -> None:
    collected(database, make_item("1"))
    collected(database, raw=replace(make_raw(b"later"), fetched_at=LATER - timedelta(days=1)))
    pruner = ItemPruner(database)

    found = pruner.count_answers("arxiv", LATER)
    gone = sum(pruner.prune_answers("arxiv", START + timedelta(days=1)))

    assert (found.answers, gone, count(database, RAW_ANSWERS)) == (2, 1, 2)
    assert pruner.count_answers(None, LATER).answers == 1
    assert pruner.count_answers("github", LATER) == Prunable()
    pruned(database)
    assert count(database, RAW_ANSWERS) == 1


def test_there_may_be_nothing_to_do(database: Database) -> None:
    pruner = ItemPruner(database)

    assert pruned(database) == 0
    assert list(pruner.prune_versions(ALL, 1)) == []
    assert list(pruner.prune_answers(None, LATER)) == []
