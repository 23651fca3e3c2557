"""`stoma db path`."""

from pathlib import Path

import typer

from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.text import safe


@reads
def show_path(context: typer.Context, *, out: Output) -> None:
    """Show where the registry is, or will be."""
    path = session(context).place.paths.database
    out.one(path_view(), path, lambda: f"{safe(path)}\n")


def path_view() -> View[Path]:
    """Return how a path is shown."""
    return View(
        columns=[Column("path", str)],
        fields={"path": str, "exists": lambda path: path.exists()},
        name=str,
    )
