"""`stoma items show`."""

import sys
from typing import Annotated

import typer

from stoma.cli.items.page import item_detail_view, item_text
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.operations import items


@reads
def show_item(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="2401.01234, a DOI, an accession number, ...")
    ],
    *,
    out: Output,
) -> None:
    """Show one item: what it is, and where it came from."""
    current = session(context)
    with current.reader() as reader:
        found = items.show_item(reader, name)
    times = current.times(utc=out.utc)
    if out.form == "table" and not out.chosen and sys.stdout.isatty():
        from stoma.cli.items.rich_page import print_item  # for the eye only

        print_item(found, times)
    else:
        out.one(item_detail_view(), found, lambda: item_text(found, times))
