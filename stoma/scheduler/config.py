"""Public: making a task in a program."""

from collections.abc import Mapping
from typing import Any

from stoma.domain.task import Json, ScheduleSpec, Task, TaskPriority
from stoma.schedules import parse_schedule


def create_custom_task(
    *,
    task_id: str,
    name: str,
    collector_type: str,
    schedule_pattern: ScheduleSpec,
    collector_config: Mapping[str, Json] | None = None,
    priority: TaskPriority = TaskPriority.NORMAL,
    **more: Any,
) -> Task:
    """Return a task definition; `Scheduler.add_task` registers it.

    Args:
        task_id: Unique in a registry; letters, digits, `_`, `-`, `.`.
        name: For people.
        collector_type: What the task does: `arxiv`, `github`, `sec_edgar`, ...
        schedule_pattern: A text such as `daily_at_09:00`, or a table.
        collector_config: What the collector is asked for.
        priority: Who goes first when more is due than may run at once.
        more: Any other field of `stoma.domain.task.Task`.

    Raises:
        UsageError: A value can not be used (`ScheduleError` for the schedule).
    """
    task = Task(
        id=task_id,
        name=name,
        type=collector_type,
        schedule=schedule_pattern,
        config=dict(collector_config or {}),
        priority=TaskPriority(priority),
        **more,
    )
    parse_schedule(task.schedule, task.timezone or "UTC", key=task.id)
    return task
