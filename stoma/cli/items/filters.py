"""Which items: the options that list and search share."""

from dataclasses import dataclass
from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import LARGEST, MOST, Bundle, moment
from stoma.exceptions import UsageError
from stoma.storage.read_items import ItemFilter
from stoma.text import did_you_mean

_KINDS = ("paper", "repository", "filing")


@dataclass(frozen=True, slots=True)
class Filters(Bundle):
    """Conditions that must all hold."""

    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="arxiv, github, sec_edgar.")
    ] = None
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="paper, repository, filing.")] = (
        None
    )
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
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="First collected then or later.")
    ] = None
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="First collected before then.")
    ] = None
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=MOST, help="At most so many.")
    ] = 20

    def wanted(self) -> ItemFilter:
        """Return the filter that these options say.

        Raises:
            UsageError: One can not be understood.
        """
        if self.kind is not None and self.kind not in _KINDS:
            raise UsageError(
                f"--kind is {self.kind!r}, must be one of {', '.join(_KINDS)}",
                hint=did_you_mean(self.kind, _KINDS),
            )
        return ItemFilter(
            source=self.source,
            kind=self.kind,
            task_id=self.task,
            tag=self.tag,
            since=moment(self.since, "--since"),
            until=moment(self.until, "--until"),
            new_in_run=self.run,
        )
