"""`stoma scheduler pause`."""

from typing import Annotated

import typer

from stoma.cli.options import coming_moment
from stoma.cli.session import session
from stoma.cli.streams import say


def pause(
    context: typer.Context,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Go on by itself then: 2h, 18:00 or 2026-03-01T09:00, in UTC."
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Kept, and shown by status and why.")] = "",
) -> None:
    """Let no run start until resume. What is at work goes on; slots are recorded as skipped.

    A task can still be run by hand: run-task.
    """
    from stoma.operations.control import pause as hold

    current = session(context)
    moment = coming_moment(until, "--until", current.clock.now())
    with current.app() as app:
        say(str(hold(app, until=moment, reason=reason)))
