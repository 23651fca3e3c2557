"""`stoma config show`."""

from typing import TYPE_CHECKING, Annotated

import typer

from stoma.cli.forms import dumps
from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.records.settings import SETTING

if TYPE_CHECKING:
    from stoma.operations.settings import Setting


@reads
def show_settings(
    context: typer.Context,
    origin: Annotated[
        bool, typer.Option("--origin", help="Also which file, variable or default won.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Show every setting in force. Secrets are not shown."""
    from stoma.operations.settings import list_settings

    out.emit(setting_view(origin=origin), list_settings(session(context).loaded()))


def setting_view(*, origin: bool = False) -> "View[Setting]":
    """Return how settings are shown. *origin*: for people too, where each comes from."""
    columns: list[Column[Setting]] = [
        Column("key", lambda setting: setting.key),
        Column("value", lambda setting: said(setting.value), least=20),
        Column("origin", lambda setting: setting.origin, wide=not origin, least=20),
        Column("meaning", lambda setting: setting.meaning, wide=True),
    ]
    return View(
        columns=columns,
        fields=SETTING,
        name=lambda setting: setting.key,
    )


def said(value: object) -> str:
    """Return a value for people: a text as it is, all else as JSON."""
    return value if isinstance(value, str) and value else dumps(value, None)
