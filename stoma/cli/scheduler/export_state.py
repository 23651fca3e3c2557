"""`stoma scheduler export-state`."""

from pathlib import Path
from typing import Annotated

import typer

from stoma.cli.forms import dumps
from stoma.cli.session import session
from stoma.cli.streams import put


def export_state(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Write it there, whole.")
    ] = None,
) -> None:
    """Print the state of all tasks as JSON, for scripts.

    With the setting `scheduler.state_file` a scheduler keeps such a file up to date by itself.
    """
    from stoma.operations.export_state import scheduler_state, write_state

    current = session(context)
    registry, now = current.place.paths.database, current.clock.now()
    if file is not None:
        write_state(registry, file, now)
        return
    with current.reader() as reader:
        put(dumps(scheduler_state(reader, registry, now)) + "\n")
