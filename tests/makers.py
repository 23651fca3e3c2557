"""Values of the domain that differ from the usual one only where a test says so."""

from typing import Any

from stoma.domain.item import Contributor, Identifier, Item, ItemKind, RawAnswer, Tag
from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import RunState, Trigger
from stoma.domain.task import Task
from tests.fakes import START


def make_task(task_id: str = "papers", /, **fields: Any) -> Task:
    """Return a task that differs from the usual one only in *fields*."""
    usual: dict[str, Any] = {
        "name": "Papers",
        "type": "arxiv",
        "schedule": "hourly",
        "config": {"search_query": "testing"},
    }
    return Task(id=task_id, **(usual | fields))


def make_item(natural_id: str = "2203.00001", /, **fields: Any) -> Item:
    """Return a paper that differs from the usual one only in *fields*."""
    usual: dict[str, Any] = {
        "source": "arxiv",
        "kind": ItemKind.PAPER,
        "title": "On Testing",
        "url": f"https://arxiv.org/abs/{natural_id}",
        "version_key": "v1",
        "version_seq": 1,
        "summary": "We test.",
        "contributors": (Contributor(name="José Raúl Romero"),),
        "identifiers": (Identifier("arxiv", natural_id),),
        "tags": (Tag("arxiv-category", "cs.SE", primary=True),),
    }
    return Item(natural_id=natural_id, **(usual | fields))


def make_raw(body: bytes = b"<feed/>") -> RawAnswer:
    """Return an answer with *body*."""
    return RawAnswer(
        source="arxiv",
        url="http://127.0.0.1/api/query",
        status=200,
        media_type="application/atom+xml",
        body=body,
        fetched_at=START,
    )


def make_firing(*decisions: Decision, task_id: str = "papers", **fields: Any) -> Firing:
    """Return a firing of an unplanned task; by default one manual run."""
    usual: dict[str, Any] = {
        "task_version": 1,
        "seen_next_slot_at": None,
        "next_slot_at": None,
        "next_run_at": None,
        "watermark_at": None,
        "priority": 2,
        "max_attempts": 3,
    }
    manual = Decision(state=RunState.PENDING, due_at=None, trigger=Trigger.MANUAL)
    return Firing(task_id=task_id, decisions=decisions or (manual,), **(usual | fields))
