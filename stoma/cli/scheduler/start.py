"""`stoma scheduler start`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.options import moment
from stoma.cli.scheduler.log_level import LogLevel
from stoma.cli.session import session


def start(
    context: typer.Context,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="PRESET", help="Load this preset first.", autocompletion=completion.presets
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Stop when everything that is due has run.")
    ] = False,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Stop at this moment.")] = None,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(case_sensitive=False, help="The least severe line of the log on stderr."),
    ] = None,
) -> None:
    """Run the scheduler here, until Ctrl-C or SIGTERM.

    What runs then may finish. An empty registry gets the default preset first.
    """
    from stoma.scheduler.manager import Scheduler
    from stoma.settings.log_setup import begin_log

    current = session(context)
    stop_at = moment(until, "--until")
    loaded = current.loaded(**{"logging.level": log_level and str(log_level)})
    begin_log(loaded.settings.logging, file=True)
    with Scheduler(loaded=loaded, clock=current.clock) as scheduler:
        scheduler.start(preset=preset, until=stop_at, once=once)
