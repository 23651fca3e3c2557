"""`stoma items stats`."""

from typing import Annotated

import typer

from stoma.cli.items.filters import Chosen
from stoma.cli.items.stats_page import stats_text, stats_view
from stoma.cli.options import bundled
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.operations import items
from stoma.storage.item_lines import ItemStats


@reads
@bundled
def count_items(
    context: typer.Context,
    chosen: Chosen,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Show so many days.")] = 14,
    *,
    out: Output,
) -> None:
    """Count items by source, kind, status, task and day."""
    current = session(context)
    wanted = chosen.wanted()
    with current.reader() as reader:
        found = items.item_stats(reader, wanted, days=days) or ItemStats()
    out.one(stats_view(), found, lambda: stats_text(found))
