"""`stoma secrets list`."""

import typer

from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.exceptions import SecretError
from stoma.operations.secrets import SecretLine
from stoma.operations.secrets import list_secrets as found_secrets


@reads
def list_secrets(context: typer.Context, *, out: Output) -> None:
    """List secrets by name, never what they are.

    Also where each comes from, and what refers to it.
    Exits 78 if something refers to one that is not there, or can not be used.
    """
    current = session(context)
    with current.reader() as reader:
        lines = found_secrets(current.loaded(), reader)
    out.emit(secret_view(), lines)
    if any(line.problem and line.used_by for line in lines):
        raise typer.Exit(SecretError.exit_code)


def secret_view() -> View[SecretLine]:
    """Return how secrets are listed."""
    return View(
        columns=[
            Column("name", lambda line: line.name),
            Column("from", lambda line: line.problem or line.origin, least=20),
            Column("used by", lambda line: ", ".join(line.used_by) or "nothing", least=20),
        ],
        fields={
            "name": lambda line: line.name,
            "origin": lambda line: line.origin,
            "ok": lambda line: not line.problem,
            "problem": lambda line: line.problem,
            "used_by": lambda line: list(line.used_by),
        },
        name=lambda line: line.name,
    )
