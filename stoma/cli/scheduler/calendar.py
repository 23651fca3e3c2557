"""`stoma scheduler calendar`."""

from typing import Annotated

import typer

from stoma.cli.output import Output, reads
from stoma.cli.session import session


@reads
def calendar(
    context: typer.Context,
    month: Annotated[
        str | None, typer.Argument(metavar="YYYY-MM", help="The present month, if not given.")
    ] = None,
    ics: Annotated[
        str | None,
        typer.Option("--ics", metavar="FILE", help="Write an iCalendar file; `-` for stdout."),
    ] = None,
    *,
    out: Output,
) -> None:
    """Show a month of coming runs, or export it as iCalendar."""
    from stoma.cli.scheduler.month import day_view, export, read_month
    from stoma.cli.scheduler.month_page import month_text
    from stoma.operations.coming import coming_month

    current = session(context)
    now, zone = current.clock.now(), current.place.timezone
    year, number = read_month(month, now, zone)
    with current.reader() as reader:
        found = coming_month(reader, year, number, timezone=zone, now=now)
    if ics is not None:
        export(found, ics, now=now, registry=current.place.paths.database)
    elif out.for_people and not out.chosen:
        out.text(month_text(found, current.times(utc=out.utc)))
    else:
        out.emit(day_view(found), list(found.days))
