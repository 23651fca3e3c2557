"""Adding, changing, enabling, disabling and removing tasks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from stoma.app import App
from stoma.collectors import COLLECTORS
from stoma.domain.run import RunState
from stoma.domain.task import DEFINITION_FIELDS, Json, StoredTask, Task
from stoma.exceptions import UsageError
from stoma.operations.audited import record, record_tasks
from stoma.operations.coming import Outlook, Question, outlook_of
from stoma.scheduler.closing import close, close_changed
from stoma.scheduler.heralding import unknown_channels
from stoma.scheduler.placing import first, place, schedule_of
from stoma.schedules import ensure_fires
from stoma.storage.read import reading
from stoma.storage.tasks import Next
from stoma.text import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different in a task.

    Attributes:
        fields: New values of a definition, by the names of `Task`; its config as a whole too.
        config_set: Keys of the config that get a new value.
        config_unset: Keys that are taken out of the config.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    config_set: Mapping[str, Json] = field(default_factory=dict)
    config_unset: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A task as it is stored, when it is due, and what is worth knowing of it."""

    task: StoredTask
    outlook: Outlook
    notes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited(Registered):
    """A task that was changed, and what it was before."""

    before: Task

    @property
    def changes(self) -> list[tuple[str, object, object]]:
        """The fields that differ, with their old and new values; a config key by key."""
        old, new = _flat(self.before), _flat(self.task.definition)
        names = dict.fromkeys([*old, *new])
        return [(n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A task that is no longer registered, and what stays of it."""

    task_id: str
    runs: int
    items: int
    running: Sequence[int]  #: runs that are still going; they come to their end


def add_task(app: App, task: Task) -> Registered:
    """Register a new task.

    Raises:
        TaskExistsError: The id is taken.
        UsageError: The type, config or schedule can not be used.
    """
    now = app.clock.now()
    placed = place(task, now=now, timezone=app.settings.timezone, own=app.own)
    ensure_fires(schedule_of(task, app.settings.timezone), now)
    with app.database.together():
        added = app.tasks.add(placed, now=now)
        record_tasks(app, "add-task", [(None, task)])
    return _registered(app, added)


def edit_task(app: App, task_id: str, change: Change) -> Edited:
    """Change a registered task. Its next slot stays unless its schedule changes.

    Raises:
        NotFoundError: There is no such task.
        UsageError: It would become one that can not be used.
    """
    now, timezone = app.clock.now(), app.settings.timezone
    stored = app.tasks.get(task_id)
    before = stored.definition
    after = _changed(before, change)
    base = app.tasks.bases().get(task_id)
    placed = place(after, now=now, timezone=timezone, preset=stored.preset, base=base, own=app.own)
    if (after.schedule, after.timezone) == (before.schedule, before.timezone):
        # A slot that is due but not yet decided is not lost by a change of something else.
        placed = replace(placed, next=Next(stored.next_slot_at, stored.next_run_at))
    else:
        ensure_fires(schedule_of(after, timezone), now)
    if after != before:
        with app.database.together():
            close_changed(app, [after])
            app.tasks.put([placed], now=now)
            record_tasks(app, "edit-task", [(before, after)])
    known = _registered(app, app.tasks.get(task_id))
    return Edited(before=before, task=known.task, outlook=known.outlook, notes=known.notes)


def enable_tasks(app: App, task_ids: Iterable[str]) -> list[Registered]:
    """Enable tasks, all or none; one that is enabled already keeps its next slot.

    Raises:
        NotFoundError: One does not exist; nothing was changed.
    """
    ids = list(dict.fromkeys(task_ids))
    now, timezone = app.clock.now(), app.settings.timezone
    disabled = [task for task in map(app.tasks.get, ids) if not task.enabled]
    coming = {task.id: first(schedule_of(task, timezone), now) for task in disabled}
    with app.database.together():
        app.tasks.set_enabled(coming, enabled=True)
        for task in disabled:
            was: dict[str, Json] = {"enabled": False, "reason": task.disabled_reason}
            record(app, "enable-task", task.id, was, {"enabled": True})
    return [_registered(app, app.tasks.get(task_id)) for task_id in ids]


def disable_tasks(
    app: App, task_ids: Iterable[str], *, reason: str = "", until: datetime | None = None
) -> list[StoredTask]:
    """Disable tasks, all or none: they are kept, and no slot of theirs is due any more.

    Args:
        app: The registry.
        task_ids: The tasks.
        reason: Kept with them.
        until: The scheduler enables them again at this moment; None: somebody has to.

    Raises:
        UsageError: *until* is past already.
        NotFoundError: One does not exist; nothing was changed.
    """
    refuse_past(until, app.clock.now())
    ids = list(dict.fromkeys(task_ids))
    why = f"the task was disabled{f': {reason}' if reason else ''}"
    tasks = [app.tasks.get(task_id) for task_id in ids]
    with app.database.together():
        close(app, tasks, reason="disabled", detail=why)
        off = dict.fromkeys(ids, Next())
        app.tasks.set_enabled(off, enabled=False, reason=reason, until=until)
        for task in tasks:
            now: dict[str, Json] = {"enabled": False, "reason": reason}
            if until is not None:
                now["until"] = until.isoformat()
            record(app, "disable-task", task.id, {"enabled": task.enabled}, now)
    return [app.tasks.get(task_id) for task_id in ids]


def refuse_past(until: datetime | None, now: datetime) -> None:
    """Check that the moment up to which something holds is to come.

    Raises:
        UsageError: It is past already.
    """
    if until is not None and until <= now:
        raise UsageError(
            f"--until is {until.isoformat()}, which is past", hint=f"it is {now:%Y-%m-%dT%H:%M}Z"
        )


def kept_of(app: App, task_ids: Iterable[str]) -> list[Removed]:
    """Return what would stay of tasks if they were removed.

    Raises:
        NotFoundError: One does not exist.
    """
    found = []
    with reading(app.paths.database) as reader:
        for task_id in dict.fromkeys(task_ids):
            app.tasks.get(task_id)
            detail = reader.task(task_id) if reader else None
            going = [r.id for r in app.runs.active([task_id]) if r.state is RunState.RUNNING]
            found.append(
                Removed(
                    task_id=task_id,
                    runs=detail.runs if detail else 0,
                    items=detail.items if detail else 0,
                    running=going,
                )
            )
    return found


def remove_tasks(app: App, task_ids: Iterable[str]) -> list[Removed]:
    """Remove tasks. Their runs and what they collected stay.

    Raises:
        NotFoundError: One does not exist; nothing was changed.
    """
    found = kept_of(app, task_ids)
    tasks = [app.tasks.get(each.task_id) for each in found]
    with app.database.together():
        close(app, tasks, reason="removed", detail="the task was removed before it was decided")
        for each in found:
            app.tasks.remove(each.task_id)
        record_tasks(app, "remove-task", [(task.definition, None) for task in tasks])
    return found


def _registered(app: App, task: StoredTask) -> Registered:
    question = Question(moment=app.clock.now(), count=3, timezone=app.settings.timezone)
    found = outlook_of(task, question)
    notes = [*found.notes, *found.warnings]
    needed = app.needs(COLLECTORS.get(task.type, app.own)) if app.own.runs else ""
    if needed:
        notes.append(needed)
    missing = unknown_channels(app, task)
    if missing:
        notes.append(f"notify names {', '.join(missing)}, and no setting has such a channel")
    return Registered(task=task, outlook=found, notes=notes)


def _changed(task: Task, change: Change) -> Task:
    unknown = [name for name in change.config_unset if name not in task.config]
    if unknown:
        raise UsageError(
            f"task {task.id!r}: config has no {unknown[0]!r} to take out",
            hint=did_you_mean(unknown[0], task.config),
        )
    config = {**change.fields.get("config", task.config), **change.config_set}
    kept = {key: value for key, value in config.items() if key not in change.config_unset}
    return replace(task, **{**change.fields, "config": kept})


def _flat(task: Task) -> dict[str, object]:
    plain = {name: getattr(task, name) for name in DEFINITION_FIELDS if name != "config"}
    return plain | {f"config.{key}": value for key, value in task.config.items()}
