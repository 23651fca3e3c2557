"""`stoma presets export`."""

from pathlib import Path
from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.session import session
from stoma.cli.streams import note, put
from stoma.exceptions import ConflictError, UsageError


def export_preset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the preset is called.")],
    task_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TASK_ID", help="All tasks, if none.", autocompletion=completion.task_ids
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A new file; stdout, if not given.")
    ] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
) -> None:
    """Write tasks as a preset that loads back to the same tasks."""
    from stoma.operations.presets import export_preset as export

    with session(context).app() as app:
        text = export(app, name, task_ids or (), description=description)
    if to is None:
        put(text)
        return
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConflictError(f"{to} exists already", hint="choose another name") from None
    except OSError as error:
        raise UsageError(f"{to} can not be written: {error.strerror}") from None
    note(f"written to {to}")
