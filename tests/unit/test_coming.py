"""A month of coming runs, counted once for all tasks that are due alike."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from stoma.api.pages.spans import planned
from stoma.operations.coming import month_of
from stoma.storage.read_rows import TaskLine
from tests.fakes import START

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SPECS = (
    "daily_at_09:00",
    "daily_at_09:00",
    "cron: H 9 * * *",
    "cron: H 9 * * *",
    "interval_6h",
    "manual",
    "run_then_wait_2h",
    "run_then_wait_2h",
)


def line(number: int, spec: str, *, enabled: bool = True) -> TaskLine:
    return TaskLine(
        id=f"task_{number}",
        name="",
        description="",
        type="arxiv",
        schedule=spec,
        timezone=None,
        priority="normal",
        enabled=enabled,
        tags=(),
        preset=None,
        jitter_seconds=0.0,
        next_run_at=NOW + timedelta(hours=number),
        disabled_reason="",
        disabled_until=None,
    )


TASKS = [line(number, spec) for number, spec in enumerate(SPECS)]


def test_tasks_that_are_due_alike_are_counted_each() -> None:
    off = line(9, "hourly", enabled=False)

    found = month_of([*TASKS, off], 2026, 3, timezone="UTC", now=NOW)

    one_by_one = {each.task.id: each.count(found.after, found.until) for each in found.tasks}
    assert found.by_task == one_by_one
    assert found.fires == sum(one_by_one.values())
    assert found.by_task["task_0"] == 21
    assert found.by_task["task_6"] == found.by_task["task_7"] == 1
    assert "task_9" not in found.by_task


def test_the_days_of_a_page_count_them_as_well() -> None:
    bounds = [START.replace(hour=0) + timedelta(days=number) for number in range(40)]
    now = bounds[3] + timedelta(hours=11)

    found = planned(TASKS, "UTC", bounds, now)

    one_by_one = [planned([task], "UTC", bounds, now) for task in TASKS]
    assert found == [sum(counts) for counts in zip(*one_by_one, strict=True)]
    assert [sum(counts) for counts in one_by_one][2] == sum(bound > now for bound in bounds[:-1])
    assert len(found) == len([*pairwise(bounds)])
