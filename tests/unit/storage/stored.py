"""A registry with items in it."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from stoma.domain.coverage import Days
from stoma.domain.item import Item, RawAnswer
from stoma.domain.run import Outcome, Run
from stoma.domain.task import Json
from stoma.storage.database import Database
from stoma.storage.items import ItemStore, PageToStore, Proof
from stoma.storage.runs import RunStore
from stoma.storage.schema import format_utc
from tests.fakes import START
from tests.makers import make_firing, make_raw


def collected(
    database: Database,
    *items: Item,
    task_id: str = "papers",
    now: datetime = START,
    raw: RawAnswer | None = None,
    cursor: Mapping[str, Json] | None = None,
    covered: Days | None = None,
) -> Run:
    """A run that brought *items* in one answer; with a *cursor* it proves its end."""
    runs = RunStore(database)
    added = runs.add(make_firing(task_id=task_id), now=now, owner="me", lease_until=now)
    run = runs.start(added, now=now, log_path="")
    proof = Proof(outcome=Outcome.SUCCEEDED, query="q", cursor=cursor, covered=covered)
    answer = raw or make_raw(f"<feed>{run.id}</feed>".encode())
    page = PageToStore(raw=answer, items=items, proof=proof)
    ItemStore(database).store_page(run, page, now=now)
    return run


def ledger_of(connection: sqlite3.Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Let the ledger hold these runs and no others; what a row leaves out is the usual."""
    connection.execute("DELETE FROM runs")
    for number, row in enumerate(rows, 1):
        usual = {
            "id": number,
            "task_version": 1,
            "trigger": "schedule",
            "priority": 2,
            "max_attempts": 1,
            "created_at": format_utc(START),
        }
        full = usual | dict(row)
        marks = ", ".join(f":{name}" for name in full)
        connection.execute(f"INSERT INTO runs ({', '.join(full)}) VALUES ({marks})", full)
