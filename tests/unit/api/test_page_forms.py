"""Forms: they post, lead on, and say what was done; what is wrong is said where it is."""

from datetime import timedelta

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import RunState
from tests.fakes import START
from tests.makers import make_firing
from tests.pages import follow, look, parsed, post, words
from tests.unit.cli.support import Registry
from tests.web import Site

NEW = {
    "type": "arxiv",
    "id": "agents",
    "name": "Agents",
    "schedule": "daily_at_09:00",
    "timezone": "Europe/Berlin",
    "priority": "high",
    "overlap": "skip",
    "catch_up": "latest",
    "timeout_seconds": "600",
    "max_retries": "2",
    "config.search_query": "abs:agent",
    "config.categories": "cs.AI, cs.LG",
    "config.max_results": "25",
    "config.sort_by": "submittedDate",
    "do": "save",
}


@pytest.fixture
def registry(web: Site) -> Registry:
    """Return a registry with a task."""
    registry = Registry(web.app, web.clock)
    registry.task("papers", name="Papers")
    return registry


def test_a_task_is_made(web: Site) -> None:
    said = follow(web, "/tasks/new", NEW)

    task = web.app.tasks.get("agents")
    assert "Made Agents" in said
    assert "Tue 2026-03-03 09:00 CET" in said
    assert (task.timezone, task.priority, task.timeout_seconds) == ("Europe/Berlin", "high", 600.0)
    assert task.config == {
        "search_query": "abs:agent",
        "categories": ["cs.AI", "cs.LG"],
        "max_results": 25,
    }


