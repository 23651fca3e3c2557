"""`stoma scheduler list-tasks`."""

import typer

from stoma.cli.output import Output, reads
from stoma.cli.scheduler.views import task_view
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.operations import tasks


@reads
def list_tasks(context: typer.Context, out: Output) -> None:
    """List all tasks: how each went last, and when it runs next.

    Marks: ✓ ok, ○ nothing found, ! partial or interrupted, ✗ failed, ▮ running, · waiting, and -
    for what is disabled or was not run.
    """
    current = session(context)
    with current.reader() as reader:
        found = tasks.list_tasks(reader)
        out.emit(task_view(current.times(utc=out.utc)), found)
        if reader is not None and out.for_people:
            note(tasks.summary(found, scheduler_runs=reader.scheduler() is not None))
