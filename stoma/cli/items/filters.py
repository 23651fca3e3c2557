"""Which items: the options that the commands on many items share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import LARGEST, MOST, Bundle, moment
from stoma.domain.item import ItemKind, ItemStatus
from stoma.exceptions import UsageError
from stoma.storage.item_lines import ItemFilter
from stoma.text import did_you_mean

_KINDS = tuple(ItemKind)
_STATUSES = tuple(ItemStatus)


@dataclass(frozen=True, slots=True)
class Chosen(Bundle):
    """Conditions that must all hold."""

    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="arxiv, github, sec_edgar.")
    ] = None
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="paper, repository, release, filing.")
    ] = None
    task: Annotated[
        str | None,
        typer.Option(
            metavar="TASK_ID", help="Returned by this task.", autocompletion=completion.task_ids
        ),
    ] = None
    run: Annotated[
        int | None, typer.Option(metavar="RUN", max=LARGEST, help="New in this run.")
    ] = None
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Filed under this by its source: cs.AI.")
    ] = None
    author: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Whose name has these words.")
    ] = None
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="active, withdrawn, deleted, ...")
    ] = None
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="First collected then or later.")
    ] = None
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="First collected before then.")
    ] = None
    published_since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Published then or later.")
    ] = None
    published_until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Published before then.")
    ] = None

    def wanted(self) -> ItemFilter:
        """Return the filter that these options say.

        Raises:
            UsageError: One can not be understood.
        """
        _check("--kind", self.kind, _KINDS)
        _check("--status", self.status, _STATUSES)
        return ItemFilter(
            source=self.source,
            kind=self.kind,
            task_id=self.task,
            tag=self.tag,
            author=self.author,
            status=self.status,
            since=moment(self.since, "--since"),
            until=moment(self.until, "--until"),
            published_since=moment(self.published_since, "--published-since"),
            published_until=moment(self.published_until, "--published-until"),
            new_in_run=self.run,
        )


@dataclass(frozen=True, slots=True)
class Filters(Chosen):
    """The same, and how many."""

    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=MOST, help="At most so many.")
    ] = 20


def _check(name: str, given: str | None, known: Sequence[str]) -> None:
    if given is not None and given not in known:
        raise UsageError(
            f"{name} is {given!r}, must be one of {', '.join(known)}",
            hint=did_you_mean(given, known),
        )
