"""`stoma service report-failure`."""

from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.exceptions import StomaError


def report_failure(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="The unit that has failed.")],
) -> None:
    """Tell everybody that a unit has failed.

    In the log, the monitor of `heartbeat.url`, and the channels that `notifications.notify` names.
    The unit stoma-failure@ calls it; what else is to happen goes into a drop-in of that unit.
    """
    from stoma.operations.failure import report_failure as report

    current = session(context)
    try:
        loaded = current.loaded()
    except StomaError as error:
        note(f"settings can not be used: {error}")
        loaded = None
    done = report(unit, loaded, clock=current.clock)
    note(done.text)
    if done.told:
        note(f"told: {', '.join(done.told)}")
    for problem in done.problems:
        note(f"could not be told: {problem}")
    if done.problems:
        raise typer.Exit(1)
