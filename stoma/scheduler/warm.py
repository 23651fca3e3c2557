"""What attempts inherit from the process they are forked from.

To compile its statements, and to read the settings and the list of whom to trust, takes an attempt
longer than all the rest of it: that is done once, on a scratch registry.
"""

import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from stoma.app import App
from stoma.domain.item import Item, ItemKind, RawAnswer
from stoma.domain.run import Outcome, Run
from stoma.domain.task import Task
from stoma.exceptions import RegistryError
from stoma.scheduler.attempt import inherit
from stoma.scheduler.now import manual
from stoma.scheduler.placing import place
from stoma.scheduler.volumes import note_volume
from stoma.settings import load_settings
from stoma.storage.database import Database
from stoma.storage.items import PageToStore, Proof
from stoma.storage.known import KnownItems
from stoma.wire import trusted

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def prepare() -> None:
    """Prepare what attempts inherit; nothing is open afterwards."""
    trusted()
    loaded = load_settings()
    database = Database(loaded.paths.database)
    # Without room for a scratch registry each attempt does all of it itself.
    with suppress(OSError, RegistryError), tempfile.TemporaryDirectory() as folder:
        with database.elsewhere(Path(folder) / "scratch.db"):
            app = App(loaded, database=database)
            database.open(now=_LONG_AGO)
            _practise(app, _started(app))
        inherit(loaded, database)


def _started(app: App) -> Run:
    config = {"search_query": "all:x"}
    task = Task(id="x", name="x", type="arxiv", schedule="manual", config=config)
    app.tasks.add(place(task, now=_LONG_AGO, timezone="UTC"), now=_LONG_AGO)
    claimed = app.runs.add(
        manual(app.tasks.get("x")), now=_LONG_AGO, owner="x", lease_until=_LONG_AGO
    )
    return app.runs.start(claimed, now=_LONG_AGO, log_path="")


def _practise(app: App, run: Run) -> None:
    """Do on a scratch registry what attempts do on theirs."""
    app.runs.get(run.id)
    app.tasks.definition(run.task_id, run.task_version)
    app.runs.checkpoint(run.id)
    app.items.cursor(run.task_id, "x")
    item = Item(source="arxiv", kind=ItemKind.PAPER, natural_id="x", title="x", url="https://x")
    KnownItems(app.database).find([item])
    raw = RawAnswer(
        source="arxiv",
        url="https://x",
        status=200,
        media_type="text/plain",
        body=b"x",
        fetched_at=_LONG_AGO,
    )
    proof = Proof(outcome=Outcome.SUCCEEDED, query="x", cursor={})
    for page in (
        PageToStore(raw=raw, items=[item]),
        PageToStore(raw=raw, items=[item], proof=proof),
    ):
        app.items.store_page(run, page, now=_LONG_AGO)
    note_volume(app, app.runs.get(run.id))
