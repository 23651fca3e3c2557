"""`stoma config set`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.session import session
from stoma.cli.streams import note, say


def set_setting(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(help="scheduler.drain_seconds, say.", autocompletion=completion.settings),
    ],
    value: Annotated[
        str, typer.Argument(help="What it is to be; of a list, with ':' between its parts.")
    ],
) -> None:
    """Set a setting in your file of settings.

    Only that line changes: comments and order stay. A scheduler at work reads its settings when it
    starts.
    """
    change(context, key, value)


def change(context: typer.Context, key: str, value: str | None) -> None:
    """Set a setting, or leave it out, and say what that did."""
    from stoma.operations.audited import record_setting
    from stoma.operations.settings import set_setting as put

    current = session(context)
    before = current.loaded()
    done = put(before, key, value)
    if done.changed and current.place.paths.database.exists():
        with current.app() as app:
            record_setting(app, before, key)
    say(f"{'changed' if done.changed else 'unchanged'} {done.path}: {key}")
    if done.stronger:
        note(f"not in force: {done.stronger} is stronger")
