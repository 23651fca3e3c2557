"""`stoma notify flush`."""

import typer

from stoma.cli.notify.list_notices import notice_view
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.domain.notice import NoticeState


@reads
def flush_notices(context: typer.Context, *, out: Output) -> None:
    """Deliver all that waits, and say what became of it.

    In this process, now: also what is held back until later, for quiet hours or the next try.
    Exits 1 if something could not be delivered, and 6 while a scheduler is at work, which delivers
    by itself.
    """
    from stoma.operations.notify import flush_notices as flushed

    current = session(context)
    with current.app() as app:
        found = flushed(app)
    out.emit(notice_view(current.times(utc=out.utc)), found)
    if not found:
        note("nothing waits")
    if any(each.state is not NoticeState.SENT for each in found):
        raise typer.Exit(1)
