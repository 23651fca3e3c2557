"""`stoma scheduler retry-run`."""

from typing import Annotated

import typer

from stoma.cli.options import LARGEST
from stoma.cli.scheduler.held import note_what_holds
from stoma.cli.session import session
from stoma.cli.streams import say


def retry_run(
    context: typer.Context,
    run_ids: Annotated[
        list[int], typer.Argument(metavar="RUN", max=LARGEST, help="As history shows it.")
    ],
) -> None:
    """Let runs that are over, or never started, run again. The dead ones: history --dead.

    The scheduler starts them, with as many attempts as their tasks allow. All, or none.
    """
    from stoma.operations.control import retry_runs

    current = session(context)
    with current.app() as app:
        for run in retry_runs(app, run_ids):
            say(f"run {run.id} of {run.task_id} waits to run again")
    note_what_holds(current)
