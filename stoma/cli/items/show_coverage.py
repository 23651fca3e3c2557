"""`stoma items coverage`."""

from datetime import date, timedelta
from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.items.coverage_page import coverage_text, day_view, hole_notes
from stoma.cli.options import moment
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note

_USUAL = timedelta(days=91)


@reads
def show_coverage(
    context: typer.Context,
    task_id: Annotated[
        str, typer.Argument(help="As list-tasks shows it.", autocompletion=completion.task_ids)
    ],
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="The first day; 13 weeks ago.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="The last day; today.")
    ] = None,
    *,
    out: Output,
) -> None:
    """Show which days a task has provably got whole, and the holes.

    Days are those of the source: of submission, creation, filing or change. To fill the holes:
    stoma scheduler backfill TASK_ID --holes.
    """
    from stoma.operations.coverage import coverage

    current = session(context)
    today = current.clock.now().date()
    end = _day(last, "--to") or today
    begin = _day(first, "--from") or end - _USUAL
    with current.reader() as reader:
        found = coverage(reader, task_id, begin, end, today=today)
    if out.for_people and not out.chosen:
        out.text(coverage_text(found))
        for text in hole_notes(found):
            note(text)
    else:
        out.emit(day_view(task_id), found.days)


def _day(text: str | None, name: str) -> date | None:
    found = moment(text, name)
    return found.date() if found else None
