"""What dashboards ask of tasks, runs and items."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import RunState
from stoma.settings import load_settings
from stoma.storage.item_lines import ItemFilter
from stoma.storage.read import Reader, reading
from stoma.storage.read_days import Tally
from stoma.storage.read_facets import MOST
from stoma.storage.read_pages import RunFilter, TaskFilter
from tests.fakes import START, FakeClock
from tests.makers import make_firing, make_item
from tests.registries import opened_app
from tests.unit.cli.support import Registry

HOUR = timedelta(hours=1)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Return a registry with two tasks of two people."""
    clock = FakeClock()
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        found = Registry(app, clock)
        found.task("papers", name="Papers", owner="ada", tags=("x",))
        found.task("stars", name="Stars 100%", type="github", config={}, owner="bob")
        yield found


@pytest.fixture
def reader(registry: Registry) -> Iterator[Reader]:
    """Return a look at it."""
    with reading(registry.app.paths.database) as found:
        assert found is not None
        yield found


def decide(
    registry: Registry, at: datetime, state: RunState = RunState.SKIPPED, **more: object
) -> None:
    decision = Decision(state=state, due_at=at, reason="overlap", **more)  # type: ignore[arg-type]
    registry.app.runs.add(make_firing(decision), now=at)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (TaskFilter(), ["papers", "stars"]),
        (TaskFilter(text="PAP er"), ["papers"]),
        (TaskFilter(text="%"), ["stars"]),
        (TaskFilter(type="github"), ["stars"]),
        (TaskFilter(state="enabled"), ["papers", "stars"]),
        (TaskFilter(state="disabled"), []),
        (TaskFilter(state="failing"), ["stars"]),
        (TaskFilter(state="running"), ["papers"]),
        (TaskFilter(state="'; DROP TABLE tasks"), []),
    ],
)
def test_tasks_are_filtered(
    registry: Registry, reader: Reader, wanted: TaskFilter, ids: list[str]
) -> None:
    registry.started("papers")
    registry.failed("stars")

    assert reader.pages.task_ids(wanted, limit=10) == ids
    assert reader.pages.task_count(wanted) == len(ids)
    assert [line.id for line in reader.lines(ids)] == ids


def test_only_some_tasks_are_seen(registry: Registry, reader: Reader) -> None:
    registry.ran("papers")
    registry.ran("stars")
    only = frozenset({"stars"})

    assert reader.pages.owners() == {"papers": "ada", "stars": "bob"}
    assert reader.pages.task_ids(TaskFilter(), only=only, limit=10) == ["stars"]
    assert [run.task_id for run in reader.pages.runs(RunFilter(), only=only, limit=9)] == ["stars"]
    assert reader.pages.task_count(TaskFilter(), only=frozenset()) == 0
    found = reader.pages.between(START - HOUR, START + HOUR, only=only, limit=9)
    assert [run.task_id for run in found] == ["stars"]


def test_names_and_types(registry: Registry, reader: Reader) -> None:
    assert reader.pages.names(["papers", "gone"]) == {"papers": "Papers"}
    assert reader.pages.types() == ["arxiv", "github"]


def test_runs_are_filtered(registry: Registry, reader: Reader) -> None:
    first, second = registry.ran("papers"), registry.failed("papers")
    third = registry.ran("stars")

    def found(wanted: RunFilter) -> list[int]:
        return [run.id for run in reader.pages.runs(wanted, limit=9)]

    assert found(RunFilter()) == [third.id, second.id, first.id]
    assert found(RunFilter(task_id="papers", words=["failed"])) == [second.id]
    assert found(RunFilter(before=second.id)) == [first.id]


def test_what_waits_and_what_was_decided_lately(registry: Registry, reader: Reader) -> None:
    decide(registry, START - 30 * HOUR)
    registry.app.runs.add(make_firing(), now=START - HOUR)
    decide(registry, START)

    assert reader.pages.waiting() == 1
    assert reader.pages.decided(START - 24 * HOUR) == [
        Tally(0, "pending", "manual", 1),
        Tally(0, "skipped", "schedule", 1),
    ]
    lately = reader.pages.since(START - 24 * HOUR, ["skipped"], only=None, limit=9)
    assert [run.due_at for run in lately] == [START]


