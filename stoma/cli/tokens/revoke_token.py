"""`stoma tokens revoke`."""

from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import note, say


def revoke_token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As tokens list shows it.")],
) -> None:
    """Take a token back: it is refused from now on."""
    from stoma.operations import accounts

    with session(context).app() as app:
        accounts.revoke_token(app, name)
        say(f"revoked token {name}")
        if not accounts.anybody(app):
            note("note: no user and no token is left: the web needs none on this machine")
