"""`stoma items reparse`."""

from typing import TYPE_CHECKING, Annotated

import typer

from stoma.cli.items.filters import Chosen
from stoma.cli.options import bundled
from stoma.cli.output import Output, View, reads
from stoma.cli.pages import facts
from stoma.cli.session import session
from stoma.cli.words import counted

if TYPE_CHECKING:
    from stoma.operations.reparsing import Counts


@reads
@bundled
def reparse_items(
    context: typer.Context,
    chosen: Chosen,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would change, and do nothing.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Read the kept answers again, offline, as this version does.

    Where that gives something else, it becomes a new version of the item; what was stored stays.
    """
    from stoma.operations.reparsing import reparse

    wanted = chosen.wanted()
    with session(context).app() as app:
        found = reparse(app, wanted, dry_run=dry_run)
    out.one(reparse_view(dry_run=dry_run), found, lambda: _text(found, dry_run=dry_run))


def reparse_view(*, dry_run: bool) -> "View[Counts]":
    """Return how the counts are shown."""
    return View(
        fields={
            "dry_run": lambda _: dry_run,
            "items": lambda found: found.items,
            "changed_items": lambda found: found.changed_items,
            "same": lambda found: found.same,
            "changed": lambda found: found.changed,
            "dropped": lambda found: found.dropped,
            "unread": lambda found: found.unread,
            "answers": lambda found: found.answers,
        },
        name=lambda found: str(found.changed_items),
    )


def _text(found: "Counts", *, dry_run: bool) -> str:
    would = "would become" if dry_run else "became"
    rows = [
        ("items", f"{found.items:,}, from {counted(found.answers, 'answer')} read again"),
        ("the same", counted(found.same, "version")),
        (
            "changed",
            f"{counted(found.changed, 'version')}, {counted(found.changed_items, 'item')} {would}"
            " another"
            if found.changed
            else "nothing",
        ),
        ("not kept", f"{counted(found.dropped, 'version')}: the answer was dropped")
        if found.dropped
        else ("", ""),
        ("not there", f"{counted(found.unread, 'version')}: the answer has it no more")
        if found.unread
        else ("", ""),
    ]
    return facts(rows)