def test_what_was_done_is_said_once(web: Site) -> None:
    _, place = post(web, "/tasks/new", NEW)

    assert "Made Agents" in words(look(web, place))
    assert "Made Agents" not in words(look(web, place))


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"schedule": "sometimes"}, "schedule", "not a known form"),
        ({"schedule": "{"}, "schedule", "not valid JSON"),
        ({"id": "../x"}, "id", "can not be used"),
        ({"name": " "}, "name", "needs a name"),
        ({"config.max_results": "many"}, "config.max_results", "valid integer"),
        ({"config.categories": "nonsense!"}, "config.categories", "is not a category"),
        ({"priority": "urgent"}, "", "must be one of critical"),
        ({"timeout_seconds": "long"}, "", "is no number"),
        ({"timezone": "Mars/Base"}, "schedule", "unknown time zone"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(
    web: Site, wrong: dict[str, str], field: str, said: str
) -> None:
    status, body = post(web, "/tasks/new", NEW | wrong)

    page = parsed(body)
    assert status == 422
    assert said in words(page)
    if field:
        (place,) = page.xpath(f"//*[@aria-describedby='{field}-fault']")
        assert place.get("aria-invalid") == "true"
        assert said in page.get_element_by_id(f"{field}-fault").text_content()
    assert page.xpath("//input[@name='config.search_query']/@value") == ["abs:agent"]
    assert web.app.tasks.find("agents") is None


def test_an_id_that_is_taken_is_said(web: Site, registry: Registry) -> None:
    status, body = post(web, "/tasks/new", NEW | {"id": "papers"})

    assert status == 422
    assert "id-fault" in body


def test_without_javascript_a_button_previews(web: Site) -> None:
    status, body = post(web, "/tasks/new", NEW | {"schedule": "hourly", "do": "preview"})

    assert status == 200
    assert "Every hour" in body
    assert web.app.tasks.find("agents") is None


def test_a_form_without_a_type_asks_for_one(web: Site) -> None:
    assert "Choose a type first" in follow(web, "/tasks/new", {"name": "x"})


def test_a_schedule_is_previewed_while_it_is_typed(web: Site, registry: Registry) -> None:
    good = web.get("/preview?schedule=daily_at_02:30&timezone=America/New_York").text
    wrong = web.get("/preview?schedule=sometimes").text
    changed = web.get("/preview?schedule=daily_at_06:00&timezone=&task=papers").text

    assert "02:30 does not exist on 2026-03-08" in good
    assert "not a known form" in wrong
    assert "168 slots fewer" in changed.replace("161", "168")


def test_a_schedule_is_edited(web: Site, registry: Registry) -> None:
    page = look(web, "/tasks/papers/edit")
    fields = {each.get("name"): each.get("value") for each in page.xpath("//input[@name]")}

    said = follow(
        web, "/tasks/papers/edit", NEW | {"name": fields["name"], "schedule": "daily_at_06:00"}
    )

    assert "Changed" in said
    assert "schedule" in said
    assert web.app.tasks.get("papers").schedule == "daily_at_06:00"


def test_an_edit_keeps_what_the_form_does_not_ask_for(web: Site) -> None:
    registry = Registry(web.app, web.clock)
    registry.task("tagged", tags=("a", "b"), retry_delay_seconds=7.0, owner="")
    same = {
        "name": "Papers",
        "schedule": "hourly",
        "config.search_query": "testing",
        "timeout_seconds": "3600",
    }

    assert "Nothing was different" in follow(web, "/tasks/tagged/edit", same)
    task = web.app.tasks.get("tagged")
    assert (task.tags, task.retry_delay_seconds) == (("a", "b"), 7.0)


def test_a_wrong_edit_changes_nothing(web: Site, registry: Registry) -> None:
    status, body = post(web, "/tasks/papers/edit", NEW | {"schedule": "never ever"})
    shown, _ = post(web, "/tasks/papers/edit", NEW | {"schedule": "daily", "do": "preview"})

    assert (status, shown) == (422, 200)
    assert "schedule-fault" in body
    assert web.app.tasks.get("papers").schedule == "hourly"


def test_a_task_is_run_now(web: Site, registry: Registry) -> None:
    said = follow(web, "/tasks/papers/run", {})
    again = follow(web, "/tasks/papers/run", {})

    assert "Asked for a run of Papers" in said
    assert "waiting" in said
    assert "is about to run" in again


def test_a_task_is_disabled_for_a_while_and_enabled(web: Site, registry: Registry) -> None:
    off = follow(web, "/tasks/papers/disable", {"hours": "8", "reason": "moving"})
    task = web.app.tasks.get("papers")
    on = follow(web, "/tasks/papers/enable", {})

    assert "Papers is disabled for 8 h" in off
    assert "moving" in off
    assert task.disabled_until == START + timedelta(hours=8)
    assert "Papers is enabled" in on


def test_a_task_is_removed_and_its_past_stays(web: Site, registry: Registry) -> None:
    registry.ran("papers")

    said = follow(web, "/tasks/papers/remove", {})

    assert "Removed Papers; 1 run and 0 items stay" in said
    assert "There are no tasks yet" in said
    assert "Run 1 of papers" in words(look(web, "/runs/1"))


def test_several_tasks_at_once(web: Site, registry: Registry) -> None:
    registry.task("stars", type="github", config={})

    off = follow(web, "/tasks/bulk", {"task": ["papers", "stars"], "do": "disable"})
    on = follow(web, "/tasks/bulk", {"task": ["papers"], "do": "enable"})
    run = follow(web, "/tasks/bulk", {"task": ["papers", "stars"], "do": "run"})
    none = follow(web, "/tasks/bulk", {"do": "run"})
    wrong = follow(web, "/tasks/bulk", {"task": ["nope"], "do": "run"})

    assert "2 tasks: disabled" in off
    assert "1 task: enabled" in on
    assert "2 tasks: asked to run now" in run
    assert "No task was chosen" in none
    assert "No task 'nope'" in wrong


def test_gaps_are_planned_and_filled(web: Site, registry: Registry) -> None:
    for hours in (3, 4):
        decision = Decision(
            state=RunState.MISSED, due_at=START - timedelta(hours=hours), reason="downtime"
        )
        web.app.runs.add(make_firing(decision), now=START)
    web.app.tasks.get("papers")
    asked = {"first": "2026-03-02T07:30", "until": "2026-03-02T09:30"}

    plan = words(look(web, "/tasks/papers/backfill?first=2026-03-02T07:30&until=2026-03-02T09:30"))
    done = follow(web, "/tasks/papers/backfill", asked)
    status, body = post(web, "/tasks/papers/backfill", {"first": "x", "until": "y"})
    wrong = look(web, "/tasks/papers/backfill?first=2026-03-02&until=2026-03-01", status=422)

    assert "2 slots would run" in plan
    assert "2 slots wait to run" in done
    assert (status, "is no date or time" in body) == (422, True)
    assert "is empty" in words(wrong)


def test_a_run_is_cancelled_and_run_again(web: Site, registry: Registry) -> None:
    follow(web, "/tasks/papers/run", {})

    ended = follow(web, "/runs/1/cancel", {})
    twice = follow(web, "/runs/1/cancel", {})
    again = follow(web, "/runs/1/retry", {})
    too_soon = follow(web, "/runs/1/retry", {})

    assert "it had not started, and will not" in ended
    assert "is over already" in twice
    assert "It waits to run again" in again
    assert "is not over" in too_soon


def test_a_preset_is_planned_and_loaded(web: Site) -> None:
    plan = words(look(web, "/presets/research"))
    done = follow(web, "/presets/research", {})
    twice = words(look(web, "/presets/research?force=yes"))

    assert "3 added" in plan
    assert "Loaded research: 3 added" in done
    assert "3 unchanged" in twice


@pytest.mark.parametrize("theme", ["light", "dark", ""])
def test_a_theme_is_chosen(web: Site, theme: str) -> None:
    status, place = post(web, "/theme", {"theme": theme, "back": "/tasks?state=enabled"})

    assert (status, place) == (303, "/tasks?state=enabled")
    assert look(web, "/").get("data-theme") == (theme or None)


def test_the_scheduler_is_paused_and_resumed(web: Site) -> None:
    paused = follow(web, "/pause", {"hours": "8", "reason": "moving house"})
    resumed = follow(web, "/resume", {})
    again = follow(web, "/resume", {})

    assert "The scheduler is paused until 20:00 UTC : moving house" in paused
    assert "The scheduler goes on" in resumed
    assert "was not paused" in again
