"""`stoma presets validate`."""

from pathlib import Path
from typing import Annotated

import typer

from stoma.boundary import report
from stoma.cli.session import session
from stoma.cli.streams import say
from stoma.cli.words import counted


def validate_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE")],
) -> None:
    """Check preset files as loading them would.

    Keys, schedules and configs; every fault is named with its file and line. Exits 78 if there is
    one.
    """
    from stoma.app import code_folders
    from stoma.operations.presets import check_files
    from stoma.owncode import OwnCode

    worst, loaded = 0, session(context).loaded()
    own = OwnCode(code_folders(loaded))
    for checked in check_files(files, timezone=loaded.settings.timezone, own=own):
        if checked.error is not None:
            report(checked.error)
            worst = max(worst, checked.error.exit_code)
        elif checked.preset is not None:
            say(f"ok {checked.path}: {counted(len(checked.preset.tasks), 'task')}")
    raise typer.Exit(worst)
