"""`stoma scheduler backfill`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import Bundle, bundled, moment
from stoma.cli.output import Output, reads
from stoma.cli.pages import paragraph
from stoma.cli.session import Session, session
from stoma.cli.streams import note

#: So far back are holes looked for, if nothing else is said.
_USUAL = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class Stretch(Bundle):
    """Which slots are meant."""

    first: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="The first moment.")
    ] = None
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="The moment after the last; now.")
    ] = None
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many slots, the oldest.")
    ] = None


@reads
@bundled
def backfill(
    context: typer.Context,
    task_id: Annotated[
        str, typer.Argument(help="As list-tasks shows it.", autocompletion=completion.task_ids)
    ],
    holes: Annotated[
        bool,
        typer.Option(
            "--holes", help="Instead: ask again for days that `items coverage` shows as holes."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show which slots would run, and do nothing.")
    ] = False,
    *,
    stretch: Stretch,
    out: Output,
) -> None:
    """Let past slots run that nothing was carried out for.

    Those were missed, skipped, dead, or from before the task was there.

    They wait for everything else, and run one at a time. Each keeps its one row in the history.
    """
    from stoma.cli.scheduler.filling import filling_notes, filling_text, filling_view
    from stoma.exceptions import UsageError
    from stoma.operations.backfill import Interval
    from stoma.operations.backfill import backfill as fill

    if holes:
        _fill_holes(session(context), task_id, stretch, out, dry_run=dry_run)
        return
    current = session(context)
    begin, end = moment(stretch.first, "--from"), moment(stretch.until, "--to")
    now = current.clock.now()
    if begin is None:
        raise UsageError("--from is missing", hint="the first moment; or --holes")
    if begin > now:
        raise UsageError(
            f"--from is {stretch.first}, which has not come yet",
            hint="slots that have not come run by themselves; to see them: stoma scheduler next",
        )
    wanted = Interval(task_id=task_id, first=begin, until=end or now, limit=stretch.limit)
    with current.app() as app:
        found = fill(app, wanted, dry_run=dry_run)
    times = current.times(utc=out.utc)
    out.one(filling_view(dry_run=dry_run), found, lambda: filling_text(found, times, dry_run))
    if out.for_people:
        for text in filling_notes(found, times):
            note(paragraph(f"note: {text}").rstrip())
        with current.reader() as reader:
            if found.slots and not dry_run and reader is not None and reader.scheduler() is None:
                note("no scheduler is running: stoma scheduler start")


def _fill_holes(
    current: Session, task_id: str, stretch: Stretch, out: Output, *, dry_run: bool
) -> None:
    from stoma.cli.scheduler.hole_page import hole_text, hole_view
    from stoma.operations.holes import fill_holes

    today = current.clock.now()
    end = moment(stretch.until, "--to") or today
    begin = moment(stretch.first, "--from") or end - _USUAL
    with current.app() as app:
        found = fill_holes(app, task_id, begin.date(), end.date(), dry_run=dry_run)
    out.one(hole_view(dry_run=dry_run), found, lambda: hole_text(found, dry_run=dry_run))
