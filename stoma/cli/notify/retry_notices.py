"""`stoma notify retry`."""

from typing import Annotated

import typer

from stoma.cli.options import LARGEST
from stoma.cli.session import session
from stoma.cli.streams import say


def retry_notices(
    context: typer.Context,
    ids: Annotated[
        list[int] | None,
        typer.Argument(
            metavar="ID", min=1, max=LARGEST, help="As shown by list; all given up, if none."
        ),
    ] = None,
) -> None:
    """Let notices that were given up be tried again.

    The scheduler delivers them.
    """
    from stoma.operations.notify import retry_notices as again

    with session(context).app() as app:
        count = again(app, ids or ())
    say(f"{count} notice{'' if count == 1 else 's'} will be tried again")
