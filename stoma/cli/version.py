"""`stoma version`: this program and what it runs on."""

import platform
import sqlite3
import sys
from typing import Annotated

import typer

from stoma.version import __version__


def version(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the versions of stoma and of what it runs on."""
    found = {
        "stoma": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "platform": sys.platform,
    }
    if as_json:
        import json

        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:<9}{value}")
