"""`stoma scheduler enable-task`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.session import session


def enable_task(
    context: typer.Context,
    task_ids: Annotated[
        list[str], typer.Argument(metavar="TASK_ID", autocompletion=completion.task_ids)
    ],
) -> None:
    """Let tasks run again by their schedules. All are enabled, or none."""
    from stoma.cli.scheduler.registered import show_registered
    from stoma.operations.editing import enable_tasks

    current = session(context)
    with current.app() as app:
        for found in enable_tasks(app, task_ids):
            show_registered("enabled", found, current.times())
