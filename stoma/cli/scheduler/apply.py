"""`stoma scheduler apply`."""

from pathlib import Path
from typing import Annotated

import typer

from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note


@reads
def apply(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Option(
            "--file", "-f", metavar="FILE", help="TOML, YAML or JSON, or a folder; repeatable."
        ),
    ],
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove tasks that came from there and are there no more."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Take the files' values over your own edits.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Bring the tasks of files into the registry. Applying twice changes nothing.

    Shows what changes, and which fires are gained and lost over the next 7 days. What you edited
    stays as you made it unless you say --force. Exits 3 if a task had to be left out.
    """
    from stoma.cli.scheduler.applied import apply_summary, apply_view
    from stoma.operations.apply import apply as apply_to

    current = session(context)
    with current.app() as app:
        report = apply_to(app, files, prune=prune, force=force, dry_run=dry_run)
    out.emit(apply_view(current.times(utc=out.utc)), report.lines)
    for text in report.notes:
        note(f"note: {text}")
    if out.for_people:
        note(apply_summary(report, dry_run=dry_run))
    raise typer.Exit(report.exit_code)
