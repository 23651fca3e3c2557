"""Task files into the registry: what a set of files says becomes what there is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from stoma.app import App
from stoma.collectors import COLLECTORS
from stoma.domain.dependency import find_cycle
from stoma.domain.merge import Step, StepAction, plan_load, plan_removal
from stoma.domain.task import StoredTask, Task
from stoma.exceptions import (
    ConfigError,
    OwnCodeError,
    ScheduleError,
    TaskConfigError,
    UnknownTypeError,
    UsageError,
)
from stoma.owncode import OwnCode
from stoma.scheduler.auditing import record_steps
from stoma.scheduler.closing import close, close_changed
from stoma.scheduler.forecast import Forecast, forecast
from stoma.scheduler.placing import place
from stoma.storage.tasks import Next, Placed
from stoma.taskfiles.foreign import PLANNED
from stoma.taskfiles.reading import LeftOut, TaskFile, read_task_file, task_paths
from stoma.text import did_you_mean

#: A task's origin, kept as its preset, begins so if an applied file brought it.
ORIGIN: Final = "file:"
#: When one of these changes, the next slot is computed anew.
TIMED: Final = frozenset({"schedule", "timezone", "enabled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """What applying does to one task."""

    step: Step
    forecast: Forecast
    where: str  #: `file:line`; empty for one that is removed
    note: str = ""  #: what is worth knowing of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What applying a set of files does, or would do."""

    lines: Sequence[PlanLine]
    left_out: Sequence[LeftOut]  #: what this version can not have
    orphans: Sequence[str]  #: came from these files, which no longer have them; they stay
    notes: Sequence[str]  #: what the files say without effect

    @property
    def changed(self) -> Sequence[PlanLine]:
        """The lines that do something."""
        quiet = {StepAction.UNCHANGED, StepAction.KEPT}
        return [line for line in self.lines if line.step.action not in quiet]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registry:
    """What is registered before."""

    tasks: Mapping[str, StoredTask]
    bases: Mapping[str, Task]
    now: datetime
    timezone: str
    own: OwnCode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incoming:
    """What a set of files says, as far as this version can have it."""

    tasks: Sequence[Task]
    files: Mapping[str, TaskFile]  #: of each task, those left out too
    left_out: Sequence[LeftOut]


def origin_of(path: Path) -> str:
    """Return what a task that the file *path* brought is remembered by."""
    return f"{ORIGIN}{path.resolve()}"


