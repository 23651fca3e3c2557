"""The task files of a scheduler: applied at its start, when they change, and when it is told to.

A file that can not be used changes nothing: what was in force stays in force, and the registry
says what is wrong until it is put right.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from stoma.app import App
from stoma.domain.merge import StepAction
from stoma.domain.task import Json
from stoma.exceptions import ConfigError, RegistryError, StomaError
from stoma.scheduler.applying import Plan, apply_files
from stoma.taskfiles import TROUBLE
from stoma.taskfiles.reading import task_paths

_log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0


class _Mark(NamedTuple):
    """What tells one state of a file from another."""

    modified_ns: int
    size: int
    inode: int


_Look: TypeAlias = dict[Path, _Mark | None]


class TaskFiles:
    """The files that the setting `scheduler.task_files` names, and what became of them."""

    def __init__(self, app: App) -> None:
        self._app = app
        beside = app.paths.config_file.parent
        #: Relative names start where the settings are.
        self.places: Sequence[Path] = [
            beside / Path(name).expanduser() for name in app.settings.scheduler.task_files
        ]
        self._read: _Look = {}
        self._seen: _Look = {}
        self._looked_at = app.clock.monotonic()

    def start(self) -> None:
        """Apply the files.

        Raises:
            ConfigError: One can not be used, or is not there; nothing was changed.
        """
        if not self.places:
            self._remember(None)
            return
        self._read = self._seen = _look(self.places)
        try:
            self._apply()
        except RegistryError:
            raise
        except StomaError as error:
            self._remember(error)
            raise ConfigError(str(error), hint=error.hint) from None

    def look(self) -> bool:
        """Apply the files if they have changed and come to rest; return whether they were read.

        At rest is a file that two looks, a second apart at least, find the same: what is half
        written is not read.
        """
        now = self._app.clock.monotonic()
        if not self.places or now - self._looked_at < _PAUSE_SECONDS:
            return False
        self._looked_at = now
        before, self._seen = self._seen, _look(self.places)
        if self._seen != before or self._seen == self._read:
            return False
        self.reload()
        return True

    def reload(self) -> None:
        """Apply the files now; what is wrong with them is logged and kept to be shown."""
        if not self.places:
            _log.info("no task files to read again: the setting scheduler.task_files is empty")
            return
        look = _look(self.places)
        try:
            self._apply()
        except RegistryError:
            raise  # not the files' fault: the next look tries again
        except StomaError as error:
            _log.error(
                "task files can not be used; what was in force stays in force: %s%s",
                error,
                f" ({error.hint})" if error.hint else "",
            )
            self._remember(error)
        self._read = self._seen = look

    def _apply(self) -> None:
        plan = apply_files(self._app, self.places)
        self._remember(None)
        _log_plan(plan)

    def _remember(self, error: StomaError | None) -> None:
        trouble: Json = {"error": str(error), "hint": error.hint} if error else None
        if trouble != self._app.state.get(TROUBLE):
            self._app.state.set(TROUBLE, trouble, now=self._app.clock.now())


def _look(places: Sequence[Path]) -> _Look:
    found: _Look = {}
    for place in places:
        try:
            found |= {path: _mark(path) for path in task_paths([place])}
        except ConfigError:  # an empty folder, or one that may not be read: applying says so
            found[place] = None
    return found


def _mark(path: Path) -> _Mark | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return _Mark(status.st_mtime_ns, status.st_size, status.st_ino)


def _log_plan(plan: Plan) -> None:
    for text in plan.notes:
        _log.info("%s", text)
    for left_out in plan.left_out:
        _log.warning("%s: task %s %s; left out", left_out.where, left_out.task_id, left_out.reason)
    for task_id in plan.orphans:
        _log.warning(
            "task %s is no longer in its file and stays: "
            "apply -f FILE --prune, or remove-task, takes it away",
            task_id,
        )
    for line in plan.lines:
        fields = f" ({', '.join(line.step.changed_fields)})" if line.step.changed_fields else ""
        level = logging.DEBUG if line.step.action is StepAction.UNCHANGED else logging.INFO
        _log.log(level, "%s: task %s %s%s", line.where, line.step.task.id, line.step.action, fields)
