"""Days that a run proves are written down with its last page."""

from datetime import date, timedelta

import pytest

from stoma.domain.coverage import Days
from stoma.storage.database import Database
from stoma.storage.items import ItemStore, PageToStore
from stoma.storage.read import reading
from stoma.storage.runs import RunStore
from tests.fakes import START
from tests.makers import make_firing, make_item
from tests.unit.storage.stored import collected


def days(first: int, last: int) -> Days:
    return Days(date(2026, 3, first), date(2026, 3, last))


def proven(database: Database, task_id: str = "papers", query: str = "q") -> list[tuple[Days, int]]:
    with reading(database.path) as reader:
        assert reader is not None
        return [(each.days, each.run_id) for each in reader.proven_days(task_id, query)]


def test_what_a_run_proves_is_kept_with_its_run(database: Database) -> None:
    collected(database, covered=days(1, 3))
    collected(database, covered=days(3, 5), now=START + timedelta(days=1))

    assert proven(database) == [(days(1, 3), 1), (days(3, 5), 2)]
    assert proven(database, query="other") == proven(database, "others") == []


def test_what_is_proven_anew_is_kept_once(database: Database) -> None:
    collected(database, covered=days(1, 3))
    collected(database, covered=days(2, 2))
    collected(database, task_id="others", covered=days(2, 2))
    collected(database, covered=days(1, 5))
    collected(database, covered=days(1, 5))

    assert proven(database) == [(days(1, 5), 5)]
    assert proven(database, "others") == [(days(2, 2), 3)]


def test_an_item_comes_from_an_answer(database: Database) -> None:
    runs = RunStore(database)
    added = runs.add(make_firing(), now=START, owner="me", lease_until=START)
    run = runs.start(added, now=START, log_path="")

    with pytest.raises(ValueError, match="without the answer"):
        ItemStore(database).store_page(run, PageToStore(raw=None, items=[make_item()]), now=START)


def test_a_run_that_proves_nothing_leaves_no_trace(database: Database) -> None:
    collected(database)

    assert proven(database) == []
