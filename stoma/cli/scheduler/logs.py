"""`stoma scheduler logs`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.session import session
from stoma.cli.streams import note, say
from stoma.operations import runs

_LOOK_SECONDS = 0.5


def logs(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="RUN|TASK_ID",
            help="A run's number, or a task: its newest run.",
            autocompletion=completion.task_ids,
        ),
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")
    ] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", min=0, help="Only the last so many lines.")
    ] = None,
) -> None:
    """Print the log of a run."""
    current = session(context)
    with current.reader() as reader:
        run = runs.run_to_read(reader, name)
        note(f"run {run.id} of {run.task_id}: {run.word}")
        lines = iter(runs.read_log(run, tail=tail))
        if follow:
            lines = runs.follow_log(
                run,
                tail=tail,
                again=lambda: runs.show_run(reader, run.id).run,
                pause=lambda: current.clock.sleep(_LOOK_SECONDS),
            )
        shown = 0
        for line in lines:
            say(line)
            shown += 1
        if not shown and tail != 0:
            note(runs.why_no_log(run))
