"""Tasks: definitions with their history, and when each is due next."""

from datetime import timedelta

import pytest

from stoma.domain.run import Outcome, RunState
from stoma.domain.task import CatchUp, Overlap, TaskPriority, TaskStatus
from stoma.exceptions import NotFoundError, TaskExistsError, UsageError
from stoma.storage.database import Database
from stoma.storage.runs import RunStore
from stoma.storage.tasks import Next, Placed, TaskStore
from tests.fakes import START
from tests.makers import make_firing, make_task

LATER = START + timedelta(hours=1)
DUE = Next(LATER, LATER)


@pytest.fixture
def tasks(database: Database) -> TaskStore:
    return TaskStore(database)


def test_a_definition_comes_back_equal(tasks: TaskStore) -> None:
    task = make_task(
        schedule={"cron": "0 9 * * *", "timezone": "America/New_York"},
        config={"search_query": "x", "ids": ["1", "2"], "n": 1.5},
        priority=TaskPriority.HIGH,
        tags=("ai", "nlp"),
        catch_up=CatchUp.ALL,
        overlap=Overlap.ALLOW,
        misfire_grace_seconds=5.0,
        description="ünï",
    )

    stored = tasks.add(Placed(task=task, next=DUE), now=START)

    assert stored.definition == task
    assert (stored.version, stored.next_run_at, stored.status) == (1, LATER, TaskStatus.PENDING)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"notify": ("mail", "Phone")}, "notify names 'Phone'"),
        ({"notify": ("mail:",)}, "notify names 'mail:'"),
        ({"after": ("first:sometimes",)}, "after names 'first:sometimes'"),
    ],
)
def test_what_can_name_nobody_is_refused(fields: dict[str, object], refusal: str) -> None:
    with pytest.raises(UsageError, match=refusal):
        make_task(**fields)


def test_an_id_is_taken_once(tasks: TaskStore) -> None:
    tasks.add(Placed(task=make_task(), next=DUE), now=START)

    with pytest.raises(TaskExistsError, match="exists already"):
        tasks.add(Placed(task=make_task(name="Other"), next=DUE), now=START)


def test_every_definition_is_kept_as_a_version(tasks: TaskStore) -> None:
    for name in ("One", "One", "Two"):
        tasks.put([Placed(task=make_task(name=name), next=DUE)], now=START)

    assert tasks.get("papers").version == 2
    assert [tasks.definition("papers", number).name for number in (1, 2)] == ["One", "Two"]
    with pytest.raises(NotFoundError):
        tasks.definition("papers", 3)


def test_writing_the_same_definition_again_moves_no_slot(tasks: TaskStore) -> None:
    tasks.put([Placed(task=make_task(), next=DUE)], now=START)
    tasks.put([Placed(task=make_task(), next=Next(START, START))], now=START)

    assert tasks.get("papers").next_slot_at == LATER


def test_an_unknown_id_is_answered_with_the_nearest(tasks: TaskStore) -> None:
    tasks.add(Placed(task=make_task("arxiv_daily"), next=DUE), now=START)

    for ask in (tasks.get, tasks.remove):
        with pytest.raises(NotFoundError, match="no task 'arxiv_dialy'") as caught:
            ask("arxiv_dialy")
        assert caught.value.hint == "did you mean: arxiv_daily ?"
    assert tasks.find("arxiv_dialy") is None


def test_only_enabled_tasks_fall_due(tasks: TaskStore) -> None:
    for name in ("a", "b"):
        tasks.add(Placed(task=make_task(name), next=DUE), now=START)
    tasks.set_enabled({"a": Next()}, enabled=False, reason="too loud")

    assert [task.id for task in tasks.due(LATER)] == ["b"]
    assert tasks.due(START) == []
    assert tasks.next_due_at() == LATER
    assert tasks.get("a").status is TaskStatus.DISABLED
    assert tasks.get("a").disabled_reason == "too loud"
    assert tasks.get("a").next_run_at is None


def test_enabling_is_all_or_nothing(tasks: TaskStore) -> None:
    tasks.add(Placed(task=make_task("a", enabled=False), next=Next()), now=START)

    with pytest.raises(NotFoundError):
        tasks.set_enabled({"a": DUE, "nope": DUE}, enabled=True)

    assert not tasks.get("a").enabled


def test_a_removed_task_leaves_its_runs_and_versions(tasks: TaskStore, database: Database) -> None:
    tasks.add(Placed(task=make_task(), next=DUE), now=START)
    run = RunStore(database).add(make_firing(), now=START)

    tasks.remove("papers")
    tasks.add(Placed(task=make_task(name="Again"), next=DUE), now=START)

    assert RunStore(database).get(run.id).task_id == "papers"
    assert tasks.get("papers").version == 2
    assert tasks.definition("papers", 1).name == "Papers"


def test_a_tasks_status_is_its_newest_runs(tasks: TaskStore, database: Database) -> None:
    tasks.add(Placed(task=make_task(), next=DUE), now=START)
    runs = RunStore(database)
    run = runs.add(make_firing(), now=START, owner="me", lease_until=LATER)
    run = runs.start(run, now=START, log_path="")
    seen = [tasks.get("papers").status]
    runs.finish(run, Outcome.EMPTY, now=LATER)
    seen.append(tasks.get("papers").status)

    assert seen == [TaskStatus.RUNNING, TaskStatus.COMPLETED]
    assert runs.get(run.id).state is RunState.DONE


def test_what_a_preset_gave_is_remembered(tasks: TaskStore) -> None:
    given = make_task("a")
    edited = make_task("a", name="Mine")
    tasks.put([Placed(task=edited, next=DUE, preset="research", base=given)], now=START)
    tasks.put([Placed(task=make_task("b"), next=DUE)], now=START)

    assert tasks.bases() == {"a": given}
    assert [task.id for task in tasks.all()] == ["a", "b"]


@pytest.mark.parametrize("task_id", ["", "..", "../x", "a b", "-x", "x" * 101, "a\x00", "ä"])
def test_an_id_that_could_be_misread_is_refused(task_id: str) -> None:
    with pytest.raises(UsageError, match="task id"):
        make_task(task_id)


@pytest.mark.parametrize(
    ("limit", "value"),
    [("timeout_seconds", 0), ("max_retries", -1), ("jitter_seconds", -1), ("max_catch_up", 0)],
)
def test_a_limit_that_can_not_be_is_refused(limit: str, value: int) -> None:
    with pytest.raises(UsageError, match=limit):
        make_task(**{limit: value})


def test_a_task_needs_a_name() -> None:
    with pytest.raises(UsageError, match="name"):
        make_task(name="  ")
