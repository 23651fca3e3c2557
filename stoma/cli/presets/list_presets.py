"""`stoma presets list`."""

import typer

from stoma.cli.output import Output, reads
from stoma.cli.session import session


@reads
def list_presets(context: typer.Context, *, out: Output) -> None:
    """List the presets there are: yours, and the built-in ones."""
    from stoma.cli.presets.views import preset_view
    from stoma.operations.presets import list_presets as listed

    place = session(context).place
    found = listed(place.paths.user_presets_dir, timezone=place.timezone)
    out.emit(preset_view(place.paths.user_presets_dir), found)
