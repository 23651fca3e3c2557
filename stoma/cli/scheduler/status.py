"""`stoma scheduler status`."""

from collections.abc import Callable
from typing import Annotated

import typer

from stoma.cli.options import seconds
from stoma.cli.output import Output, reads
from stoma.cli.scheduler.check_line import check_line
from stoma.cli.scheduler.status_page import status_text, status_view
from stoma.cli.session import Session, session
from stoma.exceptions import UsageError
from stoma.operations.status import Health, look

#: Between two looks of `--watch`, if nothing else is said.
_EVERY = "2s"


@reads
def status(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="One line, and exit code 1 if something is wrong.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Show it again and again, until Ctrl-C.")
    ] = False,
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"With --watch: so often. Default: {_EVERY}.")
    ] = None,
    *,
    out: Output,
) -> None:
    """Show what runs, what comes next and what went wrong.

    Begins with whether a scheduler is at work at all.
    """
    current = session(context)
    if watch:
        _watch(current, out, _pause(every, check=check))
        return
    if every is not None:
        raise UsageError("--every is for --watch")
    health = _show(current, out, check=check)
    if check and not health.healthy:
        raise typer.Exit(1)


def _pause(every: str | None, *, check: bool) -> float:
    if check:
        raise UsageError("--check ends with the first look, and --watch never does")
    found = seconds(every or _EVERY, "--every") or 0.0
    if found < _LEAST:
        raise UsageError(f"--every is {every!r}, must be {_LEAST:g}s or more")
    return found


_LEAST = 0.2


def _watch(current: Session, out: Output, pause: float) -> None:
    from stoma.cli.scheduler.watching import drawn, watch

    if out.form == "json":
        raise UsageError("--json is one object, and --watch prints many", hint="use -o jsonl")

    def show() -> None:
        _show(current, out, drawn)

    watch(show, current.clock, pause)


def _show(
    current: Session, out: Output, drawn: Callable[[str], str] = str, *, check: bool = False
) -> Health:
    """Show one look, and return it. *check*: in one line, for monitoring."""
    with current.reader() as reader:
        health = look(reader, current.clock.now())
    registry, times = current.place.paths.database, current.times(utc=out.utc)

    def text() -> str:
        return check_line(health, times) if check else status_text(health, registry, times)

    out.one(status_view(registry), health, lambda: drawn(text()))
    return health
