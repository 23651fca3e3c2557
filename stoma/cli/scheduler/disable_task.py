"""`stoma scheduler disable-task`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.session import session
from stoma.cli.streams import say


def disable_task(
    context: typer.Context,
    task_ids: Annotated[
        list[str], typer.Argument(metavar="TASK_ID", autocompletion=completion.task_ids)
    ],
    reason: Annotated[str, typer.Option(help="Kept, and shown by show-task.")] = "",
) -> None:
    """Keep tasks, but run them no more by their schedules. All are disabled, or none."""
    from stoma.operations.editing import disable_tasks

    with session(context).app() as app:
        for task in disable_tasks(app, task_ids, reason=reason):
            say(f"disabled {task.id}")
