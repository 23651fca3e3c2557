"""`stoma presets show`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.output import Output, reads
from stoma.cli.session import session
from stoma.cli.streams import note


@reads
def show_preset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(autocompletion=completion.presets)],
    *,
    out: Output,
) -> None:
    """Show the tasks of a preset."""
    from stoma.cli.presets.views import task_view
    from stoma.operations.presets import show_preset as shown

    place = session(context).place
    preset = shown(name, place.paths.user_presets_dir, timezone=place.timezone)
    if out.for_people:
        note(f"{preset.name}: {preset.description}" if preset.description else preset.name)
        note(f"{preset.path}{f', instead of {preset.shadows}' if preset.shadows else ''}")
    out.emit(task_view(place.timezone), preset.tasks)
