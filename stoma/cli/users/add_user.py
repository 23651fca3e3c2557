"""`stoma users add`."""

from enum import StrEnum
from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import note, say


class UserScope(StrEnum):
    """What a user may."""

    READ = "read"
    RUN = "run"
    WRITE = "write"
    ADMIN = "admin"


def add_user(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Letters, digits, `_`, `-`, `.`.")],
    admin: Annotated[
        bool, typer.Option("--admin", help="Sees and touches everybody's tasks.")
    ] = False,
    scope: Annotated[
        UserScope,
        typer.Option(
            case_sensitive=False,
            help="The most they may with their own tasks; each has the ones before.",
        ),
    ] = UserScope.WRITE,
) -> None:
    """Let somebody use the web with a password.

    The password is asked for, or read from stdin.

    From the first user on, the web needs credentials, on this machine too.
    """
    from stoma.cli.users.password import ask_password
    from stoma.operations import accounts

    with session(context).app() as app:
        first = not accounts.anybody(app)
        granted = "admin" if admin else str(scope)
        user = accounts.add_user(app, name, ask_password(name), scope=granted)
        say(f"added user {user.name} ({user.scope})")
        if first:
            note("note: the web needs credentials from now on, also while it is running")