def apply_files(
    app: App,
    places: Sequence[Path],
    *,
    prune: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> Plan:
    """Bring the tasks of files into the registry, all or none; twice changes nothing.

    What the user edited since stays, as with presets. A task that needs a part which this version
    does not have is left out, and so is one that runs after it.

    Args:
        app: The registry.
        places: Files, and folders of files.
        prune: Remove the tasks that came from these files and are no longer in them.
        force: Take the files' values over the user's own edits.
        dry_run: Only plan.

    Raises:
        NotFoundError: There is no such file.
        ConfigError: A file can not be used; the message names every fault.
    """
    incoming, notes = _read(places, app.settings.timezone)
    registry = _Registry(
        tasks={task.id: task for task in app.tasks.all()},
        bases=app.tasks.bases(),
        now=app.clock.now(),
        timezone=app.settings.timezone,
        own=app.own,
    )
    gone = _gone(places, incoming, registry)
    removed = gone if prune else []
    staying = registry.tasks.keys() - {*removed}
    incoming = _startable(incoming, staying)
    _check(incoming, registry, staying)
    current = {task_id: stored.definition for task_id, stored in registry.tasks.items()}
    steps = plan_load(incoming.tasks, current, registry.bases, force=force)
    steps += plan_removal(current[task_id] for task_id in removed)
    lines = [_line(step, incoming, registry) for step in steps]
    _check_circles(lines, current)
    writes = [each.step for each in lines if _differs(each.step, incoming, registry)]
    if not dry_run and (writes or removed):
        placed = [_placed(step, incoming, registry) for step in writes]
        with app.database.together():
            _close(app, writes, [registry.tasks[task_id] for task_id in removed])
            app.tasks.put(placed, now=registry.now, removed=removed)
            record_steps(app, "apply", steps, current)
    orphans = [task_id for task_id in gone if task_id not in removed]
    return Plan(lines=lines, left_out=incoming.left_out, orphans=orphans, notes=notes)


def _read(places: Sequence[Path], timezone: str) -> tuple[_Incoming, list[str]]:
    files: dict[str, TaskFile] = {}
    tasks: list[Task] = []
    left_out: list[LeftOut] = []
    notes: list[str] = []
    faults = _Faults()
    for path in task_paths(places):
        try:
            file = read_task_file(path, timezone=timezone)
        except ConfigError as error:
            faults.add(str(error), error.hint)
            continue
        for task_id in file.places:
            if task_id in files:
                where, other = file.where(task_id), files[task_id].where(task_id)
                faults.add(f"{where}: task {task_id!r} is in {other} too", "keep one of them")
        files |= dict.fromkeys(file.places, file)
        tasks += file.tasks
        left_out += file.left_out
        notes += file.notes
    faults.throw()
    return _Incoming(tasks=tasks, files=files, left_out=left_out), notes


def _gone(places: Sequence[Path], incoming: _Incoming, registry: _Registry) -> list[str]:
    """Return the tasks that came from *places* and are no longer there."""
    roots = [place.resolve() for place in places]
    found = []
    for task_id, stored in registry.tasks.items():
        origin = stored.preset or ""
        if task_id in incoming.files or not origin.startswith(ORIGIN):
            continue
        path = Path(origin.removeprefix(ORIGIN))
        if any(root in (path, *path.parents) for root in roots):
            found.append(task_id)
    return found


def _startable(incoming: _Incoming, staying: Set[str]) -> _Incoming:
    """Leave out what needs a part that is to come, and what runs after something left out."""
    left_out = {each.task_id: each for each in incoming.left_out}
    tasks = list(incoming.tasks)
    while True:
        kept = []
        for task in tasks:
            reason = _reason(task, left_out, staying)
            if reason:
                where = incoming.files[task.id].where(task.id)
                left_out[task.id] = LeftOut(task.id, where, reason)
            else:
                kept.append(task)
        if len(kept) == len(tasks):
            return replace(incoming, tasks=tasks, left_out=list(left_out.values()))
        tasks = kept


def _reason(task: Task, left_out: Mapping[str, LeftOut], staying: Set[str]) -> str:
    if task.type in PLANNED and task.type not in COLLECTORS:
        return f"needs the {task.type} action, which is not part of this version"
    missing = [name for name in task.upstreams if name in left_out and name not in staying]
    return f"runs after {missing[0]!r}, which is left out" if missing else ""


class _Faults:
    """What is wrong with files, gathered to be said at once."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._hints: dict[str, None] = {}

    def add(self, text: str, hint: str = "") -> None:
        self._texts.append(text)
        self._hints |= {hint: None} if hint else {}

    def throw(self) -> None:
        if self._texts:
            raise ConfigError("; ".join(self._texts), hint="; ".join(self._hints))


def _check(incoming: _Incoming, registry: _Registry, staying: Set[str]) -> None:
    """Refuse what could not be stored, with its place in the file.

    Raises:
        ConfigError: It names every fault.
    """
    faults = _Faults()
    known = staying | {task.id for task in incoming.tasks}
    for task in incoming.tasks:
        where = incoming.files[task.id].where
        try:
            place(task, now=registry.now, timezone=registry.timezone, own=registry.own)
        except UsageError as error:
            text = str(error).removeprefix(f"task {task.id!r}: ")
            faults.add(f"{where(task.id, *_keys(error))}: task {task.id!r}: {text}", error.hint)
        for name in task.upstreams:
            if name not in known:
                text = f"task {task.id!r}: runs after {name!r}, and there is no such task"
                faults.add(f"{where(task.id, 'after')}: {text}", did_you_mean(name, known))
    faults.throw()


def _keys(error: UsageError) -> tuple[str, ...]:
    if isinstance(error, TaskConfigError):
        return ("config", *error.key.split("."))
    if isinstance(error, UnknownTypeError | OwnCodeError):
        return ("type",)
    return ("schedule",) if isinstance(error, ScheduleError) else ("only_if",)


def _check_circles(lines: Iterable[PlanLine], current: Mapping[str, Task]) -> None:
    gone = {line.step.task.id for line in lines if line.step.action is StepAction.REMOVED}
    after = {**current, **{line.step.task.id: line.step.task for line in lines}}
    cycle = find_cycle(
        {task_id: list(task.upstreams) for task_id, task in after.items() if task_id not in gone}
    )
    if cycle:
        raise ConfigError(
            f"tasks would run after each other in a circle: {' after '.join(cycle)}",
            hint="take one of them out of `after`",
        )


def _line(step: Step, incoming: _Incoming, registry: _Registry) -> PlanLine:
    stored, file = registry.tasks.get(step.task.id), incoming.files.get(step.task.id)
    where = file.where(step.task.id) if file else ""
    return PlanLine(
        step=step,
        forecast=step_forecast(step, stored, now=registry.now, timezone=registry.timezone),
        where=where,
        note="; ".join(_notes(step, incoming, registry)),
    )


def step_forecast(
    step: Step, stored: StoredTask | None, *, now: datetime, timezone: str
) -> Forecast:
    """Return which fires a step loses and gains."""
    after = None if step.action is StepAction.REMOVED else step.task
    if stored is not None and after is not None and not TIMED & {*step.changed_fields}:
        return forecast(None, None, now=now)
    return forecast(stored, after, now=now, timezone=timezone)


def _notes(step: Step, incoming: _Incoming, registry: _Registry) -> Iterator[str]:
    stored = registry.tasks.get(step.task.id)
    if stored is None:
        return
    if step.action is StepAction.REMOVED:
        later = [task.id for task in registry.tasks.values() if stored.id in task.upstreams]
        yield from [f"run after it: {', '.join(later)}"] if later else []
    elif step.base is None:
        yield from ["made by hand; --force lets the file have it"] if step.kept_fields else []
    elif stored.preset != origin_of(incoming.files[stored.id].path):
        yield f"came from {_origin(stored)} before"


def _origin(stored: StoredTask) -> str:
    """Return where a task came from, in words."""
    if stored.preset is None:
        return "you"
    path = stored.preset.removeprefix(ORIGIN)
    return path if path != stored.preset else f"preset {path}"


def _differs(step: Step, incoming: _Incoming, registry: _Registry) -> bool:
    """Return whether a step writes anything that the registry does not say yet."""
    if step.action is StepAction.REMOVED:
        return False
    stored = registry.tasks.get(step.task.id)
    if stored is None or stored.definition != step.task:
        return True
    origin = origin_of(incoming.files[stored.id].path)
    known = (stored.preset, registry.bases.get(stored.id))
    return step.base is not None and known != (origin, step.base)


def _close(app: App, writes: Sequence[Step], removed: Sequence[StoredTask]) -> None:
    """Record what is due under definitions that change or go."""
    close_changed(app, [step.task for step in writes])
    close(app, removed, reason="removed", detail="the task was removed before it was decided")


def _placed(step: Step, incoming: _Incoming, registry: _Registry) -> Placed:
    placed = place(
        step.task,
        now=registry.now,
        timezone=registry.timezone,
        preset=origin_of(incoming.files[step.task.id].path),
        base=step.base,
        own=registry.own,
    )
    stored = registry.tasks.get(step.task.id)
    if stored is None or TIMED & {*step.changed_fields}:
        return placed
    # A slot that is due but not yet decided is not lost by a change of something else.
    return replace(placed, next=Next(stored.next_slot_at, stored.next_run_at))
