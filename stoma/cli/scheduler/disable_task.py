"""`stoma scheduler disable-task`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import coming_moment
from stoma.cli.session import session
from stoma.cli.streams import say


def disable_task(
    context: typer.Context,
    task_ids: Annotated[
        list[str], typer.Argument(metavar="TASK_ID", autocompletion=completion.task_ids)
    ],
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Enable them again then: 2h, 18:00 or 2026-03-01T09:00, in UTC."
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Kept, and shown by show-task.")] = "",
) -> None:
    """Keep tasks, but run them no more by their schedules. All are disabled, or none."""
    from stoma.operations.editing import disable_tasks

    current = session(context)
    moment = coming_moment(until, "--until", current.clock.now())
    with current.app() as app:
        for task in disable_tasks(app, task_ids, reason=reason, until=moment):
            end = f" until {current.times().full(moment, task.timezone)}" if moment else ""
            say(f"disabled {task.id}{end}")
