"""`stoma scheduler load-preset`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note


@reads
def load_preset(
    context: typer.Context,
    preset: Annotated[
        str,
        typer.Option(
            "--preset", metavar="PRESET", help="Its name.", autocompletion=completion.presets
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Take the preset's values over your own edits.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Bring the tasks of a preset into the registry. Loading twice changes nothing.

    What you edited stays as you made it, and is named, unless you say --force.
    """
    from stoma.cli.scheduler.loaded import load_summary, load_view
    from stoma.operations.presets import load_into

    current = session(context)
    with current.app() as app:
        report = load_into(app, preset, force=force, dry_run=dry_run)
    out.emit(load_view(current.times(utc=out.utc), fires=dry_run), report.lines)
    if out.for_people:
        note(load_summary(report, dry_run=dry_run))
