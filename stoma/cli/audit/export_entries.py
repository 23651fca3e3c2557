"""`stoma audit export`."""

import json

import typer

from stoma.cli.audit.views import Wanted, entry_view
from stoma.cli.options import bundled
from stoma.cli.session import session
from stoma.cli.streams import put
from stoma.operations import audit


@bundled
def export_entries(context: typer.Context, wanted: Wanted) -> None:
    """Print the log, oldest first, one JSON object per line."""
    current = session(context)
    view = entry_view(current.times(utc=True))
    with current.reader() as reader:
        for entry in audit.export_entries(reader, wanted.filter):
            put(json.dumps({name: field(entry) for name, field in view.fields.items()}) + "\n")
