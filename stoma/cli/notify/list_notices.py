"""`stoma notify list`."""

from typing import Annotated

import typer

from stoma.cli.options import MOST
from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.cli.times import Times
from stoma.domain.notice import NoticeState, Queued
from stoma.operations import notices
from stoma.records.base import iso


@reads
def list_notices(
    context: typer.Context,
    limit: Annotated[
        int, typer.Option("-n", "--limit", min=1, max=MOST, help="At most so many.")
    ] = 20,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only what was not delivered.")
    ] = False,
    *,
    out: Output,
) -> None:
    """List notices, newest first, and what became of them."""
    current = session(context)
    with current.reader() as reader:
        found = notices.list_notices(reader, limit=limit, undelivered=waiting)
        out.emit(notice_view(current.times(utc=out.utc)), found)


def notice_view(times: Times) -> View[Queued]:
    """Return how notices are listed."""
    return View(
        columns=[
            Column("id", lambda each: str(each.id), right=True),
            Column("queued", lambda each: times.near(each.created_at)),
            Column("channel", lambda each: each.channel),
            Column("state", lambda each: _state(each, times)),
            Column("notice", lambda each: each.notice.title.removeprefix("stoma: "), least=30),
            Column("error", lambda each: each.error, least=16),
        ],
        fields={
            "id": lambda each: each.id,
            "channel": lambda each: each.channel,
            "event": lambda each: str(each.notice.event),
            "task_id": lambda each: each.notice.task_id,
            "run_id": lambda each: each.notice.run_id,
            "title": lambda each: each.notice.title,
            "state": lambda each: str(each.state),
            "created_at": lambda each: iso(each.created_at),
            "not_before": lambda each: iso(each.not_before),
            "attempts": lambda each: each.attempts,
            "sent_at": lambda each: iso(each.sent_at),
            "error": lambda each: each.error,
        },
        name=lambda each: str(each.id),
    )


def _state(each: Queued, times: Times) -> str:
    if each.state is not NoticeState.WAITING:
        return "sent" if each.state is NoticeState.SENT else f"given up ({each.attempts} tries)"
    tried = f", tried {each.attempts}x" if each.attempts else ""
    return f"waits{tried}, {times.near(each.not_before)}"
