"""Laws of applying task files."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoma.app import App
from stoma.domain.task import Task, TaskPriority
from stoma.presets import dump_preset
from stoma.scheduler.applying import apply_files
from tests.makers import make_task
from tests.unit.scheduler.applied import by_hand, definitions

tasks = st.builds(
    make_task,
    st.sampled_from(["a", "b", "c"]),
    name=st.sampled_from(["One", "Two"]),
    schedule=st.sampled_from(["daily", "hourly", "manual", {"type": "interval", "hours": 2}]),
    enabled=st.booleans(),
    priority=st.sampled_from(TaskPriority),
    tags=st.sampled_from([(), ("x",)]),
)
sets = st.lists(tasks, max_size=3, unique_by=lambda task: task.id).filter(bool)
law = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@law
@given(handmade=sets, applied=sets)
def test_an_export_applied_again_changes_nothing(
    app: App, tmp_path: Path, handmade: list[Task], applied: list[Task]
) -> None:
    for stored in app.tasks.all():
        app.tasks.remove(stored.id)
    for task in handmade:
        by_hand(app, task.id, **{name: getattr(task, name) for name in ("name", "schedule")})
    file = tmp_path / "t.toml"
    file.write_text(dump_preset("t", "", applied))
    apply_files(app, [file])
    before = definitions(app)
    export = tmp_path / "export.toml"
    export.write_text(dump_preset("x", "", [task.definition for task in app.tasks.all()]))

    plan = apply_files(app, [export], prune=True)

    assert plan.changed == []
    assert {name: each[:2] for name, each in definitions(app).items()} == {
        name: each[:2] for name, each in before.items()
    }


@law
@given(first=sets, second=sets)
def test_with_prune_and_force_there_is_what_the_file_says(
    app: App, tmp_path: Path, first: list[Task], second: list[Task]
) -> None:
    for stored in app.tasks.all():
        app.tasks.remove(stored.id)
    file = tmp_path / "t.toml"

    for wanted in (first, second):
        file.write_text(dump_preset("t", "", wanted))
        apply_files(app, [file], prune=True, force=True)

    assert {task.id: task.definition for task in app.tasks.all()} == {
        task.id: task for task in second
    }
