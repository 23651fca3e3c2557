"""`stoma items search`."""

from typing import Annotated

import typer

from stoma.cli.items.filters import Filters
from stoma.cli.items.views import found_text, item_view
from stoma.cli.options import bundled
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.operations import items


@reads
@bundled
def search_items(
    context: typer.Context,
    text: Annotated[
        list[str],
        typer.Argument(help='Words that must all occur; "quoted" as a phrase, begin* by prefix.'),
    ],
    filters: Filters,
    *,
    out: Output,
) -> None:
    """Search titles, abstracts, authors and tags, best match first."""
    current = session(context)
    with current.reader() as reader:
        found = items.search_items(reader, " ".join(text), filters.wanted(), limit=filters.limit)
    if out.for_people and not out.chosen and out.form != "wide":
        out.text(found_text(found))
        note(items.found_summary(len(found), filters.limit))
    else:
        out.emit(item_view(current.times(utc=out.utc)), found)
