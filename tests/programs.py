"""Random programs for a simulated machine: what people, power and clocks do to a scheduler."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from stoma.domain.run import RunState
from stoma.domain.task import Task
from stoma.exceptions import StomaError
from stoma.operations.editing import Change
from tests.makers import make_task
from tests.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

#: Some that are rare, some that are odd, some that are hit by filters and clock changes.
SCHEDULES: tuple[Any, ...] = (
    "hourly",
    "interval_2h",
    "interval_5h",
    "interval_7h",
    {"type": "interval", "seconds": 9000, "run_on_start": True},
    "daily_at_02:30",
    "daily_at_09:00",
    "weekly_on_mon_at_09:00",
    "monthly",
    "time_of_day 00:00,23:00",
    "time_of_day 08:00,08:10,20:00",
    "cron: 30 */4 * * 1-5",
    "cron: 15 1-3 * * *",
    "run_then_wait_3h",
    "run_then_wait_40m",
    "once_at_2026-03-09T09:00",
    "manual",
    {"type": "daily", "hour": 7, "skip_weekends": True},
    {"cron": "0 */3 * * *", "blackouts": [{"from": "22:00", "to": "07:00"}]},
    {
        "cron": "0 */3 * * *",
        "blackouts": [{"from": "22:00", "to": "07:00"}],
        "on_hit": "defer_to_end",
    },
    {"type": "daily", "hour": 12, "skip_weekends": True, "on_hit": "next_business_day"},
    {"type": "interval", "seconds": 7200, "only_between": "09:00-17:00", "skip_weekends": True},
)
ZONES = (None, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")

Step = Callable[[World, Random], None]


def a_task(roll: Random, task_id: str, others: list[str]) -> Task:
    """Return a task of any kind."""
    fields: dict[str, Any] = {
        "schedule": roll.choice(SCHEDULES),
        "timezone": roll.choice(ZONES),
        "catch_up": roll.choice(["latest", "none", "all"]),
        "max_catch_up": roll.choice([1, 2, 10, 150]),
        "overlap": roll.choice(["skip", "queue_one", "replace", "allow"]),
        "misfire_grace_seconds": roll.choice([None, None, 0, 600, 90000]),
        "jitter_seconds": roll.choice([0, 0, 0, 900]),
        "max_retries": roll.choice([0, 1, 3]),
        "on_interrupt": roll.choice(["retry", "report"]),
        "priority": roll.choice(["critical", "normal", "low"]),
        "timeout_seconds": roll.choice([600, 3600, 90000]),
        "max_running": roll.choice([None, None, 2]),
        "concurrency_key": roll.choice(["", "", "", "disk"]),
    }
    if roll.random() < 0.1:
        fields["only_if"] = ({"type": "time", "after": "06:00", "before": "20:00"},)
    if others and roll.random() < 0.15:
        fields["after"] = (roll.choice(others),)
    return make_task(task_id, **fields)


def add(world: World, roll: Random) -> None:
    ids = world.task_ids()
    task_id = roll.choice("abcde")
    if task_id in ids or len(ids) >= 4:
        return
    try:
        world.add(a_task(roll, task_id, ids))
    except StomaError:
        return  # its only moment is past


def edit(world: World, roll: Random) -> None:
    for task_id in _any(world, roll):
        new = a_task(roll, task_id, [])
        names = roll.sample(
            ["schedule", "timezone", "catch_up", "overlap", "max_retries", "timeout_seconds"], 2
        )
        try:
            world.edit(task_id, Change(fields={name: getattr(new, name) for name in names}))
        except StomaError:
            return


def disable(world: World, roll: Random) -> None:
    for task_id in _any(world, roll):
        world.disable(task_id)


def enable(world: World, roll: Random) -> None:
    for task_id in _any(world, roll):
        world.enable(task_id)


def remove(world: World, roll: Random) -> None:
    for task_id in _any(world, roll):
        world.remove(task_id)


def pause(world: World, roll: Random) -> None:
    world.pause(roll.choice([None, 5 * HOUR, 2 * DAY]))


def resume(world: World, roll: Random) -> None:
    world.resume()


def retry(world: World, roll: Random) -> None:
    runs = [run for task_id in _any(world, roll) for run in world.rows(task_id)]
    over = [run for run in runs if run.state is RunState.DONE and run.outcome != "succeeded"]
    if over:
        world.retry(roll.choice(over).id)


def cancel(world: World, roll: Random) -> None:
    active = world.app.runs.active()
    if active:
        world.cancel(roll.choice(active).id)


def backfill(world: World, roll: Random) -> None:
    now = world.clock.now()
    for task_id in _any(world, roll):
        first = now - roll.choice([DAY, 7 * DAY, 30 * DAY]) * roll.random()
        world.backfill(task_id, first, first + roll.choice([HOUR, DAY, 10 * DAY]))


def some_time(world: World, roll: Random) -> None:
    world.run(roll.choice([HOUR, 5 * HOUR, 10 * HOUR, DAY, 3 * DAY]) * (0.5 + roll.random()))


def crash(world: World, roll: Random) -> None:
    """Let the power go: now, or in the middle of something."""
    world.database.doom = roll.choice([0, 1, 2, 3, 5, 10, 20])
    world.database.just_made_it = roll.random() < 0.5
    if world.database.doom:
        world.run(6 * HOUR)
    world.database.doom = 0
    world.down()
    world.clock.advance(roll.choice([HOUR / 60, HOUR, 10 * HOUR, 3 * DAY, 20 * DAY]))
    world.boot()


def restart(world: World, roll: Random) -> None:
    world.drain()
    world.clock.advance(roll.choice([HOUR / 60, HOUR]))
    world.boot()


def clock(world: World, roll: Random) -> None:
    steps = [1, -1, 60, -60, 3600, -3600, -10700, 86400, -86400, -20000, 10 * 86400, -3 * 86400]
    world.clock.set_by(timedelta(seconds=roll.choice(steps)))


def sleep(world: World, roll: Random) -> None:
    world.clock.suspend(roll.choice([HOUR, 8 * HOUR, 2 * DAY]))


#: Each step and how often it comes.
STEPS: Mapping[Step, int] = {
    some_time: 10,
    add: 4,
    edit: 3,
    crash: 3,
    disable: 1,
    enable: 2,
    remove: 1,
    pause: 1,
    resume: 2,
    retry: 1,
    cancel: 1,
    backfill: 2,
    restart: 1,
    clock: 2,
    sleep: 1,
}


def program(roll: Random, length: int) -> Iterator[Step]:
    """Yield steps that begin with two tasks."""
    yield from (add, add)
    for _ in range(length):
        yield roll.choices(list(STEPS), list(STEPS.values()))[0]


def settle(world: World) -> None:
    """Bring a world to where everything due is decided, and nothing goes wrong any more."""
    world.database.doom = 0
    if not world.up:
        world.boot()
    world.run(HOUR)


def _any(world: World, roll: Random) -> list[str]:
    """Return one task's id, or none."""
    ids = world.task_ids()
    return [roll.choice(ids)] if ids else []
