"""Items: identity, versions, satellites, and pages that commit with their resume point."""

import pytest
from sqlalchemy import func, select

from stoma.domain.item import Change, Contributor, Identifier, Item, Tag
from stoma.domain.run import Outcome, Run, RunState
from stoma.exceptions import LostClaimError
from stoma.storage.database import Database
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, RAW_ANSWERS
from stoma.storage.items import ItemStore, PageToStore, Proof
from stoma.storage.read import reading
from stoma.storage.read_items import ItemDetail, ItemFilter
from stoma.storage.runs import RunStore
from tests.fakes import START
from tests.makers import make_firing, make_item, make_raw


@pytest.fixture
def store(database: Database) -> ItemStore:
    return ItemStore(database)


def started(database: Database, task_id: str = "papers") -> Run:
    runs = RunStore(database)
    added = runs.add(make_firing(task_id=task_id), now=START, owner="me", lease_until=START)
    return runs.start(added, now=START, log_path="")


def changes(store: ItemStore, run: Run, *items: Item) -> list[Change]:
    page = PageToStore(raw=make_raw(), items=items, checkpoint={"start": len(items)})
    return [change for change, _ in store.store_page(run, page, now=START).changes]


def shown(database: Database, name: str) -> ItemDetail:
    with reading(database.path) as reader:
        assert reader is not None
        found = reader.items.find(name)
    assert found is not None
    return found


def counted(database: Database) -> tuple[int, int]:
    with database.read() as connection:
        items = connection.scalar(select(func.count()).select_from(ITEMS)) or 0
        return items, connection.scalar(select(func.count()).select_from(ITEM_VERSIONS)) or 0


def test_a_thing_seen_again_unchanged_adds_nothing(store: ItemStore, database: Database) -> None:
    run, items = started(database), [make_item("1"), make_item("2")]

    seen = [changes(store, run, *items) for _ in range(2)]

    assert seen == [[Change.NEW] * 2, [Change.UNCHANGED] * 2]
    assert counted(database) == (2, 2)


def test_the_same_thing_twice_in_one_answer_is_one_item(
    store: ItemStore, database: Database
) -> None:
    assert changes(store, started(database), make_item(), make_item()) == [
        Change.NEW,
        Change.UNCHANGED,
    ]
    assert counted(database) == (1, 1)


def test_a_new_version_updates_the_item_and_keeps_the_old_one(
    store: ItemStore, database: Database
) -> None:
    run = started(database)
    changes(store, run, make_item())

    change = changes(
        store, run, make_item(version_key="v2", version_seq=2, title="On Testing, Again")
    )

    found = shown(database, "2203.00001")
    assert change == [Change.UPDATED]
    assert found.line.title == "On Testing, Again"
    assert [version.version_key for version in found.versions] == ["v1", "v2"]


def test_an_older_version_joins_the_history_and_downgrades_nothing(
    store: ItemStore, database: Database
) -> None:
    run = started(database)
    changes(store, run, make_item(version_key="v2", version_seq=2))

    late = [changes(store, run, make_item(title="Old")) for _ in range(2)]

    assert late == [[Change.UPDATED], [Change.UNCHANGED]]
    assert shown(database, "2203.00001").line.version_key == "v2"


def test_a_change_of_metadata_alone_is_a_version(store: ItemStore, database: Database) -> None:
    run = started(database)
    changes(store, run, make_item())

    change = changes(store, run, make_item(identifiers=(Identifier("doi", "10.1/x"),)))

    assert change == [Change.UPDATED]
    assert shown(database, "10.1/x").identifiers == [Identifier("doi", "10.1/x")]


@pytest.mark.parametrize(
    ("field", "same"),
    [
        ("title", "On   Testing\n"),
        ("tags", (Tag("arxiv-category", "cs.SE", primary=True),) * 2),
        ("contributors", (Contributor(name="Jose\u0301 Rau\u0301l Romero"),)),
    ],
)
def test_what_only_looks_different_is_no_change(
    store: ItemStore, database: Database, field: str, same: object
) -> None:
    run = started(database)
    changes(store, run, make_item())

    assert changes(store, run, make_item(**{field: same})) == [Change.UNCHANGED]


def test_authors_and_tags_come_back_in_order(store: ItemStore, database: Database) -> None:
    authors = tuple(Contributor(name=name, affiliations=("MIT",)) for name in ("Zoe", "Ann"))
    tags = (Tag("arxiv-category", "cs.AI"), Tag("arxiv-category", "stat.ML", primary=True))

    changes(store, started(database), make_item(contributors=authors, tags=tags))

    found = shown(database, "2203.00001")
    assert tuple(found.contributors) == authors
    assert [tag.term for tag in found.tags] == ["stat.ML", "cs.AI"]
    assert found.tasks == ["papers"]


def test_a_page_commits_with_its_resume_point_and_counts(
    store: ItemStore, database: Database
) -> None:
    run = started(database)

    changes(store, run, make_item("1"), make_item("2"))

    runs = RunStore(database)
    assert runs.checkpoint(run.id) == {"start": 2}
    assert runs.get(run.id).counts.new == 2
    assert runs.get(run.id).state is RunState.RUNNING


