"""Which service is meant: the options that the commands share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from stoma.cli.options import Bundle
from stoma.cli.session import Session
from stoma.exceptions import UsageError
from stoma.operations.service import target
from stoma.service.units import Target


@dataclass(frozen=True, slots=True)
class Place(Bundle):
    """Whose service it is, and where."""

    user: Annotated[bool, typer.Option("--user", help="Of yourself alone; needs no root.")] = False
    system: Annotated[bool, typer.Option("--system", help="Of the machine; the default.")] = False
    prefix: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The virtual environment; by default this program's."),
    ] = None
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder that stands for the whole system.")
    ] = None


def target_of(place: Place, current: Session, *, sandbox: bool = False) -> Target:
    """Return what is installed where.

    Raises:
        UsageError: The options do not go together.
    """
    if place.user and place.system:
        raise UsageError("--user and --system exclude each other", hint="leave one of them out")
    return target(
        user=place.user,
        prefix=place.prefix,
        root=place.root,
        home=current.place.paths.home,
        sandbox=sandbox,
    )
