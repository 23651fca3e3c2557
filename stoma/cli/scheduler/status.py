"""`stoma scheduler status`."""

from typing import Annotated

import typer

from stoma.cli.output import Output, reads
from stoma.cli.scheduler.status_page import status_text, status_view
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.operations.status import look


@reads
def status(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if something is wrong; for monitoring.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Show what runs, what comes next and what went wrong.

    Begins with whether a scheduler is at work at all.
    """
    current = session(context)
    with current.reader() as reader:
        health = look(reader, current.clock.now())
    registry, times = current.place.paths.database, current.times(utc=out.utc)
    out.one(status_view(registry), health, lambda: status_text(health, registry, times))
    if check and not health.healthy:
        for problem in health.problems:
            note(f"unhealthy: {problem}")
        raise typer.Exit(1)
