"""`stoma tokens create`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import Bundle, bundled, seconds
from stoma.cli.session import session
from stoma.cli.streams import note, put
from stoma.cli.users.add_user import UserScope


@dataclass(frozen=True, slots=True)
class Grant(Bundle):
    """What a token may, for whom, and for how long."""

    scope: Annotated[
        UserScope,
        typer.Option(case_sensitive=False, help="The most it may; each has the ones before."),
    ] = UserScope.READ
    user: Annotated[
        str, typer.Option(metavar="NAME", help="It acts for this user; none: for everybody.")
    ] = ""
    task: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK_ID",
            help="Only this task; repeatable.",
            autocompletion=completion.task_ids,
        ),
    ] = None
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="It is over after that: `90d`, `12h`.")
    ] = None


@bundled
def create_token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Letters, digits, `_`, `-`, `.`.")],
    grant: Grant,
) -> None:
    """Make a token, and print it: it is shown this once.

    From the first token on, the web needs credentials, on this machine too.
    """
    from stoma.operations import accounts

    with session(context).app() as app:
        length = seconds(grant.expires, "--expires")
        end = None if length is None else app.clock.now() + timedelta(seconds=length)
        made = accounts.create_token(
            app,
            name,
            scope=str(grant.scope),
            owner=grant.user,
            tasks=grant.task or (),
            expires_at=end,
        )
    note(f"token {name} ({made.token.scope}); keep it: it is not shown again")
    put(f"{made.text}\n")
