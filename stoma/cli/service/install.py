"""`stoma service install`."""

from typing import Annotated

import typer

from stoma.cli.options import bundled
from stoma.cli.service.place import Place, target_of
from stoma.cli.session import session
from stoma.cli.streams import note, say
from stoma.service import installing
from stoma.service.words import told, what_next


@bundled
def install(
    context: typer.Context,
    place: Place,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Let tasks run in a sandbox (bubblewrap).")
    ] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Start the web part with the machine too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Install the service: its user, directories and units.

    Installing again changes only what differs. Nothing is started now; the scheduler starts with
    the machine, or with your session.
    """
    target = target_of(place, session(context), sandbox=sandbox)
    done = installing.install(target, dry=dry_run, web=web)
    for line in told(done, dry=dry_run):
        say(line)
    words = "" if dry_run else what_next(target, done, web=web)
    if words:
        note(words.rstrip("\n"))
