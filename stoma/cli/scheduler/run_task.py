"""`stoma scheduler run-task`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.output import Output, reads
from stoma.cli.scheduler.log_level import LogLevel
from stoma.cli.session import session


@reads
def run_task(
    context: typer.Context,
    task_id: Annotated[
        str, typer.Argument(help="As list-tasks shows it.", autocompletion=completion.task_ids)
    ],
    log_level: Annotated[
        LogLevel | None,
        typer.Option(case_sensitive=False, help="Show the run's log on stderr as well."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Ask anew what kept answers would do for.")
    ] = False,
    *,
    out: Output,
) -> None:
    """Run one task now, in this process, and show what came.

    Exits 0 when it came to its end, also with nothing found; 3 when it is not sure to have all;
    4, 75, 124 or 1 when it failed (stoma help exit-codes).
    """
    from stoma.cli.progress import CollectingBar
    from stoma.cli.scheduler.ran import show_report
    from stoma.cli.signals import ending_on_sigterm
    from stoma.operations.running import run_task as run

    current = session(context)
    level = str(log_level) if log_level else "CRITICAL"
    bar = CollectingBar(f"collecting {task_id}")
    with ending_on_sigterm(), current.app(level=level) as app, bar:
        report = run(app, task_id, cached=not no_cache, on_page=bar.see)
    show_report(report, current, out)
    raise typer.Exit(report.exit_code)
