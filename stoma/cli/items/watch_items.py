"""`stoma items watch`."""

import sys
from dataclasses import replace
from typing import Annotated

import typer

from stoma.cli.items.filters import Chosen
from stoma.cli.items.views import item_view, watched_text
from stoma.cli.options import bundled
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.exceptions import UsageError
from stoma.operations import items

_LOOK_SECONDS = 1.0


@reads
@bundled
def watch_items(
    context: typer.Context,
    chosen: Chosen,
    last: Annotated[
        int, typer.Option("--last", "-n", min=0, max=1000, help="Begin with so many.")
    ] = 10,
    *,
    out: Output,
) -> None:
    """Show new items as they are collected, until Ctrl-C.

    For a pipe: `-o jsonl` prints one object a line, `-o name` one id a line.
    """
    if out.form not in {"table", "wide", "jsonl", "name", "tsv"}:
        raise UsageError(
            f"what never ends can not be shown as {out.form}", hint="-o jsonl, one object a line"
        )
    current, wanted = session(context), chosen.wanted()
    with current.reader() as reader:
        if reader is None:
            return
        if sys.stderr.isatty():
            note("waiting for new items; Ctrl-C ends it")
        batches = items.watch_items(
            reader, wanted, last=last, pause=lambda: current.clock.sleep(_LOOK_SECONDS)
        )
        for number, batch in enumerate(batches):
            view = item_view(current.times(utc=out.utc))
            if out.for_people and not out.chosen:
                out.text(watched_text(batch))
            elif batch or not number:
                replace(out, headers=out.headers and not number).emit(view, batch)
