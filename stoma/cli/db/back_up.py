"""`stoma db backup`."""

from pathlib import Path
from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import say
from stoma.cli.times import size


def back_up(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Copy the registry to a file, and check the copy.

    It is the state of one moment; a scheduler may be at work meanwhile.
    """
    from stoma.cli.db.bar import CopyBar
    from stoma.operations import database

    path = session(context).place.paths.database
    with CopyBar(f"copying {path.name}") as bar:
        copied = database.back_up(path, file, bar.pages, force=force)
    say(f"wrote {copied.path} ({size(copied.bytes)}, schema version {copied.version})")
