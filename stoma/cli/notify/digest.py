"""`stoma notify digest`."""

from pathlib import Path
from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import note, put, say
from stoma.exceptions import UsageError


def digest(
    context: typer.Context,
    channels: Annotated[
        list[str] | None,
        typer.Argument(metavar="CHANNEL", help="Those of notifications.digest, if none."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only print it; nothing is sent.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --preview: write it as a page.")
    ] = None,
) -> None:
    """Send the digest of what was collected now.

    The scheduler delivers it.
    """
    from stoma.operations.notify import preview_digest, send_digest
    from stoma.text import safe

    with session(context).app() as app:
        if not (preview or html):
            names = send_digest(app, channels or ())
            nobody = "no channel gets it: name one, or set notifications.digest"
            say(f"queued for {', '.join(names)}" if names else nobody)
            return
        notice = preview_digest(app)
    if html is None:
        put(f"{safe(notice.title)}\n\n{safe(notice.text, lines=True)}")
        return
    try:
        html.write_text(notice.html, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{html} can not be written: {error.strerror}") from None
    note(f"written to {html}")
