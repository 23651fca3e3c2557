"""Presets: what there is, what is in them, and the way into the registry and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stoma.app import App
from stoma.domain.merge import Step
from stoma.domain.task import StoredTask, Task
from stoma.exceptions import (
    OwnCodeError,
    PresetError,
    StomaError,
    TaskConfigError,
    UnknownTypeError,
)
from stoma.owncode import OwnCode
from stoma.presets import (
    Preset,
    dump_preset,
    load_preset,
    preset_folders,
    preset_names,
    validate_file,
)
from stoma.scheduler.applying import step_forecast
from stoma.scheduler.forecast import Forecast
from stoma.scheduler.loading import load
from stoma.scheduler.placing import check_parts, first, schedule_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A preset there is: itself, or why it can not be used."""

    name: str
    preset: Preset | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that was checked: what is in it, or what is wrong with it."""

    path: Path
    preset: Preset | None = None
    error: StomaError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLine:
    """What loading did to one task, and when it runs next."""

    step: Step
    next_run_at: datetime | None
    forecast: Forecast  #: the fires it loses and gains


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What loading a preset did, or would do."""

    preset: Preset
    lines: Sequence[LoadLine]


def list_presets(user_folder: Path, *, timezone: str) -> list[Listed]:
    """Return every preset by name, the user's own and the built-in ones."""
    folders = preset_folders(user_folder)
    return [_listed(name, folders, timezone) for name in preset_names(folders)]


def show_preset(name: str, user_folder: Path, *, timezone: str) -> Preset:
    """Return one preset.

    Raises:
        NotFoundError: There is none of that name.
        PresetError: Its file can not be used.
    """
    return load_preset(name, preset_folders(user_folder), timezone=timezone)


def check_files(
    paths: Iterable[Path], *, timezone: str, own: OwnCode | None = None
) -> list[Checked]:
    """Check preset files as loading them would, configs included; *own* is the user's code."""
    return [_checked(path, timezone, own or OwnCode()) for path in paths]


def export_preset(app: App, name: str, task_ids: Sequence[str], *, description: str = "") -> str:
    """Return registered tasks as the text of a preset; all tasks if no id is given.

    Raises:
        NotFoundError: One of the tasks does not exist.
        UsageError: The name can not be used, or there is nothing to export.
    """
    found = [app.tasks.get(task_id) for task_id in task_ids] if task_ids else app.tasks.all()
    return dump_preset(name, description, [task.definition for task in found])


def load_into(app: App, name: str, *, force: bool = False, dry_run: bool = False) -> LoadReport:
    """Bring the tasks of a preset into the registry; loading twice changes nothing.

    Raises:
        NotFoundError: There is no such preset.
        ConfigError: Its file can not be used.
        UsageError: A task in it can not be used.
    """
    now, before = app.clock.now(), {task.id: task for task in app.tasks.all()}
    loading = load(app, name, force=force, dry_run=dry_run)
    after = {task.id: task for task in loading.tasks} if not dry_run else before
    lines = [
        LoadLine(
            step=step,
            next_run_at=_next(app, step, after.get(step.task.id), dry_run),
            forecast=step_forecast(
                step, before.get(step.task.id), now=now, timezone=app.settings.timezone
            ),
        )
        for step in loading.steps
    ]
    return LoadReport(preset=loading.preset, lines=lines)


def _next(app: App, step: Step, stored: StoredTask | None, dry_run: bool) -> datetime | None:
    """Return when a task runs next; in a dry run, when it would."""
    timed = {"schedule", "timezone", "enabled"} & {*step.changed_fields}
    if stored is not None and not (dry_run and timed):
        return stored.next_run_at
    if not step.task.enabled:
        return None
    return first(schedule_of(step.task, app.settings.timezone), app.clock.now()).run_at


def _listed(name: str, folders: Sequence[Path], timezone: str) -> Listed:
    try:
        return Listed(name=name, preset=load_preset(name, folders, timezone=timezone))
    except PresetError as error:
        return Listed(name=name, preset=None, error=str(error))


def _checked(path: Path, timezone: str, own: OwnCode) -> Checked:
    try:
        preset = validate_file(path, timezone=timezone)
    except StomaError as error:
        return Checked(path=path, error=error)
    faults = [each for task in preset.tasks if (each := _fault(preset, task, own))]
    if not faults:
        return Checked(path=path, preset=preset)
    hints = dict.fromkeys(hint for _, hint in faults if hint)
    fault = PresetError("; ".join(text for text, _ in faults), hint="; ".join(hints))
    return Checked(path=path, error=fault)


def _fault(preset: Preset, task: Task, own: OwnCode) -> tuple[str, str] | None:
    """Return what the type of *task* has against it, with its place, and the way out."""
    try:
        check_parts(task, own)
    except TaskConfigError as error:
        where = preset.where("tasks", task.id, "config", *error.key.split("."))
        return f"{where}: {error}", error.hint
    except (OwnCodeError, UnknownTypeError) as error:
        return f"{preset.where('tasks', task.id, 'type')}: task {task.id!r}: {error}", error.hint
    return None
