"""`stoma scheduler history`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import MOST
from stoma.cli.output import Output, reads
from stoma.cli.scheduler.views import run_view
from stoma.cli.session import session
from stoma.operations import runs


@reads
def history(
    context: typer.Context,
    task_id: Annotated[
        str | None,
        typer.Argument(
            help="Only this task's; of a removed one too.", autocompletion=completion.task_ids
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("-n", "--limit", min=1, max=MOST, help="At most so many.")
    ] = 20,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only runs that failed or were cut off.")
    ] = False,
    *,
    out: Output,
) -> None:
    """List runs, newest first: what came, or why not."""
    current = session(context)
    with current.reader() as reader:
        found = runs.list_runs(reader, task_id, limit=limit, failed=failed)
        out.emit(run_view(current.times(utc=out.utc)), found)
