"""What loading a preset does to tasks that are there already."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.domain.merge import Step, StepAction, plan_load
from stoma.domain.task import DEFINITION_FIELDS, Task, TaskPriority

law = settings(derandomize=True, database=None, deadline=None, max_examples=200)

PRESET = Task(
    id="papers",
    name="Papers",
    type="arxiv",
    schedule="daily_at_06:00",
    config={"search_query": "cat:cs.AI", "max_results": 50},
)


def step_of(
    incoming: Task, current: Task | None, base: Task | None, *, force: bool = False
) -> Step:
    steps = plan_load(
        [incoming],
        {current.id: current} if current else {},
        {base.id: base} if base else {},
        force=force,
    )
    assert len(steps) == 1
    return steps[0]


def test_a_task_that_is_not_there_is_added() -> None:
    step = step_of(PRESET, None, None)

    assert (step.action, step.task, step.base) == (StepAction.ADDED, PRESET, PRESET)


def test_a_task_that_was_removed_comes_back_when_its_preset_is_loaded() -> None:
    step = step_of(PRESET, None, PRESET)

    assert (step.action, step.task) == (StepAction.ADDED, PRESET)


def test_a_task_that_says_the_same_is_unchanged() -> None:
    step = step_of(PRESET, PRESET, PRESET)

    assert (step.action, step.task) == (StepAction.UNCHANGED, PRESET)
    assert step.changed_fields == step.kept_fields == ()


def test_untouched_fields_follow_the_preset() -> None:
    newer = replace(PRESET, schedule="daily_at_07:00", tags=("ai",))

    step = step_of(newer, PRESET, PRESET)

    assert (step.action, step.task, step.base) == (StepAction.CHANGED, newer, newer)
    assert step.changed_fields == ("schedule", "tags")
    assert step.kept_fields == ()


def test_a_field_the_user_edited_is_kept() -> None:
    edited = replace(PRESET, schedule="hourly")
    newer = replace(PRESET, schedule="daily_at_07:00", priority=TaskPriority.HIGH)

    step = step_of(newer, edited, PRESET)

    assert step.action is StepAction.CHANGED
    assert step.task == replace(newer, schedule="hourly")
    assert step.changed_fields == ("priority",)
    assert step.kept_fields == ("schedule",)


def test_a_task_the_user_disabled_stays_disabled() -> None:
    newer = replace(PRESET, name="All papers")

    step = step_of(newer, replace(PRESET, enabled=False), PRESET)

    assert step.task == replace(newer, enabled=False)
    assert step.kept_fields == ("enabled",)


def test_an_edit_the_preset_does_not_touch_is_kept_and_nothing_changes() -> None:
    edited = replace(PRESET, schedule="hourly")

    step = step_of(PRESET, edited, PRESET)

    assert (step.action, step.task) == (StepAction.KEPT, edited)
    assert step.kept_fields == ("schedule",)


def test_an_edit_that_the_preset_then_makes_too_is_no_difference() -> None:
    edited = replace(PRESET, schedule="hourly")

    step = step_of(edited, edited, PRESET)

    assert (step.action, step.kept_fields) == (StepAction.UNCHANGED, ())


def test_keys_of_the_config_are_merged_one_by_one() -> None:
    base = replace(PRESET, config={"search_query": "cat:cs.AI", "max_results": 50, "old": 1})
    edited = replace(PRESET, config={"search_query": "cat:cs.AI", "max_results": 9, "mine": 2})
    newer = replace(PRESET, config={"search_query": "cat:cs.LG", "max_results": 60, "old": 2})

    step = step_of(newer, edited, base)

    # `old` was taken out by the user, and stays out.
    assert step.task.config == {"search_query": "cat:cs.LG", "max_results": 9, "mine": 2}
    assert step.changed_fields == ("config.search_query",)
    assert set(step.kept_fields) == {"config.max_results", "config.mine", "config.old"}


def test_a_key_that_the_preset_drops_is_dropped() -> None:
    newer = replace(PRESET, config={"search_query": "cat:cs.AI"})

    step = step_of(newer, PRESET, PRESET)

    assert step.task.config == {"search_query": "cat:cs.AI"}
    assert step.changed_fields == ("config.max_results",)


@pytest.mark.parametrize(
    ("edited", "kept"),
    [
        ({"config": {"search_query": "cat:cs.AI", "max_results": 9}}, True),
        ({"type": "sec_edgar", "config": {"days_back": 1}}, True),
        ({"schedule": "hourly"}, False),
        ({}, False),
    ],
)
def test_type_and_config_go_together_when_the_type_changes(
    edited: dict[str, object], kept: bool
) -> None:
    mine = replace(PRESET, **edited)  # type: ignore[arg-type]
    newer = replace(PRESET, type="github", config={"language": "rust", "limit": 5})

    step = step_of(newer, mine, PRESET)

    winner = mine if kept else newer
    assert (step.task.type, step.task.config) == (winner.type, winner.config)


def test_a_task_made_by_hand_is_kept_whole() -> None:
    mine = replace(PRESET, name="Mine", schedule="hourly")

    step = step_of(PRESET, mine, None)

    assert (step.action, step.task, step.base) == (StepAction.KEPT, mine, None)
    assert step.kept_fields == ("name", "schedule")


def test_a_task_made_by_hand_that_says_the_same_stays_the_users_own() -> None:
    step = step_of(PRESET, PRESET, None)

    assert (step.action, step.base) == (StepAction.UNCHANGED, None)


@pytest.mark.parametrize("base", [None, PRESET])
def test_force_takes_the_preset_whatever_was_edited(base: Task | None) -> None:
    edited = replace(PRESET, schedule="hourly", enabled=False, config={"search_query": "x"})

    step = step_of(PRESET, edited, base, force=True)

    assert (step.action, step.task, step.base) == (StepAction.CHANGED, PRESET, PRESET)
    assert set(step.changed_fields) == {
        "schedule",
        "enabled",
        "config.search_query",
        "config.max_results",
    }


configs = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)
tasks = st.builds(
    Task,
    id=st.just("t"),
    name=st.sampled_from(["One", "Two"]),
    type=st.sampled_from(["arxiv", "github"]),
    schedule=st.sampled_from(["hourly", "daily"]),
    enabled=st.booleans(),
    tags=st.sampled_from([(), ("a",)]),
    config=configs,
)


@law
@given(incoming=tasks, current=st.none() | tasks, base=st.none() | tasks, force=st.booleans())
def test_a_second_load_changes_nothing(
    incoming: Task, current: Task | None, base: Task | None, force: bool
) -> None:
    first = step_of(incoming, current, base, force=force)

    again = step_of(incoming, first.task, first.base)

    assert again.action in {StepAction.UNCHANGED, StepAction.KEPT}
    assert (again.task, again.base) == (first.task, first.base)
    assert again.kept_fields == first.kept_fields


@law
@given(incoming=tasks, current=tasks, base=tasks)
def test_every_field_is_the_users_or_the_presets(incoming: Task, current: Task, base: Task) -> None:
    step = step_of(incoming, current, base)

    for name in set(DEFINITION_FIELDS) - {"config", "type"}:
        mine, was, theirs = (getattr(task, name) for task in (current, base, incoming))
        assert getattr(step.task, name) == (theirs if mine == was else mine)
    assert set(step.task.config.items()) <= {*current.config.items(), *incoming.config.items()}
    if step.task.type != incoming.type:
        assert step.task.config == current.config


@law
@given(incoming=tasks, current=tasks)
def test_without_edits_a_load_gives_the_preset(incoming: Task, current: Task) -> None:
    assert step_of(incoming, current, current).task == incoming


@law
@given(base=tasks, current=tasks)
def test_the_preset_as_last_loaded_changes_nothing(base: Task, current: Task) -> None:
    step = step_of(base, current, base)

    assert step.task == current
    assert step.changed_fields == ()


@law
@given(incoming=tasks, current=tasks, base=st.none() | tasks, force=st.booleans())
def test_the_action_says_what_happens(
    incoming: Task, current: Task, base: Task | None, force: bool
) -> None:
    step = step_of(incoming, current, base, force=force)

    assert (step.action is StepAction.CHANGED) == (step.task != current)
    assert (step.kept_fields == ()) == (step.task == incoming)


def test_steps_come_in_the_order_of_the_preset() -> None:
    incoming = [replace(PRESET, id=name) for name in ("b", "a", "c")]

    steps = plan_load(incoming, {"a": incoming[1]}, {})

    assert [(step.task.id, step.action.value) for step in steps] == [
        ("b", "added"),
        ("a", "unchanged"),
        ("c", "added"),
    ]
