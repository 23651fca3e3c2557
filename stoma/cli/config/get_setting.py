"""`stoma config get`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.config.show_settings import said, setting_view
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.text import safe


@reads
def get_setting(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(help="scheduler.drain_seconds, say.", autocompletion=completion.settings),
    ],
    *,
    out: Output,
) -> None:
    """Print the value of one setting."""
    from stoma.operations.settings import get_setting as get

    setting = get(session(context).loaded(), key)
    out.one(setting_view(), setting, lambda: f"{safe(said(setting.value))}\n")
