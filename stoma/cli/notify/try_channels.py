"""`stoma notify test`."""

from typing import Annotated

import typer

from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.operations.notify import Tried
from stoma.operations.notify import try_channels as tried_channels


@reads
def try_channels(
    context: typer.Context,
    channels: Annotated[
        list[str] | None, typer.Argument(metavar="CHANNEL", help="All of them, if none.")
    ] = None,
    *,
    out: Output,
) -> None:
    """Send a test notice now, and say whether it was taken.

    Exits 1 if one was not.
    """
    with session(context).app() as app:
        tried = tried_channels(app, channels or ())
    out.emit(tried_view(), tried)
    if not all(each.ok for each in tried):
        raise typer.Exit(1)


def tried_view() -> View[Tried]:
    """Return how a test is shown."""
    return View(
        columns=[
            Column("channel", lambda tried: tried.channel),
            Column("type", lambda tried: tried.type),
            Column("result", _result, least=30),
            Column("took", lambda tried: f"{tried.seconds:.1f} s", right=True),
        ],
        fields={
            "channel": lambda tried: tried.channel,
            "type": lambda tried: tried.type,
            "ok": lambda tried: tried.ok,
            "error": lambda tried: str(tried.error or ""),
            "hint": lambda tried: tried.error.hint if tried.error else "",
            "seconds": lambda tried: round(tried.seconds, 3),
        },
        name=lambda tried: tried.channel,
    )


def _result(tried: Tried) -> str:
    if tried.error is None:
        return "ok"
    hint = f" ({tried.error.hint})" if tried.error.hint else ""
    return f"FAILED {tried.error}{hint}"
