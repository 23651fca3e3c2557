"""`stoma items show`."""

import sys
from typing import Annotated

import typer

from stoma.cli.items.page import item_detail_view, item_text
from stoma.cli.items.raw_page import print_raw
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.exceptions import UsageError
from stoma.operations import items


@reads
def show_item(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="2401.01234, a DOI, an accession number, ...")
    ],
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the answer that it was read from, byte for byte.")
    ] = False,
    version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="With --raw: of this version, 2 or v1."),
    ] = None,
    *,
    out: Output,
) -> None:
    """Show one item: what it is, and where it came from."""
    if version and not raw:
        raise UsageError("--version is for --raw", hint="to compare versions: stoma items diff")
    current = session(context)
    with current.reader() as reader:
        found = items.show_item(reader, name)
        if raw and reader is not None:
            print_raw(*items.raw_answer(reader, found, version), current.times(utc=out.utc))
            return
    times = current.times(utc=out.utc)
    if out.form == "table" and not out.chosen and sys.stdout.isatty():
        from stoma.cli.items.rich_page import print_item  # for the eye only

        print_item(found, times)
    else:
        out.one(item_detail_view(), found, lambda: item_text(found, times))
