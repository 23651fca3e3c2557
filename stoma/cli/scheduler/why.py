"""`stoma scheduler why`."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import moment
from stoma.cli.output import Output, reads
from stoma.cli.pages import paragraph
from stoma.cli.session import session
from stoma.cli.streams import note


@reads
def why(
    context: typer.Context,
    task_id: Annotated[
        str, typer.Argument(help="As list-tasks shows it.", autocompletion=completion.task_ids)
    ],
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="A slot, past or to come; 03:15 is the last one so far."
        ),
    ] = None,
    *,
    out: Output,
) -> None:
    """Name the rule that decided a slot of a task."""
    from stoma.cli.scheduler.why_page import answer_text, answer_view
    from stoma.operations.why import Question, needs_of
    from stoma.operations.why import why as ask

    current = session(context)
    now = current.clock.now()
    question = Question(
        task_id=task_id,
        at=_moment(at, now),
        now=now,
        timezone=current.place.timezone,
        needs=lambda name: needs_of(current.loaded(), name),
    )
    with current.reader() as reader:
        answer = ask(reader, question)
    times = current.times(utc=out.utc)
    out.one(answer_view(), answer, lambda: answer_text(answer, times))
    if out.for_people:
        for text in answer.notes:
            note(paragraph(f"note: {text}").rstrip())


def _moment(text: str | None, now: datetime) -> datetime | None:
    """Return the moment that *text* means; a time of day alone is the last such one, in UTC."""
    if text is None or len(text) > len("23:59:59") or ":" not in text:
        return moment(text, "--at")
    found = moment(f"{now:%Y-%m-%d}T{text:0>5}", "--at")
    return found - timedelta(days=1) if found is not None and found > now else found
