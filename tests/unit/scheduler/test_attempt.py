"""What an attempt tells the programs it starts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.ledger import Decision
from stoma.domain.run import Outcome, Run, RunState
from stoma.exceptions import LostClaimError
from stoma.scheduler.attempt import main
from tests.fakes import START
from tests.makers import make_firing
from tests.unit.scheduler.test_loop import add

NAMES = ("STOMA_SCHEDULED_FOR", "STOMA_WINDOW_START", "STOMA_WINDOW_END")


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("STOMA_HOME", str(tmp_path))
    for name in NAMES:
        monkeypatch.setenv(name, "of before")
    yield
    for name in NAMES:
        os.environ.pop(name, None)


def started(app: App, decision: Decision) -> Run:
    # A search that asks for nothing sends nothing.
    add(app, schedule="hourly", config={"search_query": "x", "max_results": 0})
    run = app.runs.add(make_firing(decision), now=START, owner="me", lease_until=START)
    return app.runs.start(run, now=START, log_path="")


def told() -> list[str | None]:
    return [os.environ.get(name) for name in NAMES]


def test_it_knows_its_slot_and_the_time_that_stands_for(app: App) -> None:
    run = started(app, Decision(state=RunState.PENDING, due_at=START))

    main(run.id, run.fence)

    assert told() == [
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T11:00:00+00:00",
        "2026-03-02T12:00:00+00:00",
    ]
    assert app.runs.get(run.id).outcome is Outcome.EMPTY


def test_what_somebody_asked_for_has_no_slot(app: App) -> None:
    run = started(app, Decision(state=RunState.PENDING, due_at=None))

    main(run.id, run.fence)

    assert told() == ["of before"] * 3


def test_a_process_of_the_time_before_does_nothing(app: App) -> None:
    run = started(app, Decision(state=RunState.PENDING, due_at=START))

    with pytest.raises(SystemExit) as ended:
        main(run.id, run.fence - 1)

    assert ended.value.code == LostClaimError.exit_code
    assert app.runs.get(run.id).state is RunState.RUNNING
