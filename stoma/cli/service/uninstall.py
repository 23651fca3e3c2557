"""`stoma service uninstall`."""

from typing import Annotated

import typer

from stoma.cli.options import bundled
from stoma.cli.service.place import Place, target_of
from stoma.cli.session import session
from stoma.cli.streams import confirmed, note, say
from stoma.exceptions import UsageError
from stoma.service import installing
from stoma.service.units import DATA
from stoma.service.words import told


@bundled
def uninstall(
    context: typer.Context,
    place: Place,
    purge: Annotated[
        bool, typer.Option("--purge", help="Also the data, settings, logs and the user.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Stop and remove the service.

    Collected data, settings and logs stay, unless you say --purge.
    """
    target = target_of(place, session(context))
    if purge and place.user:
        raise UsageError(
            "--purge is for the service of the system",
            hint="your own data are where `stoma config path` says",
        )
    question = f"Remove {', '.join(map(str, DATA))} and everything in them?"
    if purge and not (dry_run or yes or confirmed(question)):
        note("nothing was changed")
        raise typer.Exit(1)
    for line in told(installing.uninstall(target, dry=dry_run, purge=purge), dry=dry_run):
        say(line)
    if not (purge or dry_run or target.staged or place.user):
        note(f"kept: {', '.join(map(str, DATA))}; to remove them too: --purge")
