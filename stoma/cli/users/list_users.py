"""`stoma users list`."""

import typer

from stoma.cli.accounts import found
from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.cli.times import Times
from stoma.domain.account import User
from stoma.records.base import iso


@reads
def list_users(context: typer.Context, *, out: Output) -> None:
    """List who may use the web with a password."""
    from stoma.operations import accounts

    current = session(context)
    out.emit(user_view(current.times(utc=out.utc)), found(current, accounts.list_users))


def user_view(times: Times) -> View[User]:
    """Return how users are listed."""
    return View(
        columns=[
            Column("name", lambda user: user.name),
            Column("scope", lambda user: user.scope),
            Column("added", lambda user: times.near(user.created_at)),
            Column("password", lambda user: times.near(user.password_changed_at)),
        ],
        fields={
            "name": lambda user: user.name,
            "scope": lambda user: user.scope,
            "created_at": lambda user: iso(user.created_at),
            "password_changed_at": lambda user: iso(user.password_changed_at),
        },
        name=lambda user: user.name,
    )
