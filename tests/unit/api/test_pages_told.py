"""What pages tell of tasks, runs and slots."""

from datetime import timedelta

import pytest

from stoma.domain.run import Outcome
from stoma.operations.editing import disable_tasks
from tests.fakes import START
from tests.makers import make_item
from tests.pages import look, words
from tests.unit.cli.support import Registry
from tests.web import Site, site


@pytest.fixture
def registry(web: Site) -> Registry:
    """Return a registry with one task that ran."""
    registry = Registry(web.app, web.clock)
    registry.task("papers", name="Papers on testing")
    registry.ran("papers", at=START - timedelta(hours=1), items=[make_item()])
    return registry


@pytest.mark.parametrize("place", ["/", "/tasks", "/runs", "/calendar", "/timeline", "/items"])
def test_an_empty_registry_has_pages_too(web: Site, place: str) -> None:
    assert words(look(web, place))


def test_the_overview_says_what_will_run_what_ran_what_came_and_why_not(
    web: Site, registry: Registry
) -> None:
    registry.task("stars", name="Stars", type="github", config={})
    registry.failed("stars", at=START - timedelta(minutes=30))
    registry.skipped("papers", at=START - timedelta(minutes=10))
    registry.started("papers", at=START - timedelta(seconds=90))

    said = words(look(web, "/"))

    assert "Next run in 1 h" in said
    assert "Stars is failing. Look at it" in said
    assert "Papers on testing running since 11:58 UTC 1 min 30 s" in said
    assert "failed : no answer from example.org: timed out" in said
    assert "On Testing" in said
    assert "skipped: it was busy" in said


def test_without_a_scheduler_the_overview_says_how_to_start_one(web: Site) -> None:
    with site(web.app.paths.database.parent / "other", scheduler=False) as lonely:
        said = words(look(lonely, "/"))

    assert "No scheduler is running" in said
    assert "stoma scheduler start" in said


def test_tasks_are_filtered(web: Site, registry: Registry) -> None:
    registry.task("stars", name="Stars", type="github", config={})
    disable_tasks(web.app, ["stars"])

    assert "Stars" in words(look(web, "/tasks?state=disabled"))
    assert "Papers on testing" not in words(look(web, "/tasks?state=disabled"))
    assert "Papers on testing" in words(look(web, "/tasks?q=TESTING&type=arxiv&state=enabled"))
    assert "No task fits" in words(look(web, "/tasks?q=nothing+so"))
    assert "No task fits" in words(look(web, "/tasks?state=strange"))


def test_many_tasks_have_several_pages(web: Site) -> None:
    registry = Registry(web.app, web.clock)
    for number in range(51):
        registry.task(f"t{number:02}")

    first, second = look(web, "/tasks"), look(web, "/tasks?from=50")

    assert first.xpath("//a[@rel='next']/@href") == ["/tasks?from=50"]
    assert second.xpath("//a[@rel='prev']/@href") == ["/tasks"]
    assert "51 to 51 of 51" in words(second)


def test_a_strip_says_in_words_what_it_draws(web: Site, registry: Registry) -> None:
    registry.failed("papers")

    (strip,) = look(web, "/tasks").xpath("//*[@class='strip']")

    assert strip.get("aria-label") == "Last 2, oldest first: ok, failed"


def test_a_task_shows_when_it_is_due_and_what_clock_changes_do(web: Site) -> None:
    registry = Registry(web.app, web.clock)
    registry.task("night", schedule="daily_at_02:30", timezone="America/New_York")

    said = words(look(web, "/tasks/night"))

    assert "Tue 2026-03-03 02:30 EST" in said
    assert "02:30 does not exist on 2026-03-08" in said


def test_a_task_shows_its_success_rate(web: Site, registry: Registry) -> None:
    for number in range(3):
        registry.ran("papers", at=START + timedelta(minutes=number))
    registry.failed("papers", at=START + timedelta(minutes=9))

    assert "Success 80 % 4 of the last 5 runs" in words(look(web, "/tasks/papers"))


def test_why_tells_the_rule_that_decided(web: Site, registry: Registry) -> None:
    registry.skipped("papers", at=START - timedelta(hours=2), detail="the source was closed")

    said = words(look(web, "/tasks/papers/why?at=2026-03-02T10:00"))
    wrong = look(web, "/tasks/papers/why?at=yesterday")

    assert "skipped the source was closed" in said
    assert "'yesterday' is no date or time" in words(wrong)


def test_a_run_shows_story_error_and_log(web: Site, registry: Registry) -> None:
    run = registry.started("papers", log="INFO begun\nERROR \x1b[31mbroken\n")

    page = look(web, f"/runs/{run.id}")

    log = page.get_element_by_id("log")
    assert [line.get("class") for line in log] == ["INFO", "ERROR"]
    assert log[1].text == r"ERROR \x1b[31mbroken"
    assert log.get("hx-sse:connect") == f"/runs/{run.id}/follow?after=29"
    assert "running" in words(page)


def test_runs_are_listed_by_how_they_ended(web: Site, registry: Registry) -> None:
    registry.failed("papers")
    registry.skipped("papers", at=START - timedelta(hours=3))

    assert "3 " in words(look(web, "/runs"))
    assert "timed out" in words(look(web, "/runs?show=bad"))
    assert "it was busy" in words(look(web, "/runs?show=not&task=papers"))
    assert "There are none" in words(look(web, "/runs?show=open"))


def test_many_runs_have_several_pages(web: Site, registry: Registry) -> None:
    for number in range(51):
        registry.skipped("papers", at=START - timedelta(hours=2 + number))

    page = look(web, "/runs?show=not")

    assert page.xpath("//a[@rel='next']/@href") == ["/runs?show=not&before=3"]
    assert len(look(web, "/runs?show=not&before=3").xpath("//tbody/tr")) == 1


def test_an_outcome_of_an_attempt_is_told(web: Site, registry: Registry) -> None:
    registry.ran("papers", outcome=Outcome.EMPTY)

    assert "empty" in words(look(web, "/runs/2"))
