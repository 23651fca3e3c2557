"""The root of the command line, and the way in: `stoma`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from stoma.boundary import exit_codes
from stoma.cli.lazy import LazyGroup
from stoma.cli.session import Session
from stoma.cli.streams import open_streams
from stoma.clock import Clock, SystemClock
from stoma.exceptions import StomaError, UsageError
from stoma.settings import completing, debug_enabled
from stoma.text import safe
from stoma.version import __version__


class Root(LazyGroup):
    """The top-level commands."""

    table = {
        "scheduler": "stoma.cli.scheduler:GROUP",
        "presets": "stoma.cli.presets:GROUP",
        "items": "stoma.cli.items:GROUP",
        "config": "stoma.cli.config:GROUP",
        "db": "stoma.cli.db:GROUP",
        "web": "stoma.cli.web:web",
        "users": "stoma.cli.users:GROUP",
        "tokens": "stoma.cli.tokens:GROUP",
        "audit": "stoma.cli.audit:GROUP",
        "secrets": "stoma.cli.secrets:GROUP",
        "notify": "stoma.cli.notify:GROUP",
        "service": "stoma.cli.service:GROUP",
        "doctor": "stoma.cli.doctor:doctor",
        "metrics": "stoma.cli.metrics:metrics",
        "version": "stoma.cli.version:version",
        "help": "stoma.cli.topics:topics",
    }


app = typer.Typer(
    cls=Root,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Collect papers, repositories and filings on schedule into a local, searchable database.",
    epilog="Exit codes: stoma help exit-codes",
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"stoma {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="One folder for settings, registry and logs (STOMA_HOME)."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Collect papers, repositories and filings on schedule into a local, searchable database."""
    clock: Clock = context.obj or SystemClock()
    context.obj = Session(home=Path(home) if home else None, clock=clock)


def command_tree() -> Any:
    """Return the root of all commands, for whoever documents them."""
    return get_command(app)


def invoke(arguments: list[str], *, clock: Clock | None = None) -> None:
    """Run one command line.

    Raises:
        SystemExit: With the documented exit code, unless it is 0.
        StomaError: The command failed; its exit code is on the error.
    """
    _check_text(arguments)
    command = command_tree()
    try:
        code = command.main(args=arguments, prog_name="stoma", standalone_mode=False, obj=clock)
    except typer.TyperException as error:
        _usage(error)
        raise SystemExit(error.exit_code) from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if isinstance(code, int) and code:
        raise SystemExit(code)


def _check_text(arguments: list[str]) -> None:
    """Refuse bytes that are no text: nothing that is stored could hold them."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{argument!r} is not UTF-8 text") from None


def _usage(error: typer.TyperException) -> None:
    """Print a usage error as one line and where to read on."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if not message or type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{context.get_help() if context else message}\n")
        return
    lines = [f"error: {safe(message)}"]
    if context is not None:
        lines.append(f"  see: {context.command_path} --help")
    sys.stderr.write("\n".join(lines) + "\n")


def run() -> None:
    """Run the command line; the only place where an error becomes an exit code."""
    open_streams()
    if completing():
        # Typer cleans help with rich where it finds it. Ours is clean, and rich slow to load:
        # None bars its import.
        sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    with exit_codes(debug=debug_enabled()):
        try:
            invoke(sys.argv[1:])
        except StomaError:
            raise
        except Exception as error:  # a bug: of no use to who typed the command, of much to us
            if debug_enabled():
                raise
            from stoma.cli.bugs import keep

            keep(error)
            raise SystemExit(1) from None
