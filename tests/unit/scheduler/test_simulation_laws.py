"""Laws of the loop under crashes, clock steps and people: every slot is accounted for once."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.domain.run import RunState
from stoma.executors.simulated import Act
from tests.accounts import Account
from tests.makers import make_task
from tests.programs import STEPS, Step, program, settle
from tests.world import START, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("jump", [timedelta(0), HOUR, -MINUTE, -HOUR, -DAY], ids=str)
def test_fires_go_on_whatever_the_clock_does(jump: timedelta) -> None:
    keeps_firing("interval_1m", MINUTE, jump)


@pytest.mark.parametrize("jump", [3650 * DAY, -3650 * DAY], ids=str)
def test_fires_go_on_in_another_decade(jump: timedelta) -> None:
    keeps_firing("daily", DAY, jump)


def keeps_firing(schedule: str, interval: timedelta, jump: timedelta) -> None:
    world = World(1, fate=lambda run: Act(seconds=1))
    world.add(make_task("a", schedule=schedule))
    world.run(30 * interval)
    before, rows = len(world.starts), len(world.rows("a"))

    world.clock.set_by(jump)
    world.run(30 * interval)

    assert world.check() == []
    assert before == 30
    # Engine time is a little slower while it waits for the wall clock.
    assert 28 <= len(world.starts) - before <= 31
    assert len({slot for _, _, slot in world.starts}) == len(world.starts)
    # One row for all that was missed, and two for what fell due before the last run had ended.
    assert len(world.rows("a")) <= rows + 33


def test_a_machine_that_slept_catches_up_when_it_wakes() -> None:
    world = World(1, fate=lambda run: Act(seconds=1))
    world.add(make_task("a", schedule="hourly", misfire_grace_seconds=60))
    world.run(30 * MINUTE)

    world.clock.suspend(8 * HOUR)
    world.run(MINUTE)

    assert [run.slots for run in world.rows("a")] == [7, 1]
    assert [run.state for run in world.rows("a")] == [RunState.COALESCED, RunState.DONE]
    assert world.check() == []


def test_what_had_run_before_the_clock_went_back_does_not_run_again() -> None:
    world = World(1, fate=lambda run: Act(seconds=1))
    world.add(make_task("a", schedule="hourly"))
    world.run(10 * HOUR)

    world.clock.set_by(-5 * HOUR)
    world.run(8 * HOUR)

    slots = [slot for _, _, slot in world.starts]
    assert len(slots) == len(set(slots)) == 13
    assert world.check() == []


def test_what_waits_for_a_retry_does_not_wait_for_the_clock(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fails = iter([True])
    world = World(1, fate=lambda run: Act(seconds=1, exit_code=1) if next(fails, None) else None)
    world.add(make_task("a", schedule="daily", retry_delay_seconds=600))
    world.run(12 * HOUR + MINUTE)

    world.clock.set_by(-DAY)
    world.run(HOUR)

    assert len(world.starts) == 2
    assert "the schedule goes on from 2026-03-06 00:01:00 UTC" in caplog.text


def test_a_clock_far_ahead_leaves_no_trace_once_it_is_set_right() -> None:
    world = World(1, fate=lambda run: Act(seconds=1))
    world.clock.set_by(3650 * DAY)
    world.add(make_task("a", schedule="daily"))
    world.run(3 * DAY)

    world.drain()
    world.clock.set_by(-3650 * DAY)
    world.boot()
    world.run(3 * DAY)
    world.drain()
    world.boot()

    assert len(world.starts) == 6
    assert world.check() == []


@settings(max_examples=6, derandomize=True, deadline=None, database=None)
@given(
    steps=st.lists(
        st.sampled_from([step for step, weight in STEPS.items() for _ in range(weight)]),
        min_size=8,
        max_size=16,
    ),
    seed=st.integers(0, 10**6),
)
def test_every_slot_is_accounted_for_once_whatever_happens(steps: list[Step], seed: int) -> None:
    roll, world = random.Random(seed), World(seed)
    for step in [*program(roll, 0), *steps]:
        step(world, roll)
    settle(world)

    assert world.check() == []


@pytest.mark.parametrize("seed", range(2))
def test_random_programs_keep_the_law(seed: int) -> None:
    assert lived(seed, length=12).check() == []


def test_the_seed_of_a_world_is_all_of_it() -> None:
    """What `scripts/faults/simulated_days.py` finds can be looked at again."""
    first, second = (lived(seed=3, length=8) for _ in range(2))

    assert first.starts == second.starts
    assert first.accounts.keys() == second.accounts.keys()
    for task_id in first.accounts:
        assert first.rows(task_id) == second.rows(task_id)


def lived(seed: int, length: int) -> World:
    roll, world = random.Random(seed), World(seed)
    for step in program(roll, length):
        step(world, roll)
    settle(world)
    return world


def test_the_checker_sees_what_is_wrong() -> None:
    world = World(1, fate=lambda run: Act(seconds=1))
    world.add(make_task("a", schedule="hourly"))
    world.run(5 * HOUR)
    with world.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM runs WHERE id = 2")
        connection.exec_driver_sql("UPDATE runs SET due_at = '2026-03-06 15:30:00' WHERE id = 3")

    (strange, lost) = world.check()

    assert "which is no slot" in strange
    assert "2 slot(s) without a row" in lost


def test_the_checker_counts_stretches() -> None:
    world = World(1, fate=lambda run: Act(seconds=1))
    world.add(make_task("a", schedule="hourly", catch_up="none"))
    world.down()
    world.run(9 * HOUR)
    world.boot()
    world.run(MINUTE)
    with world.database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET slots = 3 WHERE slots > 1")

    assert any("stands for 3 slots" in each for each in world.check())
    assert not Account().slots(START)
