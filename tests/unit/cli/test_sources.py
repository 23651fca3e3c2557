"""`status`, `show-task` and `history` say how the sources stand, and what is unusual."""

import json
from datetime import timedelta

import pytest

from stoma.budgets import Count
from stoma.domain.run import Failure
from stoma.scheduler.volumes import note_volume
from stoma.storage.tasks import Next
from tests.fakes import START
from tests.makers import make_firing, make_item
from tests.unit.cli.support import Cli, Registry


@pytest.fixture
def asked(registry: Registry) -> Registry:
    budgets = registry.app.budgets
    budgets.reserve("arxiv", 0)
    budgets.hold_off("arxiv", 120)
    for _ in range(7):
        budgets.reserve("github", 0)
    budgets.told("github", Count(60, 53, START + timedelta(minutes=40)))
    budgets.reserve("sec_edgar", 0)
    return registry


def test_status_says_what_may_be_asked_now(cli: Cli, asked: Registry) -> None:
    shown = cli.scheduler("status")

    assert shown.out.rpartition("SOURCES\n")[2].splitlines() == [
        "!  arxiv      asked us to wait: nothing is sent until Mon 2026-03-02 12:02 UTC (in 2m)",
        "✓  github     23 of 30 at once, then one each 120 s; its own count: 53 of 60 left"
        " until Mon 2026-03-02 12:40 UTC",
        "✓  sec_edgar  one each 0.112 s",
    ]


def test_json_has_the_same_in_figures(cli: Cli, asked: Registry) -> None:
    arxiv, github, edgar = json.loads(cli.scheduler("status", "--json").out)["sources"]

    assert (arxiv["left"], arxiv["burst"]) == (0, 1)
    assert arxiv["held_until"] == arxiv["free_at"] == "2026-03-02T12:02:00+00:00"
    assert (github["left"], github["burst"], github["held_until"]) == (23, 30, None)
    assert (github["limit"], github["remaining"]) == (60, 53)
    assert github["reset_at"] == "2026-03-02T12:40:00+00:00"
    assert (edgar["left"], edgar["interval_seconds"], edgar["limit"]) == (0, 0.112, None)


def test_what_a_source_counted_is_forgotten_when_it_begins_anew(cli: Cli, asked: Registry) -> None:
    asked.app.budgets.told("github", Count(60, 0, START - timedelta(seconds=1)))

    _, github, _ = json.loads(cli.scheduler("status", "--json").out)["sources"]

    assert (github["limit"], github["remaining"], github["reset_at"]) == (None, None, None)


def test_a_run_that_waits_says_when_it_goes_on(cli: Cli, registry: Registry) -> None:
    registry.task("waits")
    runs = registry.app.runs
    run = runs.add(make_firing(task_id="waits"), now=START, owner="me", lease_until=START)
    started = runs.start(run, now=START, log_path="")
    until = START + timedelta(minutes=12)
    runs.defer(started, Failure(kind="deferred", message="spent"), now=START, not_before=until)

    page = cli.scheduler("status").out
    found = json.loads(cli.scheduler("status", "--json").out)

    assert f"DEFERRED\n.  waits  goes on in 12m  run {run.id}\n" in page
    assert found["deferred"] == [
        {"task_id": "waits", "run_id": run.id, "not_before": "2026-03-02T12:12:00+00:00"}
    ]


@pytest.fixture
def silent(registry: Registry) -> Registry:
    registry.task("quiet", schedule="daily")
    for day in range(12, 5, -1):
        item = make_item(f"2601.{day:05}")
        registry.ran("quiet", at=START - timedelta(days=day), items=[item])
    last = registry.ran("quiet", at=START, items=[make_item("2601.00012")])
    note_volume(registry.app, registry.app.runs.get(last.id))
    return registry


SAID = "nothing new for 6 days, where 24 h was the longest pause"


def test_what_is_unusual_is_told_wherever_the_task_is_shown(cli: Cli, silent: Registry) -> None:
    assert f"UNUSUAL\n!  quiet  {SAID}  since " in cli.scheduler("status").out
    assert f"unusual          ! {SAID}\n" in cli.scheduler("show-task", "quiet").out
    assert f"unusual: {SAID}" in cli.scheduler("history", "quiet").err
    assert "unusual" not in cli.scheduler("history").err


def test_json_tells_it_as_a_record(cli: Cli, silent: Registry) -> None:
    for command in (("status",), ("show-task", "quiet")):
        (found,) = json.loads(cli.scheduler(*command, "--json").out)["unusual"]

        assert (found["task_id"], found["kind"], found["text"]) == ("quiet", "silence", SAID)


def test_it_is_over_with_the_first_run_that_is_as_usual(cli: Cli, silent: Registry) -> None:
    run = silent.ran("quiet", at=START + timedelta(days=1), items=[make_item("2601.99999")])
    note_volume(silent.app, silent.app.runs.get(run.id))

    assert json.loads(cli.scheduler("status", "--json").out)["unusual"] == []


def test_it_began_when_it_was_seen_first(cli: Cli, silent: Registry) -> None:
    before = json.loads(cli.scheduler("status", "--json").out)["unusual"][0]["since"]

    run = silent.ran("quiet", at=START + timedelta(days=1), items=[make_item("2601.00012")])
    note_volume(silent.app, silent.app.runs.get(run.id))

    (found,) = json.loads(cli.scheduler("status", "--json").out)["unusual"]
    assert found["text"] != SAID
    assert found["since"] == before


def test_a_disabled_task_is_not_missed(cli: Cli, silent: Registry) -> None:
    silent.app.tasks.set_enabled({"quiet": Next()}, enabled=False)

    assert json.loads(cli.scheduler("status", "--json").out)["unusual"] == []
