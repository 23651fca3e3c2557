"""`stoma scheduler next`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import MOST, Trial, bundled
from stoma.cli.output import Output, reads
from stoma.cli.scheduler.views import coming_view
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.operations import tasks


@reads
@bundled
def next_fires(
    context: typer.Context,
    task_id: Annotated[
        str | None, typer.Argument(help="Of one task.", autocompletion=completion.task_ids)
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=MOST, help="So many.")] = 10,
    explain: Annotated[
        bool, typer.Option("--explain", help="What clock changes and filters do, and why.")
    ] = False,
    *,
    trial: Trial,
    out: Output,
) -> None:
    """Show what runs next.

    Of all tasks, of one, or by a schedule that is only tried.
    """
    current = session(context)
    if task_id is None and trial.schedule is None:
        with current.reader() as reader:
            view = coming_view(current.times(utc=out.utc))
            out.emit(view, tasks.coming_tasks(reader, limit=count))
        return
    from stoma.cli.scheduler.fires import (  # needs the schedules
        fire_view,
        found_fires,
        reasons_text,
        warn,
    )

    found = found_fires(current, task_id, trial, count=count, skipped=explain)
    if out.for_people:
        note(f"{found.task_id or 'schedule'}: {found.words}")
        warn(found)
    times = current.times(utc=out.utc)
    out.emit(fire_view(found, times), found.fires)
    if explain and out.for_people:
        out.text(reasons_text(found, times))
