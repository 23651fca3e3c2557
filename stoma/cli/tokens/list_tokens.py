"""`stoma tokens list`."""

import typer

from stoma.cli.accounts import found
from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.cli.times import Times
from stoma.domain.account import Token
from stoma.records.base import iso


@reads
def list_tokens(context: typer.Context, *, out: Output) -> None:
    """List the tokens there are; never their texts, which are not kept."""
    from stoma.operations import accounts

    current = session(context)
    out.emit(token_view(current.times(utc=out.utc)), found(current, accounts.list_tokens))


def token_view(times: Times) -> View[Token]:
    """Return how tokens are listed."""
    return View(
        columns=[
            Column("name", lambda token: token.name),
            Column("scope", lambda token: token.scope),
            Column("user", lambda token: token.owner or "-"),
            Column("tasks", lambda token: ", ".join(token.tasks) or "-", least=12),
            Column("used", lambda token: times.near(token.last_used_at)),
            Column("expires", lambda token: _expires(token, times)),
            Column("created", lambda token: times.near(token.created_at), wide=True),
        ],
        fields={
            "name": lambda token: token.name,
            "scope": lambda token: token.scope,
            "user": lambda token: token.owner or None,
            "tasks": lambda token: list(token.tasks),
            "created_at": lambda token: iso(token.created_at),
            "expires_at": lambda token: iso(token.expires_at),
            "last_used_at": lambda token: iso(token.last_used_at),
        },
        name=lambda token: token.name,
    )


def _expires(token: Token, times: Times) -> str:
    return "expired" if token.is_over(times.now) else times.near(token.expires_at)
