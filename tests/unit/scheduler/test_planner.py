"""What becomes of slots: every due slot ends in exactly one decision."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import Run, RunState, Trigger
from stoma.domain.task import CatchUp, Overlap, StoredTask, TaskPriority
from stoma.scheduler.placing import schedule_of
from stoma.scheduler.planner import Block, plan
from tests.fakes import START

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def stored(
    schedule: Any = "interval_1m", slot: datetime | None = START, **fields: Any
) -> StoredTask:
    usual: dict[str, Any] = {"id": "papers", "name": "Papers", "type": "arxiv"}
    return StoredTask(
        schedule=schedule,
        created_at=START,
        updated_at=START,
        next_slot_at=slot,
        next_run_at=slot,
        **(usual | fields),
    )


def decided(task: StoredTask, now: datetime, **more: Any) -> Firing:
    firing = plan(task, schedule_of(task, "UTC"), now=now, **more)
    assert firing is not None
    return firing


def fates(firing: Firing) -> list[tuple[RunState, datetime | None, int]]:
    return [(each.state, each.due_at, each.slots) for each in firing.decisions]


def busy(state: RunState = RunState.RUNNING, **fields: Any) -> Run:
    usual: dict[str, Any] = {
        "id": 7,
        "task_id": "papers",
        "task_version": 1,
        "trigger": Trigger.SCHEDULE,
        "created_at": START,
        "started_at": START,
    }
    return Run(state=state, **(usual | fields))


def test_nothing_is_decided_before_its_moment() -> None:
    task = stored()

    assert plan(task, schedule_of(task, "UTC"), now=START - MINUTE) is None
    assert plan(stored(slot=None), schedule_of(task, "UTC"), now=START) is None


def test_a_slot_on_time_runs_as_itself() -> None:
    firing = decided(stored(priority=TaskPriority.HIGH, max_retries=2), START)

    assert fates(firing) == [(RunState.PENDING, START, 1)]
    assert firing.next_slot_at == START + MINUTE
    assert (firing.priority, firing.max_attempts) == (1, 3)


def test_a_slot_late_within_grace_runs_as_itself() -> None:
    (decision,) = decided(stored("daily", START.replace(hour=0)), START).decisions

    assert decision.trigger is Trigger.SCHEDULE


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (
            CatchUp.LATEST,
            [
                (RunState.COALESCED, START, 5 * 24),
                (RunState.PENDING, START + 5 * DAY, 1),
            ],
        ),
        (CatchUp.NONE, [(RunState.MISSED, START, 5 * 24 + 1)]),
        (
            CatchUp.ALL,
            [
                (RunState.MISSED, START, 5 * 24 - 1),
                (RunState.PENDING, START + 5 * DAY - HOUR, 1),
                (RunState.PENDING, START + 5 * DAY, 1),
            ],
        ),
    ],
)
def test_catch_up_after_five_days(
    catch_up: CatchUp, expected: list[tuple[RunState, datetime, int]]
) -> None:
    task = stored("hourly", catch_up=catch_up, max_catch_up=2)

    firing = decided(task, START + 5 * DAY + timedelta(minutes=45))

    assert fates(firing) == expected
    assert firing.next_slot_at == START + 5 * DAY + HOUR


def test_a_slot_on_time_stands_for_those_that_were_missed() -> None:
    firing = decided(stored("hourly"), START + 5 * HOUR)

    assert fates(firing) == [
        (RunState.COALESCED, START, 5),
        (RunState.PENDING, START + 5 * HOUR, 1),
    ]
    assert "2026-03-02 17:00:00 UTC stands in" in firing.decisions[0].detail


def test_one_missed_slot_is_no_range() -> None:
    firing = decided(stored("hourly", catch_up=CatchUp.NONE), START + timedelta(minutes=45))

    assert fates(firing) == [(RunState.MISSED, START, 1)]
    assert firing.decisions[0].due_to is None


def test_runs_of_a_catch_up_say_how_late_they_are() -> None:
    late = START + timedelta(minutes=45)

    (decision,) = decided(stored("hourly"), late).decisions

    assert decision.trigger is Trigger.CATCH_UP
    assert "late by 45 min" in decision.detail


def test_grace_can_be_set() -> None:
    task = stored("hourly", misfire_grace_seconds=7200, catch_up=CatchUp.NONE)

    firing = decided(task, START + HOUR)

    assert [each.state for each in firing.decisions] == [RunState.PENDING, RunState.SKIPPED]


@pytest.mark.parametrize(
    ("overlap", "run", "state"),
    [
        (Overlap.SKIP, busy(), RunState.SKIPPED),
        (Overlap.SKIP, busy(RunState.PENDING, not_before=START + MINUTE), RunState.SKIPPED),
        (Overlap.SKIP, busy(RunState.QUEUED), RunState.SKIPPED),
        (Overlap.QUEUE_ONE, busy(), RunState.PENDING),
        (Overlap.QUEUE_ONE, busy(RunState.PENDING), RunState.SKIPPED),
        (Overlap.ALLOW, busy(), RunState.PENDING),
        (Overlap.REPLACE, busy(), RunState.PENDING),
    ],
)
def test_overlap(overlap: Overlap, run: Run, state: RunState) -> None:
    firing = decided(stored(overlap=overlap), START, active=[run])

    (decision,) = firing.decisions
    assert decision.state is state
    assert firing.replaces == ((7,) if overlap is Overlap.REPLACE else ())
    if state is RunState.SKIPPED:
        assert decision.reason == "overlap"
        assert f'overlap = "{overlap}": run 7 was' in decision.detail


def test_of_two_slots_only_the_newest_replaces() -> None:
    firing = decided(stored(overlap=Overlap.REPLACE), START + MINUTE)

    assert [each.state for each in firing.decisions] == [RunState.SKIPPED, RunState.PENDING]


def test_a_task_that_can_not_run_is_skipped_with_the_reason() -> None:
    firing = decided(stored(), START, block=Block("not_available", "comes later"))

    (decision,) = firing.decisions
    assert (decision.state, decision.reason, decision.detail) == (
        RunState.SKIPPED,
        "not_available",
        "comes later",
    )


def test_a_filter_of_the_schedule_is_named() -> None:
    saturday = datetime.fromisoformat("2026-03-07T00:00:00+00:00")
    task = stored({"type": "daily", "skip_weekends": True}, saturday)

    firing = decided(task, saturday)

    (decision,) = firing.decisions
    assert (decision.state, decision.reason) == (RunState.SKIPPED, "filter")
    assert "weekend" in decision.detail
    assert firing.next_slot_at == saturday + DAY
    assert firing.next_run_at == saturday + 2 * DAY


def test_a_chained_task_waits_for_the_end_of_its_run() -> None:
    firing = decided(stored("run_then_wait_10m"), START + DAY)

    assert firing.next_slot_at is None
    assert [each.state for each in firing.decisions] == [RunState.PENDING]


def test_a_run_at_the_start_is_a_slot_too() -> None:
    off = START + timedelta(seconds=17)
    task = stored({"type": "interval", "seconds": 3600, "run_on_start": True}, off)

    assert fates(decided(task, off)) == [(RunState.PENDING, off, 1)]
    assert sum(each.slots for each in decided(task, off + 9 * DAY).decisions) == 9 * 24 + 1


def test_jitter_delays_the_run_and_not_the_slot() -> None:
    (decision,) = decided(stored("hourly", jitter_seconds=600), START).decisions

    assert decision.due_at == START
    assert decision.not_before is not None
    assert START < decision.not_before <= START + timedelta(seconds=600)


@pytest.mark.parametrize("catch_up", [CatchUp.ALL, CatchUp.LATEST])
@pytest.mark.parametrize("late", [1, 2, 5])
def test_more_may_be_caught_up_than_is_late(catch_up: CatchUp, late: int) -> None:
    task = stored(catch_up=catch_up, max_catch_up=100, misfire_grace_seconds=0, overlap="allow")
    now = START + (late - 1) * MINUTE + timedelta(seconds=30)

    firing = decided(task, now)

    runs = late if catch_up is CatchUp.ALL else 1
    pending = [each for each in firing.decisions if each.state is RunState.PENDING]
    assert [each.due_at for each in pending] == [
        START + (late - runs + n) * MINUTE for n in range(runs)
    ]
    assert sum(each.slots for each in firing.decisions) == late


def test_slots_up_to_the_watermark_are_not_decided_again() -> None:
    task = stored(watermark_at=START + 3 * MINUTE, catch_up=CatchUp.ALL, misfire_grace_seconds=0)

    firing = decided(task, START + 5 * MINUTE)

    assert [(each.due_at, each.slots) for each in firing.decisions] == [
        (START + 4 * MINUTE, 1),
        (START + 5 * MINUTE, 1),
    ]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    every=st.integers(1, 7200),
    late=st.integers(0, 400_000),
    catch_up=st.sampled_from(CatchUp),
    overlap=st.sampled_from(Overlap),
    most=st.integers(1, 300),
    active=st.booleans(),
)
def test_every_slot_is_decided_exactly_once(
    every: int, late: int, catch_up: CatchUp, overlap: Overlap, most: int, active: bool
) -> None:
    spec = {"type": "interval", "seconds": every}
    first = schedule_of(stored(spec), "UTC").next_after(START)
    assert first is not None
    task = stored(spec, first, catch_up=catch_up, overlap=overlap, max_catch_up=most)
    now = first + timedelta(seconds=late)

    firing = decided(task, now, active=[busy()] if active else [])

    assert sum(each.slots for each in firing.decisions) == late // every + 1
    assert _in_order(firing.decisions)
    assert firing.next_slot_at is not None
    assert firing.next_slot_at > now


def _in_order(decisions: tuple[Decision, ...]) -> bool:
    ends = [(each.due_at, each.due_to or each.due_at) for each in decisions]
    flat = [moment for pair in ends for moment in pair if moment is not None]
    return flat == sorted(flat)
