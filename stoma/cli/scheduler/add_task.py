"""`stoma scheduler add-task`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from stoma.cli.options import bundled
from stoma.cli.scheduler.task_options import TaskOptions, read_schedule
from stoma.cli.session import session


@dataclass(frozen=True)
class NewTask(TaskOptions):
    """What can be said of a new task."""

    disabled: Annotated[bool, typer.Option("--disabled", help="Only register it.")] = False


@bundled
def add_task(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(help="Unique; letters, digits, `_`, `-`, `.`.")],
    name: Annotated[str, typer.Argument(help="For people.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="arxiv, github, sec_edgar.")],
    schedule: Annotated[
        str,
        typer.Argument(
            help="hourly, daily_at_08:00, weekly_on_mon_at_09:00, interval_30m, manual, "
            "'cron: 0 9 * * 1-5', or a table as JSON."
        ),
    ],
    options: NewTask,
) -> None:
    """Register a task, and show when it runs."""
    from stoma.cli.scheduler.registered import show_registered
    from stoma.domain.task import Task
    from stoma.operations.editing import add_task as add

    current = session(context)
    task = Task(
        id=task_id,
        name=name,
        type=kind,
        schedule=read_schedule(schedule),
        enabled=not options.disabled,
        **options.given(),
    )
    with current.app() as app:
        show_registered("added", add(app, task), current.times())