def test_samples_tell_how_runs_went_oldest_first(registry: Registry, reader: Reader) -> None:
    registry.ran("papers")
    decide(registry, START)

    first, second = reader.pages.samples("papers", limit=5)

    assert (first.word, first.seconds, first.due_at) == ("succeeded", 60.0, None)
    assert (second.word, second.seconds, second.due_at) == ("skipped", None, START)


def test_each_interval_has_its_slots_at_its_beginning_not_its_end(
    registry: Registry, reader: Reader
) -> None:
    for hours in range(4):
        decide(registry, START + hours * HOUR)
    bounds = [START, START + HOUR, START + 3 * HOUR]

    assert reader.pages.tallies(bounds) == [
        Tally(0, "skipped", "schedule", 1),
        Tally(1, "skipped", "schedule", 2),
    ]
    found = reader.pages.between(START, START + 2 * HOUR, limit=9)
    assert [run.due_at for run in found] == [START, START + HOUR]


def test_a_run_by_hand_is_where_it_was_asked_for(registry: Registry, reader: Reader) -> None:
    registry.ran("papers", at=START)
    registry.ran("papers", at=START + 5 * HOUR)

    found = reader.pages.tallies([START - HOUR, START + HOUR, START + 9 * HOUR])

    assert [(each.bucket, each.trigger, each.count) for each in found] == [
        (0, "manual", 1),
        (1, "manual", 1),
    ]


def test_a_stretch_touches_what_lies_between_its_ends(registry: Registry, reader: Reader) -> None:
    decide(registry, START, RunState.MISSED, due_to=START + 9 * HOUR, slots=10)

    assert len(reader.pages.stretches(START + 4 * HOUR, START + 5 * HOUR)) == 1
    assert reader.pages.stretches(START + 10 * HOUR, START + 11 * HOUR) == []
    assert reader.pages.stretches(START - HOUR, START) == []
    assert reader.pages.between(START, START + HOUR, limit=9) == []


def test_an_empty_ledger_has_nothing(reader: Reader) -> None:
    assert reader.pages.decided(START) == []
    assert reader.pages.tallies([START, START + HOUR]) == []


# --- facets -------------------------------------------------------------------------------------


def test_facets_count_what_fits_and_what_might(registry: Registry, reader: Reader) -> None:
    registry.ran("papers", items=[make_item("1"), make_item("2", title="Else")])
    registry.ran("stars", items=[make_item("3", source="github", kind="repository", tags=())])

    everything = reader.facets.facets("", ItemFilter())
    arxiv = reader.facets.facets("", ItemFilter(source="arxiv"))
    testing = reader.facets.facets("testing", ItemFilter())

    assert [(g.name, g.items) for g in everything["source"]] == [("arxiv", 2), ("github", 1)]
    assert [(g.name, g.items) for g in everything["tag"]] == [("cs.SE", 2)]
    assert [(g.name, g.items) for g in everything["task_id"]] == [("papers", 2), ("stars", 1)]
    assert [(g.name, g.items) for g in arxiv["source"]] == [("arxiv", 2), ("github", 1)]
    assert [(g.name, g.items) for g in arxiv["kind"]] == [("paper", 2)]
    assert [(g.name, g.items) for g in testing["source"]] == [("arxiv", 1), ("github", 1)]


def test_facets_name_the_most_frequent(registry: Registry, reader: Reader) -> None:
    items = [make_item(str(n), source=f"s{n:02}") for n in range(MOST + 3)]
    registry.ran("papers", items=items)

    assert len(reader.facets.facets("", ItemFilter())["source"]) == MOST


def test_items_are_counted_with_and_without_words(registry: Registry, reader: Reader) -> None:
    registry.ran("papers", items=[make_item("1"), make_item("2", title="Else", summary="")])

    assert reader.facets.count("", ItemFilter()) == 2
    assert reader.facets.count("on testing", ItemFilter()) == 1
    assert reader.facets.count("!!", ItemFilter()) == 0
    assert reader.facets.count("", ItemFilter(of_tasks=frozenset({"stars"}))) == 0


def test_an_item_is_found_by_its_number_alone(registry: Registry, reader: Reader) -> None:
    registry.ran("papers", items=[make_item("7"), make_item("1")])

    found = reader.items.numbered(1)

    assert found is not None
    assert found.line.natural_id == "7"
    assert reader.items.numbered(3) is None
