"""`stoma web`."""

from typing import Annotated

import typer

from stoma.cli.scheduler.log_level import LogLevel
from stoma.cli.session import session


def web(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0: any free one.")
    ] = None,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(case_sensitive=False, help="The least severe line of the log on stderr."),
    ] = None,
) -> None:
    """Serve the dashboard and the REST API, until Ctrl-C or SIGTERM.

    While there is neither a user nor a token, this machine needs no credentials, and no other one
    may come.
    """
    from stoma.api.serving import serve
    from stoma.settings.log_setup import begin_log

    current = session(context)
    loaded = current.loaded(
        **{"web.host": host, "web.port": port, "logging.level": log_level and str(log_level)}
    )
    begin_log(loaded.settings.logging)
    serve(loaded, clock=current.clock)
