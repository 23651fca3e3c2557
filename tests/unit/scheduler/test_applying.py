"""Task files into the registry."""

from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.run import RunState
from stoma.exceptions import ConfigError, NotFoundError
from stoma.presets import dump_preset
from stoma.scheduler.applying import apply_files, origin_of
from stoma.scheduler.loading import load
from tests.fakes import FakeClock
from tests.makers import make_task
from tests.unit.scheduler.applied import (
    FILE,
    SHELL,
    SMALL,
    actions,
    by_hand,
    definitions,
    edit,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    return path


def test_what_is_not_there_is_added_and_remembers_its_file(app: App, file: Path) -> None:
    plan = apply_files(app, [file])

    assert actions(plan) == {"first": "added", "second": "added"}
    assert [line.where for line in plan.lines] == [f"{file}:1", f"{file}:7"]
    assert [line.forecast.gained.count for line in plan.lines] == [7, 84]
    assert {task.preset for task in app.tasks.all()} == {origin_of(file)}


def test_a_dry_run_says_the_same_and_writes_nothing(app: App, file: Path) -> None:
    plan = apply_files(app, [file], dry_run=True)

    assert app.tasks.all() == []
    assert plan == apply_files(app, [file])


def test_twice_changes_nothing(app: App, file: Path, clock: FakeClock) -> None:
    apply_files(app, [file])
    before = definitions(app)
    clock.advance(timedelta(hours=5))

    plan = apply_files(app, [file])

    assert plan.changed == []
    assert definitions(app) == before


def test_a_change_is_named_field_by_field_and_in_fires(app: App, file: Path) -> None:
    apply_files(app, [file])
    text = FILE.replace("daily_at_06:00", "time_of_day 05:00,17:00").replace("= 5", "= 6")
    file.write_text(text)

    first, second = apply_files(app, [file]).lines

    assert first.step.changed_fields == ("schedule",)
    assert (first.forecast.lost.clock, first.forecast.gained.clock) == (
        ("06:00",),
        ("05:00", "17:00"),
    )
    assert second.step.changed_fields == ("config.max_results",)
    assert not second.forecast


def test_a_due_slot_survives_a_change_of_something_else(
    app: App, file: Path, clock: FakeClock
) -> None:
    apply_files(app, [file])
    due = app.tasks.get("second").next_slot_at
    clock.advance(timedelta(hours=3))
    file.write_text(FILE.replace('"Second"', '"Other"'))

    apply_files(app, [file])

    assert app.tasks.get("second").name == "Other"
    assert app.tasks.get("second").next_slot_at == due


def test_a_due_slot_of_a_schedule_that_changes_is_written_down(
    app: App, file: Path, clock: FakeClock
) -> None:
    apply_files(app, [file])
    clock.advance(timedelta(hours=3))
    file.write_text(FILE.replace("interval_2h", "interval_3h"))

    apply_files(app, [file])

    assert (app.runs.get(1).state, app.runs.get(1).reason) == (RunState.SKIPPED, "edited")
    assert app.tasks.get("second").next_slot_at == clock.now().replace(hour=18)


# What the user made and edited.


def test_what_you_edited_stays_unless_forced(app: App, file: Path) -> None:
    apply_files(app, [file])
    edit(app, make_task("first", name="Mine", schedule="daily_at_06:00"))

    kept = apply_files(app, [file])
    named = app.tasks.get("first").name
    forced = apply_files(app, [file], force=True)

    assert (actions(kept)["first"], named) == ("kept", "Mine")
    assert kept.lines[0].step.kept_fields == ("name",)
    assert actions(forced)["first"] == "changed"
    assert app.tasks.get("first").name == "First"


def test_a_task_made_by_hand_is_never_taken_unless_forced(app: App, file: Path) -> None:
    by_hand(app, "first")

    kept = apply_files(app, [file])
    origin = app.tasks.get("first").preset
    apply_files(app, [file], force=True)

    assert (actions(kept)["first"], origin) == ("kept", None)
    assert kept.lines[0].note == "made by hand; --force lets the file have it"
    assert app.tasks.get("first").preset == origin_of(file)


def test_a_file_takes_over_from_a_preset_and_says_so(app: App, tmp_path: Path) -> None:
    load(app, "default")
    export = tmp_path / "all.toml"
    export.write_text(dump_preset("all", "", [task.definition for task in app.tasks.all()]))

    plan = apply_files(app, [export])
    again = apply_files(app, [export])

    assert {line.note for line in plan.lines} == {"came from preset default before"}
    assert {line.note for line in again.lines} == {""}
    assert set(actions(plan).values()) == {"unchanged"}


def test_a_file_takes_over_from_another_file(app: App, file: Path, tmp_path: Path) -> None:
    apply_files(app, [file])
    other = file.rename(tmp_path / "other.toml")

    plan = apply_files(app, [other])

    assert plan.lines[0].note == f"came from {file} before"
    assert app.tasks.get("first").preset == origin_of(other)


# Pruning.


def test_what_a_file_no_longer_has_stays_until_it_is_pruned(app: App, file: Path) -> None:
    by_hand(app, "mine")
    apply_files(app, [file])
    file.write_text(FILE[: FILE.index("[tasks.second]")])

    kept = apply_files(app, [file])
    dry = apply_files(app, [file], prune=True, dry_run=True)
    there = {task.id for task in app.tasks.all()}
    pruned = apply_files(app, [file], prune=True)

    assert (kept.orphans, dry.orphans) == (["second"], [])
    assert dry == pruned
    assert actions(pruned) == {"first": "unchanged", "second": "removed"}
    assert pruned.lines[1].forecast.lost.count == 84
    assert there == {"mine", "first", "second"}
    assert {task.id for task in app.tasks.all()} == {"mine", "first"}


def test_only_tasks_of_the_files_given_are_pruned(app: App, tmp_path: Path) -> None:
    load(app, "research")
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(SMALL.format(name) + SMALL.format(f"{name}2"))
        apply_files(app, [tmp_path / f"{name}.toml"])
        (tmp_path / f"{name}.toml").write_text(SMALL.format(name))

    plan = apply_files(app, [tmp_path / "a.toml"], prune=True)

    assert actions(plan) == {"a": "unchanged", "a2": "removed"}
    assert app.tasks.find("b2") is not None


def test_of_a_folder_a_file_that_is_gone_is_pruned_too(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.toml").write_text(SMALL.format(name))
    apply_files(app, [folder])
    (folder / "b.toml").unlink()

    assert actions(apply_files(app, [folder], prune=True)) == {"a": "unchanged", "b": "removed"}


def test_a_pruned_task_that_others_run_after_is_named(
    app: App, file: Path, clock: FakeClock
) -> None:
    apply_files(app, [file])
    by_hand(app, "later", after=("second",))
    clock.advance(timedelta(hours=3))
    file.write_text(FILE[: FILE.index("[tasks.second]")])

    plan = apply_files(app, [file], prune=True)

    assert plan.lines[1].note == "run after it: later"
    assert (app.runs.get(1).task_id, app.runs.get(1).reason) == ("second", "removed")


def test_a_circle_that_pruning_opens_is_none(app: App, tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(SMALL.format("a") + SMALL.format("b") + 'after = ["a"]\n')
    apply_files(app, [path])
    path.write_text(SMALL.format("a") + 'after = ["c"]\n' + SMALL.format("c"))

    assert actions(apply_files(app, [path], prune=True))["b"] == "removed"


# What this version can not have.


def test_a_task_of_a_coming_type_is_left_out_and_the_others_are_applied(
    app: App, file: Path
) -> None:
    file.write_text(FILE + SHELL)

    plan = apply_files(app, [file])

    assert actions(plan) == {"first": "added", "second": "added"}
    (left_out,) = plan.left_out
    assert left_out.task_id == "copy"
    assert left_out.where == f"{file}:14"
    assert left_out.reason == "needs the shell action, which is not part of this version"


def test_what_runs_after_something_left_out_is_left_out_too(app: App, file: Path) -> None:
    late = SMALL.format("late") + 'after = ["next"]\n' + SMALL.format("next") + 'after = ["copy"]\n'
    file.write_text(SHELL + late)

    plan = apply_files(app, [file])

    assert {each.task_id: each.reason for each in plan.left_out} == {
        "copy": "needs the shell action, which is not part of this version",
        "next": "runs after 'copy', which is left out",
        "late": "runs after 'next', which is left out",
    }


def test_a_registered_task_that_a_file_can_not_have_stays(app: App, file: Path) -> None:
    apply_files(app, [file])
    file.write_text(FILE.replace('type = "arxiv"', 'type = "sql"', 1))

    plan = apply_files(app, [file], prune=True)

    assert [each.task_id for each in plan.left_out] == ["first"]
    assert app.tasks.get("first").type == "arxiv"


# What is refused; nothing is changed then.


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"arxiv"', '"arxvi"', ":3: task 'first': unknown collector 'arxvi'"),
        ("search_query", "serch_query", ":5: task 'first': config.serch_query: unknown key"),
        ('config = { search_query = "testing" }', "", ":1: task 'first': config: "),
        ("config", 'only_if = [{ type = "moon" }]\nconfig', ":5: task 'first': only_if has a"),
        ('["first"]', '["fist"]', ":11: task 'second': runs after 'fist', and there is no such"),
        ("config", 'after = ["second"]\nconfig', "tasks would run after each other in a circle"),
        ("2h", "2x", ":10: task 'second': schedule 'interval_2x'"),
        ("daily_at_06:00", "0 0 31 2 *", ":4: task 'first': schedule '0 0 31 2 *'"),
    ],
)
def test_a_file_with_a_fault_changes_nothing(
    app: App, file: Path, old: str, new: str, message: str
) -> None:
    by_hand(app, "other")
    before = definitions(app)
    file.write_text(FILE.replace(old, new, 1))

    for dry_run in (True, False):
        with pytest.raises(ConfigError) as caught:
            apply_files(app, [file], dry_run=dry_run)

        assert message in str(caught.value)
    assert definitions(app) == before


def test_every_fault_of_every_file_is_named_at_once(app: App, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("tasks: [")
    file.write_text(FILE.replace("2h", "2x"))

    with pytest.raises(ConfigError) as caught:
        apply_files(app, [file, other])

    assert "mine.toml:10: task 'second'" in str(caught.value)
    assert "other.yaml:1: not valid YAML" in str(caught.value)
    assert caught.value.hint == "did you mean: interval_2m ?; is the file complete?"


def test_one_id_in_two_files_is_refused(app: App, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SMALL.format("first"))

    with pytest.raises(ConfigError, match=r"other.toml:1: task 'first' is in .*mine.toml:1 too"):
        apply_files(app, [file, other])


def test_a_file_that_is_not_there_is_not_found(app: App, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        apply_files(app, [tmp_path / "nothing.toml"])
