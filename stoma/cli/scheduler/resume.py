"""`stoma scheduler resume`."""

import typer

from stoma.cli.session import session
from stoma.cli.streams import say


def resume(context: typer.Context) -> None:
    """End a pause. Slots that went by meanwhile stay skipped; a backfill runs them after all."""
    from stoma.operations.control import resume as go_on

    with session(context).app() as app:
        say("the scheduler goes on" if go_on(app) else "the scheduler was not paused")
