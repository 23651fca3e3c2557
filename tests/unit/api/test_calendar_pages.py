"""The calendar and the timeline: past and future in one, month to day to hour."""

from datetime import timedelta

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import RunState, Trigger
from tests.fakes import START
from tests.makers import make_firing
from tests.pages import look, words
from tests.unit.cli.support import Registry
from tests.web import Site

HOUR = timedelta(hours=1)


@pytest.fixture
def registry(web: Site) -> Registry:
    """Return a registry whose one task is due every hour."""
    registry = Registry(web.app, web.clock)
    registry.task("papers", name="Papers")
    return registry


def decided(registry: Registry, hours: int, state: RunState, **more: object) -> None:
    decision = Decision(state=state, due_at=START - hours * HOUR, **more)  # type: ignore[arg-type]
    registry.app.runs.add(make_firing(decision), now=START)


def cell(site: Site, place: str, day: str) -> str:
    """Return what a day of a month is called to who can not see it."""
    (found,) = look(site, place).xpath(f"//td/a[contains(@href, '/calendar/{day}')]/@aria-label")
    return str(found)


def test_a_day_holds_what_was_and_what_will_be(web: Site, registry: Registry) -> None:
    decided(registry, 1, RunState.SKIPPED, reason="overlap")
    decided(registry, 2, RunState.MISSED, reason="downtime")

    found = cell(web, "/calendar", "2026-03-02")

    assert found == "Monday 2: 1 missed, 1 skipped, 11 planned"


def test_a_slot_that_was_backfilled_is_a_state_of_its_own(web: Site, registry: Registry) -> None:
    run = registry.ran("papers")
    with registry.app.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE runs SET due_at = '2026-03-01 08:00:00.000000', trigger = ? WHERE id = ?",
            (str(Trigger.BACKFILL), run.id),
        )

    assert cell(web, "/calendar", "2026-03-01") == "Sunday 1: 1 backfilled"
    assert "1 backfilled" in words(look(web, "/calendar/2026-03-01"))


def test_a_stretch_that_was_missed_counts_in_each_of_its_days(
    web: Site, registry: Registry
) -> None:
    stretch = {"due_to": START - 13 * HOUR, "slots": 23, "reason": "downtime"}
    decided(registry, 35, RunState.MISSED, **stretch)

    assert cell(web, "/calendar/2026-02", "2026-02-28") == "Saturday 28: nothing"
    assert cell(web, "/calendar", "2026-03-01") == "Sunday 1: 23 missed"
    page = look(web, "/calendar/2026-03-01?hour=5")
    assert "05:00 to 05:59" in words(page)
    assert "missed" in words(page)


def test_a_month_of_the_future_and_one_of_the_past(web: Site, registry: Registry) -> None:
    assert cell(web, "/calendar/2026-04", "2026-04-07") == "Tuesday 7: 24 planned"
    assert cell(web, "/calendar/2026-02", "2026-02-03") == "Tuesday 3: nothing"


def test_from_a_month_to_a_day_to_an_hour(web: Site, registry: Registry) -> None:
    (day,) = look(web, "/calendar").xpath("//a[@href='/calendar/2026-03-03']/@href")
    hours = look(web, day).xpath("//td/a/@href")

    said = words(look(web, hours[15]))

    assert hours[15] == "/calendar/2026-03-03?hour=15#hour"
    assert "15:00 to 15:59 Papers planned" in said


def test_one_task_alone(web: Site, registry: Registry) -> None:
    registry.task("stars", name="Stars", type="github", config={}, schedule="daily_at_07:00")

    assert cell(web, "/calendar?task=stars", "2026-03-03") == "Tuesday 3: 1 planned"
    assert "Papers" not in words(look(web, "/calendar/2026-03-03?task=stars"))


def test_the_timeline_draws_runs_and_slots(web: Site, registry: Registry) -> None:
    registry.ran("papers", at=START - HOUR)
    registry.started("papers", at=START - timedelta(minutes=30))
    decided(registry, 2, RunState.MISSED, reason="downtime")
    decided(registry, 9, RunState.MISSED, due_to=START - 5 * HOUR, slots=5, reason="downtime")

    page = look(web, "/timeline")

    bars = page.xpath("//svg//a/rect/@class")
    assert sorted(bars) == ["f-ok", "f-run", "hollow", "hollow"]
    assert len(page.xpath("//*[@class='f-plan']")) == 8


@pytest.mark.parametrize("window", ["6h", "1d", "3d", "7d", "strange"])
def test_every_window_has_an_axis(web: Site, registry: Registry, window: str) -> None:
    page = look(web, f"/timeline?window={window}")

    assert 3 <= len(page.xpath("//svg[contains(@aria-label, 'Runs of')]/text")) <= 12
