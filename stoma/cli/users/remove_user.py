"""`stoma users remove`."""

from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import confirmed, interactive, note, say


def remove_user(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As users list shows it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a user, with all their logins and tokens. Their tasks stay, under their name.

    Without any user and token left, the web needs no credentials on this machine.
    """
    from stoma.operations import accounts

    with session(context).app() as app:
        if interactive() and not yes and not confirmed(f"Remove user {name}?"):
            note("nobody was removed")
            raise typer.Exit(1)
        accounts.remove_user(app, name)
        say(f"removed user {name}")
        if not accounts.anybody(app):
            note("note: no user and no token is left: the web needs none on this machine")
