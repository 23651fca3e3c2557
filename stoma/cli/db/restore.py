"""`stoma db restore`."""

from pathlib import Path
from typing import Annotated

import typer

from stoma.cli.session import session
from stoma.cli.streams import confirmed, note, say
from stoma.cli.times import size


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy, as backup makes it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Put a copy in the place of the registry.

    The present one is kept in `backups/`. No scheduler may be at work. Slots between the copy and
    now count as missed.
    """
    from stoma.cli.db.bar import CopyBar
    from stoma.operations import database

    current = session(context)
    paths = current.place.paths
    question = f"Replace {paths.database} with {file}?"
    if paths.database.exists() and not yes and not confirmed(question):
        note("nothing was changed")
        raise typer.Exit(1)
    with CopyBar(f"copying {file.name}") as bar:
        found = database.restore(paths, file, bar.pages, now=current.clock.now())
    copy = found.copy
    say(f"restored {copy.path} ({size(copy.bytes)}, schema version {copy.version})")
    if found.kept:
        note(f"kept what was there: {found.kept}")
