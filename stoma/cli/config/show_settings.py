"""`stoma config show`."""

from typing import Annotated

import typer

from stoma.cli.forms import dumps
from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column


@reads
def show_settings(
    context: typer.Context,
    origin: Annotated[
        bool, typer.Option("--origin", help="Also which file, variable or default won.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Show every setting in force. Settings hold no secrets."""
    from stoma.operations.settings import Setting, list_settings

    columns: list[Column[Setting]] = [
        Column("key", lambda setting: setting.key),
        Column("value", lambda setting: _shown(setting.value), least=20),
        Column("origin", lambda setting: setting.origin, wide=not origin, least=20),
        Column("meaning", lambda setting: setting.meaning, wide=True),
    ]
    view = View(
        columns=columns,
        fields={
            "key": lambda setting: setting.key,
            "value": lambda setting: setting.value,
            "origin": lambda setting: setting.origin,
            "meaning": lambda setting: setting.meaning,
        },
        name=lambda setting: setting.key,
    )
    out.emit(view, list_settings(session(context).loaded()))


def _shown(value: object) -> str:
    return value if isinstance(value, str) and value else dumps(value, None)
