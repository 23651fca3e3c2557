"""`stoma items diff`."""

from typing import Annotated

import typer

from stoma.cli.items.difference import change_view, difference_text
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.operations import items


@reads
def diff_item(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="2401.01234, a DOI, an accession number, ...")
    ],
    before: Annotated[
        str | None,
        typer.Option("--from", metavar="VERSION", help="Its number, or v1; the one before --to."),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="Its number, or v2; the one it is at."),
    ] = None,
    *,
    out: Output,
) -> None:
    """Show what differs between two versions of an item.

    `items show` lists the versions. In texts, [-removed-] and {+added+} words are marked.
    """
    current = session(context)
    with current.reader() as reader:
        found = items.diff_item(items.show_item(reader, name), before, after)
    if out.for_people and not out.chosen:
        out.text(difference_text(found, current.times(utc=out.utc)))
    else:
        ends = (found.before.number, found.after.number)
        out.emit(change_view(found.item.line.natural_id, *ends), found.changes)
