"""`stoma scheduler history`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import MOST
from stoma.cli.output import Output, reads
from stoma.cli.scheduler.views import run_view
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.operations import runs
from stoma.operations.sources import unusual_of


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
    dead: Annotated[
        bool, typer.Option("--dead", help="Only runs of which every attempt has failed.")
    ] = False,
    *,
    out: Output,
) -> None:
    """List runs, newest first: what came, or why not."""
    current = session(context)
    wanted = runs.DEAD if dead else runs.BAD if failed else ()
    with current.reader() as reader:
        found = runs.list_runs(reader, task_id, limit=limit, outcomes=wanted)
        unusual = unusual_of(reader, task_id) if task_id else ()
    out.emit(run_view(current.times(utc=out.utc)), found)
    for each in unusual if out.for_people else ():
        note(f"unusual: {each.text}")
    if dead and found and out.for_people:
        note(f"to run one again: stoma scheduler retry-run {found[0].id}")
        note(f"what happened: stoma scheduler logs {found[0].id}")
