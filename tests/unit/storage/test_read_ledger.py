"""What the light reader tells of slots, and of how long runs take."""

from datetime import datetime, timedelta

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.run import Failure, GiveUp, Outcome, Run, RunState
from stoma.storage.database import Database
from stoma.storage.read import reading
from stoma.storage.read_ledger import Usage
from stoma.storage.runs import RunStore
from stoma.storage.state import StateStore
from stoma.storage.tasks import Next, Placed, TaskStore
from tests.fakes import START
from tests.makers import make_firing, make_task

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


class Past:
    """A registry with a task, and runs of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        TaskStore(database).add(
            Placed(
                task=make_task(only_if=({"type": "time", "after": "06:00"},)),
                next=Next(START + HOUR, START + HOUR),
            ),
            now=START,
        )
        self.runs = RunStore(database)

    def idle(self, first: datetime, slots: int = 1) -> Run:
        last = first + (slots - 1) * HOUR if slots > 1 else None
        decision = Decision(state=RunState.MISSED, due_at=first, due_to=last, slots=slots)
        return self.runs.add(make_firing(decision), now=START)

    def ran(self, seconds: float, error: str = "") -> None:
        run = self.runs.add(make_firing(), now=START, owner="one", lease_until=START + HOUR)
        started = self.runs.start(run, now=START, log_path="")
        ended = START + seconds * SECOND
        if error:
            failure = Failure(kind=error, message="it did not work")
            self.runs.fail(started, failure, GiveUp(Outcome.FAILED), now=ended)
        else:
            self.runs.finish(started, Outcome.SUCCEEDED, now=ended)


@pytest.fixture
def past(database: Database) -> Past:
    return Past(database)


def asked_slots(past: Past, first: datetime, last: datetime) -> list[int]:
    with reading(past.database.path) as reader:
        assert reader is not None
        return [run.id for run in reader.ledger.between("papers", first, last)]


def test_a_task_has_a_place_in_its_schedule(past: Past) -> None:
    with reading(past.database.path) as reader:
        assert reader is not None
        place = reader.ledger.place("papers")
        nobody = reader.ledger.place("nobody")

    assert place is not None
    assert (place.next_slot_at, place.watermark_at) == (START + HOUR, None)
    assert (place.overlap, place.catch_up, place.conditions) == ("skip", "latest", 1)
    assert nobody is None


def test_rows_are_found_by_moment_and_by_what_they_stand_for(past: Past) -> None:
    stretch, single = past.idle(START, 5), past.idle(START + 9 * HOUR)

    assert asked_slots(past, START + 2 * HOUR, START + 3 * HOUR) == [stretch.id]
    assert asked_slots(past, START + 4 * HOUR, START + 9 * HOUR) == [stretch.id, single.id]
    assert asked_slots(past, START + 10 * HOUR, START + 11 * HOUR) == []


def test_the_newest_rows_come_oldest_first(past: Past) -> None:
    ids = [past.idle(START + hour * HOUR).id for hour in range(4)]

    with reading(past.database.path) as reader:
        assert reader is not None
        found = reader.ledger.before("papers", START + 2 * HOUR, limit=2)

    assert [run.id for run in found] == ids[1:3]


def test_a_fact_that_is_not_set_is_none(past: Past) -> None:
    StateStore(past.database).set("paused", {"reason": "holiday"}, now=START)

    with reading(past.database.path) as reader:
        assert reader is not None
        found = (reader.ledger.state("paused"), reader.ledger.state("nothing"))

    assert found == ({"reason": "holiday"}, None)


def test_runs_say_how_long_one_takes_and_how_often_it_fails(past: Past) -> None:
    for seconds in (10, 20, 600):
        past.ran(seconds)
    for kind in ("network", "http", "http"):
        past.ran(1, kind)

    with reading(past.database.path) as reader:
        assert reader is not None
        usage = reader.ledger.usage()

    known = Usage(runs=3, seconds=20.0, requests=0, failed=0.5, error_kind="http")
    assert usage == {"papers": known}


@pytest.mark.parametrize(
    ("error", "expected"),
    [("", Usage(runs=0)), ("crash", Usage(runs=0, failed=1.0, error_kind="crash"))],
    ids=["never ran", "always fails"],
)
def test_without_a_good_run_nobody_knows(past: Past, error: str, expected: Usage) -> None:
    if error:
        past.ran(5, error)

    with reading(past.database.path) as reader:
        assert reader is not None
        assert reader.ledger.usage_of("papers") == expected
