"""`stoma scheduler show-task`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.operations import tasks


@reads
def show_task(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(autocompletion=completion.task_ids)],
    history: Annotated[
        bool, typer.Option("--history", help="Also how its definition changed.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Show one task: its definition, its next runs and its past."""
    from stoma.cli.scheduler.task_page import task_detail_view, task_text

    current = session(context)
    with current.reader() as reader:
        found = tasks.show_task(reader, task_id)
    times = current.times(utc=out.utc)
    out.one(task_detail_view(times), found, lambda: task_text(found, times, history=history))
