"""`stoma scheduler show-run`."""

from typing import Annotated

import typer

from stoma.cli.options import LARGEST
from stoma.cli.output import Output, reads
from stoma.cli.scheduler.run_page import run_detail_view, run_text
from stoma.cli.session import session
from stoma.operations import runs


@reads
def show_run(
    context: typer.Context,
    run_id: Annotated[int, typer.Argument(max=LARGEST, help="As history shows it.")],
    *,
    out: Output,
) -> None:
    """Show one run: why it was, and what came of it."""
    current = session(context)
    with current.reader() as reader:
        found = runs.show_run(reader, run_id, timezone=current.place.timezone)
    times = current.times(utc=out.utc)
    out.one(run_detail_view(), found, lambda: run_text(found, times))
