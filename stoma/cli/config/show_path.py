"""`stoma config path`."""

from collections.abc import Callable
from dataclasses import fields

import typer

from stoma.cli.output import Output, View, reads
from stoma.cli.pages import facts
from stoma.cli.session import session
from stoma.domain.task import Json
from stoma.settings import Paths

_NAMES = tuple(each.name for each in fields(Paths))


@reads
def show_path(context: typer.Context, *, out: Output) -> None:
    """Show where everything is: settings, registry, logs, presets."""
    view: View[Paths] = View(
        fields={name: _path(name) for name in _NAMES},
        name=lambda paths: str(paths.config_file),
    )
    paths = session(context).place.paths
    out.one(view, paths, lambda: facts((name, str(view.fields[name](paths))) for name in _NAMES))


def _path(name: str) -> Callable[[Paths], Json]:
    def text(paths: Paths) -> Json:
        value = getattr(paths, name)
        return None if value is None else str(value)

    return text
