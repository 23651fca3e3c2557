"""`stoma scheduler cancel-run`."""

from typing import Annotated

import typer

from stoma.cli.options import LARGEST
from stoma.cli.session import session
from stoma.cli.streams import note, say

#: It goes on, and will end; the same words as for a registry that is busy.
_NOT_YET, _TOO_LATE = 75, 6


def cancel_run(
    context: typer.Context,
    run_id: Annotated[int, typer.Argument(metavar="RUN", max=LARGEST, help="As history shows it.")],
) -> None:
    """End a run that waits or is at work.

    One that waits will not start; one at work is stopped with all it started.

    Exits 6 if it is over already, 75 if it has not ended within ten seconds.
    """
    from stoma.domain.run import ACTIVE, Outcome
    from stoma.operations.control import cancel_run as cancel

    with session(context).app() as app:
        found = cancel(app, run_id)
    which = f"run {run_id} of {found.run.task_id}"
    if found.run.state in ACTIVE:
        note(f"{which}: {found.text}")
        raise typer.Exit(_NOT_YET)
    if found.run.outcome is not Outcome.CANCELLED:
        note(f"{which}: {found.text}")
        raise typer.Exit(_TOO_LATE)
    say(f"cancelled {which}: {found.text}")
