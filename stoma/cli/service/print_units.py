"""`stoma service print`."""

from typing import Annotated

import typer

from stoma.cli.options import bundled
from stoma.cli.service.place import Place, target_of
from stoma.cli.session import session
from stoma.cli.streams import put
from stoma.exceptions import NotFoundError
from stoma.service.units import names, unit_text
from stoma.text import did_you_mean


@bundled
def print_units(
    context: typer.Context,
    place: Place,
    unit: Annotated[
        str | None, typer.Argument(help="One of them: stoma-scheduler, stoma-web.")
    ] = None,
) -> None:
    """Print the units as they would be installed.

    Without a name, all of them, each under its name.
    """
    target = target_of(place, session(context))
    known = {name.removesuffix(".service").removesuffix("@"): name for name in names(target)}
    wanted = (unit or "").removesuffix(".service").removesuffix("@")
    if unit is None:
        put("\n".join(f"# --- {name}\n{unit_text(name, target)}" for name in known.values()))
    elif wanted in known:
        put(unit_text(known[wanted], target))
    else:
        hint = did_you_mean(wanted, known) or f"known: {', '.join(known)}"
        raise NotFoundError("unit", unit, hint=hint)
