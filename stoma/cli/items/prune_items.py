"""`stoma items prune`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from stoma.cli.items.filters import Chosen
from stoma.cli.options import Bundle, bundled, seconds
from stoma.cli.session import session
from stoma.cli.streams import confirmed, note, say
from stoma.cli.times import size
from stoma.cli.words import counted
from stoma.exceptions import UsageError

if TYPE_CHECKING:
    from stoma.storage.item_pruning import Prunable


@dataclass(frozen=True, slots=True)
class Limits(Bundle):
    """What may go."""

    unseen_for: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="Items that no source has returned for 365d."),
    ] = None
    keep_versions: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Of each item, only the newest N.")
    ] = None
    answers_older_than: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="Bodies of raw answers older than 30d.")
    ] = None


@bundled
def prune_items(
    context: typer.Context,
    chosen: Chosen,
    limits: Limits,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete old items, old versions or old raw answers.

    What the last complete run of a task has met stays: its source may say of it only that nothing
    changed. Of dropped answers, address, time and hash stay.
    """
    from stoma.operations.pruning import PruneRule, count_prunable, prune

    current = session(context)
    now = current.clock.now()
    rule = PruneRule(
        wanted=chosen.wanted(),
        unseen_since=_ago(now, limits.unseen_for, "--unseen-for"),
        keep_versions=limits.keep_versions,
        answers_before=_ago(now, limits.answers_older_than, "--answers-older-than"),
    )
    with current.app() as app:
        found = count_prunable(app, rule)
        words = _words(found)
        if found.needed:
            note(f"note: kept, because tasks go on from them: {counted(found.needed, 'item')}")
        if dry_run or not words:
            say(f"would delete {words}" if words else "nothing to delete")
            return
        if not yes and not confirmed(f"Delete {words}?"):
            note("nothing was deleted")
            raise typer.Exit(1)
        prune(app, rule)
        say(f"deleted {words}")


def _ago(now: datetime, length: str | None, name: str) -> datetime | None:
    given = seconds(length, name)
    try:
        return None if given is None else now - timedelta(seconds=given)
    except OverflowError:
        raise UsageError(f"{name} is {length!r}: so long ago there was nothing") from None


def _words(found: "Prunable") -> str:
    parts = [
        counted(found.items, "item") if found.items else "",
        counted(found.versions, "version") if found.versions else "",
        f"{counted(found.answers, 'raw answer')} ({size(found.answer_bytes)})"
        if found.answers
        else "",
    ]
    return ", ".join(filter(None, parts))
