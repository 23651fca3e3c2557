"""`stoma config unset`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.config.set_setting import change


def unset_setting(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(help="scheduler.drain_seconds, say.", autocompletion=completion.settings),
    ],
) -> None:
    """Take a setting out of your file: the default is back."""
    change(context, key, None)
