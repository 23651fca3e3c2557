"""`stoma users passwd`."""

from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import say


def change_password(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As users list shows it.")],
) -> None:
    """Change the password of a user.

    The new one is asked for, or read from stdin.

    Every login of theirs ends; their tokens stay.
    """
    from stoma.cli.users.password import ask_password
    from stoma.exceptions import NotFoundError
    from stoma.operations import accounts

    with session(context).app() as app:
        if name not in {user.name for user in accounts.list_users(app)}:
            raise NotFoundError("user", name, hint="see: stoma users list")
        accounts.change_password(app, name, ask_password(name))
        say(f"changed the password of {name}; their logins have ended")
