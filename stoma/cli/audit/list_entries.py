"""`stoma audit list`."""

from typing import Annotated

import typer

from stoma.cli.audit.views import Wanted, entry_view
from stoma.cli.options import MOST, bundled
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.operations import audit


@reads
@bundled
def list_entries(
    context: typer.Context,
    wanted: Wanted,
    limit: Annotated[
        int, typer.Option("-n", "--limit", min=1, max=MOST, help="At most so many.")
    ] = 20,
    *,
    out: Output,
) -> None:
    """List changes, newest first: who did what, and what it was before."""
    current = session(context)
    with current.reader() as reader:
        found = audit.list_entries(reader, wanted.filter, limit=limit)
        out.emit(entry_view(current.times(utc=out.utc)), found)
