"""`stoma config validate`."""

import typer

from stoma.cli.session import session
from stoma.cli.streams import note, say
from stoma.exceptions import SettingsError


def validate_settings(context: typer.Context) -> None:
    """Check the settings.

    Every fault is named with its file and line, and the way out. Exits 78 if there is one.
    """
    try:
        loaded = session(context).loaded()
    except SettingsError as error:
        if not error.problems:
            raise
        for problem, hint in error.problems:
            note(f"error: {problem}")
            note(f"  {hint}")
        raise typer.Exit(error.exit_code) from None
    for file in loaded.files:
        say(f"{'ok' if file.read else 'not there'} {file.path}")
    count = sum(origin.startswith("environment") for origin in loaded.origins.values())
    if count:
        say(f"ok environment: {count} set")
