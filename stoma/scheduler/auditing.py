"""Entering changes in the audit log: who acts is known to the thread, what changed is said."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from stoma.app import App
from stoma.domain.audit import Actor, Draft
from stoma.domain.merge import Step, StepAction
from stoma.domain.task import Json, Task
from stoma.processes import user_name
from stoma.redaction import redacted
from stoma.storage.task_rows import task_to_json

_ACTOR: ContextVar[Actor | None] = ContextVar("actor", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Let *actor* be who is said to do what is recorded in the body."""
    token = _ACTOR.set(actor)
    try:
        yield
    finally:
        _ACTOR.reset(token)


def current_actor() -> Actor:
    """Return who acts here: whoever was named, or else the user that this program runs as."""
    return _ACTOR.get() or Actor(user_name(), "program")


def record(app: App, action: str, subject: str, before: Json = None, after: Json = None) -> None:
    """Enter a change in the audit log, in the transaction of the change if that is still open.

    Call it inside `app.database.together()`, with what it tells of. Known secrets are left out.

    Args:
        app: The registry.
        action: The words of the command line: `add-task`, `pause`, `create-token`, ...
        subject: What is changed: the id of a task, the number of a run, a name.
        before: What it was; of a change, only what differs. None: there was nothing.
        after: What it is now. None: nothing is left.
    """
    app.audit.add([_draft(app, action, subject, (before, after))])


def record_tasks(app: App, action: str, changes: Iterable[tuple[Task | None, Task | None]]) -> None:
    """Enter what became of tasks, one entry each: before and after; None where there was none.

    Of a change, only the fields that differ are entered; what did not change is left out.
    """
    drafts = []
    for old, new in changes:
        one = old or new
        if one is not None and old != new:
            drafts.append(_draft(app, action, one.id, _difference(old, new)))
    app.audit.add(drafts)


def record_steps(app: App, action: str, steps: Iterable[Step], before: dict[str, Task]) -> None:
    """Enter what a preset, or a set of files, did to tasks."""
    record_tasks(
        app,
        action,
        (
            (before.get(s.task.id), None if s.action is StepAction.REMOVED else s.task)
            for s in steps
        ),
    )


def prune_audit(app: App, before: datetime) -> int:
    """Cut off the entries of the audit log from before a moment; the log says so itself."""
    said = _draft(app, "prune", "audit", (None, {"before": before.isoformat()}))
    return app.audit.prune(before, said)


def _difference(old: Task | None, new: Task | None) -> tuple[Json, Json]:
    before, after = (task_to_json(task) if task else None for task in (old, new))
    if before is None or after is None:
        return before, after
    names = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def _draft(app: App, action: str, subject: str, values: tuple[Json, Json]) -> Draft:
    before, after = map(_clean, values)
    return Draft(
        at=app.clock.now(),
        actor=current_actor(),
        action=action,
        subject=redacted(subject),
        before=before,
        after=after,
    )


def _clean(value: Json) -> Json:
    """Return *value* as JSON gives it back, without known secrets."""
    text = json.dumps(value)
    clean = redacted(text)
    if clean == text:
        found: Json = json.loads(text)
        return found
    return _each(value)


def _each(value: Json) -> Json:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {redacted(key): _each(inner) for key, inner in value.items()}
    return [_each(inner) for inner in value] if isinstance(value, list) else value
