"""Presets into the registry: what is new, what changed, what the user's own edits keep."""

from collections.abc import Sequence
from dataclasses import dataclass

from stoma.app import App
from stoma.domain.merge import Step, plan_load
from stoma.domain.task import StoredTask
from stoma.presets import Preset, load_preset, preset_folders
from stoma.scheduler.auditing import record_steps
from stoma.scheduler.closing import close_changed
from stoma.scheduler.placing import place


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """What loading a preset does, or would do."""

    preset: Preset
    steps: Sequence[Step]
    tasks: Sequence[StoredTask]  #: as stored afterwards; empty after a dry run


def load(app: App, name: str, *, force: bool = False, dry_run: bool = False) -> Loading:
    """Bring the tasks of a preset into the registry; loading twice changes nothing.

    Raises:
        NotFoundError: There is no such preset.
        PresetError: Its file can not be used.
        UsageError: A task in it can not be used.
    """
    preset = load_preset(
        name, preset_folders(app.paths.user_presets_dir), timezone=app.settings.timezone
    )
    now, timezone = app.clock.now(), app.settings.timezone
    current = {task.id: task.definition for task in app.tasks.all()}
    steps = plan_load(preset.tasks, current, app.tasks.bases(), force=force)
    placed = [
        place(
            step.task,
            now=now,
            timezone=timezone,
            preset=preset.name if step.base else None,
            base=step.base,
            own=app.own,
        )
        for step in steps
    ]
    if dry_run:
        return Loading(preset=preset, steps=steps, tasks=())
    with app.database.together():
        close_changed(app, [each.task for each in placed])
        app.tasks.put(placed, now=now)
        record_steps(app, "load-preset", steps, current)
    ids = {task.id for task in preset.tasks}
    return Loading(
        preset=preset, steps=steps, tasks=[task for task in app.tasks.all() if task.id in ids]
    )