def test_a_stale_holder_stores_nothing_of_its_page(store: ItemStore, database: Database) -> None:
    run = started(database)
    RunStore(database).interrupt(run, now=START, again=True, error="")

    with pytest.raises(LostClaimError):
        changes(store, run, make_item())

    assert counted(database) == (0, 0)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(RAW_ANSWERS)) == 0


def test_cursor_and_outcome_commit_with_the_last_page(store: ItemStore, database: Database) -> None:
    run = started(database)
    proof = Proof(outcome=Outcome.SUCCEEDED, query="q", cursor={"newest": "2026"})

    store.store_page(run, PageToStore(raw=make_raw(), items=[make_item()], proof=proof), now=START)

    assert store.cursor("papers", "q") == ({"newest": "2026"}, 1)
    assert RunStore(database).get(run.id).outcome is Outcome.SUCCEEDED


def test_an_unproven_end_leaves_the_cursor_where_it_was(
    store: ItemStore, database: Database
) -> None:
    first, second = started(database), started(database)
    done = Proof(outcome=Outcome.SUCCEEDED, query="q", cursor={"newest": "2026"})
    store.store_page(first, PageToStore(raw=make_raw(), items=[make_item()], proof=done), now=START)
    doubt = Proof(outcome=Outcome.PARTIAL, query="q", detail="cut off")

    store.store_page(second, PageToStore(raw=make_raw(), items=[], proof=doubt), now=START)

    assert store.cursor("papers", "q") == ({"newest": "2026"}, 1)
    assert store.cursor("papers", "another query") == ({}, None)
    assert RunStore(database).get(second.id).detail == "cut off"


def test_a_raw_answer_is_kept_once_and_comes_back_byte_for_byte(
    store: ItemStore, database: Database
) -> None:
    run, raw = started(database), make_raw(b"<feed>\xff\x00</feed>")

    for _ in range(2):
        store.store_page(run, PageToStore(raw=raw, items=[make_item()]), now=START)

    assert store.raw(raw.sha256) == raw.body
    assert store.raw("nothing") is None
    assert shown(database, "2203.00001").versions[0].raw_sha256 == raw.sha256


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("testing", ["1"]),
        ("jose", ["1"]),  # diacritics do not matter
        ("TEST*", ["1", "2"]),
        ("C++", ["2"]),
        ("10-K", ["2"]),
        ("O'Reilly", ["2"]),
        ('"quote', ["2"]),
        ('"annual report"', ["2"]),
        ('"report annual"', []),
        ("cs.SE", ["1", "2"]),
        ("title:testing", []),
        ("a OR b", []),
        ("NEAR(", []),
        ("+++", []),
        ("", []),
        ("*", []),
        ("\x00", []),
        ("现代", ["2"]),
    ],
)
def test_any_text_can_be_searched_for(
    store: ItemStore, database: Database, text: str, found: list[str]
) -> None:
    second = make_item(
        "2",
        title="C++ for 10-K filings: an O'Reilly annual report",
        summary='a "quote" on testable 现代 things',
        contributors=(),
    )
    changes(store, started(database), make_item("1"), second)

    with reading(database.path) as reader:
        assert reader is not None
        lines = reader.items.search(text, ItemFilter(), limit=9)

    assert sorted(line.natural_id for line in lines) == found


def test_search_follows_what_items_become(store: ItemStore, database: Database) -> None:
    run = started(database)
    changes(store, run, make_item(title="Alpha"))
    changes(store, run, make_item(title="Beta"))

    with reading(database.path) as reader:
        assert reader is not None
        hits = [len(reader.items.search(text, ItemFilter(), limit=9)) for text in ("alpha", "beta")]

    assert hits == [0, 1]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ItemFilter(), ["2", "1"]),
        (ItemFilter(source="arxiv", kind="paper"), ["2", "1"]),
        (ItemFilter(source="github"), []),
        (ItemFilter(task_id="other"), ["2"]),
        (ItemFilter(tag="CS.ai"), ["2"]),
        (ItemFilter(since=START), ["2", "1"]),
        (ItemFilter(until=START), []),
        (ItemFilter(new_in_run=1), ["1"]),
    ],
)
def test_items_are_filtered(
    store: ItemStore, database: Database, wanted: ItemFilter, found: list[str]
) -> None:
    changes(store, started(database), make_item("1"))
    changes(store, started(database, "other"), make_item("2", tags=(Tag("x", "cs.AI"),)))

    with reading(database.path) as reader:
        assert reader is not None
        lines = reader.items.newest(wanted, limit=9)
        assert reader.items.count(wanted) == len(lines)

    assert [line.natural_id for line in lines] == found


def test_an_unknown_item_is_none(database: Database) -> None:
    with reading(database.path) as reader:
        assert reader is not None
        assert reader.items.find("nothing") is None
