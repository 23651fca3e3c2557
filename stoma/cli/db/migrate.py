"""`stoma db migrate`."""

import typer

from stoma.cli.session import session
from stoma.cli.streams import note, say


def migrate(context: typer.Context) -> None:
    """Bring the registry to this version's schema, or create it.

    Other commands that write do it as well.
    """
    from stoma.operations import database

    current = session(context)
    path = current.place.paths.database
    done = database.migrate(path, now=current.clock.now())
    if not done.before:
        say(f"created {path}, schema version {done.after}")
    elif done.before == done.after:
        say(f"nothing to do: {path} has schema version {done.after}")
    else:
        say(f"migrated {path} from schema version {done.before} to {done.after}")
        note(f"kept what was there: {done.backup}")
