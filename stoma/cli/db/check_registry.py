"""`stoma db check`."""

from collections.abc import Sequence
from pathlib import Path

import typer

from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.exceptions import RegistryError
from stoma.text import safe


@reads
def check_registry(context: typer.Context, *, out: Output) -> None:
    """Look at every page, reference and index of the registry.

    And at the chain of its audit log, as audit verify does. Exits 78 if something is wrong. A
    scheduler may be at work meanwhile.
    """
    from stoma.operations import database

    path = session(context).place.paths.database
    findings = database.check_registry(path)
    lines = findings or [f"ok {path}"]
    out.one(check_view(path), findings, lambda: "".join(f"{safe(line)}\n" for line in lines))
    if findings:
        raise typer.Exit(RegistryError.exit_code)


def check_view(path: Path) -> View[Sequence[str]]:
    """Return how the findings are shown."""
    return View(
        columns=[Column("findings", lambda found: "; ".join(found) or "none")],
        fields={
            "path": lambda _: str(path),
            "ok": lambda found: not found,
            "findings": lambda found: list(found),
        },
        name=lambda found: "; ".join(found) or "ok",
    )
