"""`stoma items export`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stoma.cli.items.filters import Chosen
from stoma.cli.options import MOST, bundled
from stoma.cli.session import session
from stoma.cli.streams import note, put, put_bytes
from stoma.cli.words import counted
from stoma.exceptions import UsageError
from stoma.text import safe

_STDOUT = "-"


@bundled
def export_items(
    context: typer.Context,
    chosen: Chosen,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What to write; - or nothing: stdout.")
    ] = _STDOUT,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORM",
            help="jsonl, csv, csl-json, bibtex, parquet; as FILE ends if left out.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, max=MOST, help="At most so many.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.")] = False,
) -> None:
    """Write items for reference managers, spreadsheets, notebooks.

    BibTeX holds papers only. In CSV nothing is a formula: what looks like one begins with '.
    """
    from stoma.export import form_of
    from stoma.operations.exporting import export_items as export
    from stoma.operations.exporting import new_file

    wanted = chosen.wanted()
    to_stdout = file == _STDOUT
    made = form_of(form or ("jsonl" if to_stdout else None), "" if to_stdout else file)
    with session(context).reader() as reader:
        if to_stdout:
            if made.binary and sys.stdout.isatty():
                raise UsageError(f"{made.name} is nothing for a terminal", hint="name a FILE")
            done = export(reader, wanted, made, _shown, limit=limit)
        else:
            with new_file(Path(file).expanduser(), force=force) as write:
                done = export(reader, wanted, made, write, limit=limit)
    place = "" if to_stdout else f" to {file}"
    note(f"{counted(done.items, 'item')} exported{place} as {made.name}")
    if done.left_out:
        kinds = " and ".join(sorted(made.kinds))
        note(f"{counted(done.left_out, 'item')} left out: {made.name} holds {kinds} items only")


def _shown(piece: bytes) -> None:
    """Write to stdout: as it is for a program, harmless for a terminal."""
    if sys.stdout.isatty():
        put(safe(piece.decode(), lines=True))
    else:
        put_bytes(piece)
