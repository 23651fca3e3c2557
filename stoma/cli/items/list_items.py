"""`stoma items list`."""

import typer

from stoma.cli.items.filters import Filters
from stoma.cli.items.views import item_view
from stoma.cli.options import bundled
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.operations import items


@reads
@bundled
def list_items(context: typer.Context, filters: Filters, *, out: Output) -> None:
    """List what was collected, the newest first."""
    current = session(context)
    wanted = filters.wanted()
    with current.reader() as reader:
        found = items.list_items(reader, wanted, limit=filters.limit)
        out.emit(item_view(current.times(utc=out.utc)), found)
        if out.for_people and reader is not None:
            note(items.summary(len(found), items.count_items(reader, wanted)))
