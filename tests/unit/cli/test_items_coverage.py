"""`stoma items coverage`, and `stoma scheduler backfill --holes`."""

import json
from datetime import UTC, date, datetime

import pytest

from stoma.domain.coverage import Days, query_name
from stoma.domain.run import Outcome, Run, Trigger
from stoma.domain.window import AsOf, Window
from stoma.scheduler.placing import schedule_of
from stoma.schedules.as_of import as_of
from stoma.storage.items import PageToStore, Proof
from tests.makers import make_raw
from tests.unit.cli.support import Cli, Registry, Terminal

CONFIG = {"search_query": "testing"}


def proven(registry: Registry, first: str, last: str) -> Run:
    """A run that proved some days."""
    run = registry.started("papers")
    proof = Proof(
        outcome=Outcome.SUCCEEDED,
        query=query_name("arxiv", CONFIG),
        cursor={},
        covered=Days(date.fromisoformat(first), date.fromisoformat(last)),
    )
    page = PageToStore(raw=make_raw(str(run.id).encode()), items=[], proof=proof)
    registry.app.items.store_page(run, page, now=registry.clock.now())
    return run


@pytest.fixture
def papers(registry: Registry) -> Registry:
    registry.task("papers", config=CONFIG)
    registry.task("daily", config={"mode": "rss", "categories": ["cs.AI"]})
    proven(registry, "2026-02-02", "2026-02-10")
    proven(registry, "2026-02-14", "2026-02-14")
    return registry


def test_days_are_a_calendar_with_weeks_as_columns(cli: Cli, papers: Registry) -> None:
    shown = cli("items", "coverage", "papers", "--from", "2026-01-30", "--to", "2026-03-09")

    assert shown.out == (
        "     Feb 2026  Mar\n"
        "Mon    █ █ · · ░\n"
        "Tue    █ █ · ·\n"
        "Wed    █ · · ░\n"
        "Thu    █ · · ░\n"
        "Fri  · █ · · ░\n"
        "Sat  · █ █ · ░\n"
        "Sun  · █ · · ░\n"
        "\n"
        "█ 10 complete  · 16 hole  ░ 6 open\n"
        "\n"
        "hole  2026-01-30 to 2026-02-01  (3 d)\n"
        "hole  2026-02-11 to 2026-02-13  (3 d)\n"
        "hole  2026-02-15 to 2026-02-24  (10 d)\n"
    )
    assert shown.err == (
        "to fill them: stoma scheduler backfill papers --holes --from 2026-01-30\n"
    )


def test_days_are_records_for_scripts(cli: Cli, papers: Registry) -> None:
    arguments = ("items", "coverage", "papers", "--from", "2026-02-10", "--to", "2026-02-11")

    assert json.loads(cli(*arguments, "--json").out) == [
        {"task_id": "papers", "day": "2026-02-10", "state": "complete", "run_id": 1},
        {"task_id": "papers", "day": "2026-02-11", "state": "hole", "run_id": None},
    ]
    assert cli(*arguments, "--fields", "day,run").lines[1] == "2026-02-10  1"
    assert cli(*arguments, "-o", "name").lines == ["2026-02-10", "2026-02-11"]


def test_a_long_time_is_broken_into_blocks(
    cli: Cli, papers: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", terminal)

    cli("items", "coverage", "papers")

    lines = terminal.getvalue().splitlines()
    assert len([line for line in lines if line.startswith("Mon")]) == 1
    assert max(map(len, lines)) <= 40


def test_many_holes_are_cut_short(cli: Cli, papers: Registry) -> None:
    for day in range(1, 28, 2):
        proven(papers, f"2025-01-{day:02}", f"2025-01-{day:02}")

    shown = cli("items", "coverage", "papers", "--from", "2025-01-01", "--to", "2025-01-28")

    assert "and 2 earlier ones; all of them: --json" in shown.out


def test_another_query_has_another_coverage(cli: Cli, papers: Registry) -> None:
    assert (
        cli("scheduler", "edit-task", "papers", "--config", '{"search_query": "other"}').code == 0
    )

    shown = cli("items", "coverage", "papers", "--from", "2026-02-02", "--to", "2026-02-10")

    assert "complete" not in shown.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nobody"], 5, "no task 'nobody'"),
        (["papers", "--from", "2026-03-03"], 2, "there is no day that has come"),
        (["papers", "--from", "1900-01-01"], 2, "too many to look at"),
        (["papers", "--from", "then"], 2, "--from is 'then'"),
    ],
)
def test_what_makes_no_sense_is_explained(
    cli: Cli, papers: Registry, arguments: list[str], code: int, message: str
) -> None:
    shown = cli("items", "coverage", *arguments)

    assert (shown.code, message in shown.err) == (code, True)


def test_a_source_without_a_past_says_so(cli: Cli, papers: Registry) -> None:
    shown = cli("items", "coverage", "daily")

    assert "the past of daily can not be filled: the daily feed tells of today only" in shown.err
    assert cli.scheduler("backfill", "daily", "--holes").code == 2


# --- backfill ---------------------------------------------------------------------------------

FEBRUARY = ("--holes", "--from", "2026-02-01", "--to", "2026-02-28")


def test_holes_are_filled_by_runs_of_their_own(cli: Cli, papers: Registry) -> None:
    tried = cli.scheduler("backfill", "papers", *FEBRUARY, "--dry-run")
    done = cli.scheduler("backfill", "papers", *FEBRUARY)
    again = cli.scheduler("backfill", "papers", *FEBRUARY)

    runs = papers.app.runs.active(["papers"])
    assert tried.lines[0] == "papers: 14 days would be asked for, in 3 runs"
    assert done.lines == [
        "papers: 14 days will be asked for, in 3 runs",
        "  2026-02-01  (1 d)",
        "  2026-02-11 to 2026-02-13  (3 d)",
        "  2026-02-15 to 2026-02-24  (10 d)",
    ]
    assert again.lines[:2] == ["papers: no holes to fill", "  2026-02-01  waits already"]
    assert [(run.trigger, run.due_at) for run in runs] == [(Trigger.BACKFILL, None)] * 3
    schedule = schedule_of(papers.app.tasks.get("papers"), "UTC")
    assert as_of(runs[1], schedule) == AsOf(
        scheduled_for=datetime(2026, 2, 13, 23, 59, tzinfo=UTC),
        window=Window(
            start=datetime(2026, 2, 11, tzinfo=UTC),
            end=datetime(2026, 2, 13, 23, 59, tzinfo=UTC),
            past=True,
        ),
    )


def test_a_long_hole_is_asked_for_in_portions(cli: Cli, papers: Registry) -> None:
    shown = cli.scheduler(
        "backfill", "papers", "--holes", "--json", "--dry-run", "--to", "2026-02-01"
    )

    assert json.loads(shown.out)["holes"] == [
        {"first": "2025-11-02", "last": "2025-12-02"},
        {"first": "2025-12-03", "last": "2026-01-02"},
        {"first": "2026-01-03", "last": "2026-02-01"},
    ]


def test_without_holes_slots_need_a_beginning(cli: Cli, papers: Registry) -> None:
    shown = cli.scheduler("backfill", "papers")

    assert (shown.code, "--from is missing" in shown.err) == (2, True)
