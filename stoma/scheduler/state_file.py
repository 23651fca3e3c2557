"""The state of the scheduler as one JSON file, for scripts that read a file sooner than ask.

Whatever needs it is in the registry; the file is a copy, written anew when that changes.
"""

import json
import math
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stoma.domain.task import Json
from stoma.scheduler.aside import Aside
from stoma.storage.read import Reader, SchedulerLine, reading
from stoma.storage.read_rows import TaskLine
from stoma.version import __version__

if TYPE_CHECKING:
    from stoma.app import App

#: It is not written more often, however much happens.
_PAUSE_SECONDS: Final = 1.0
#: How long the last state may take to be written at the end.
_LAST_SECONDS: Final = 10.0


def scheduler_state(reader: Reader | None, registry: Path, now: datetime) -> dict[str, Json]:
    """Return the state of a registry as the file holds it; None stands for one not there yet."""
    scheduler = reader.scheduler() if reader else None
    tasks = reader.tasks() if reader else []
    return {
        "written_at": _iso(now),
        "version": __version__,
        "registry": str(registry),
        "running": scheduler is not None,
        "scheduler": _scheduler(scheduler),
        "tasks": {task.id: _task(task) for task in tasks},
    }


def write_state(registry: Path, target: Path, now: datetime) -> None:
    """Write the state of *registry* to *target*: whole, or not at all.

    Raises:
        OSError: The file can not be written.
        RegistryError: The registry can not be read.
    """
    with reading(registry) as reader:
        state = scheduler_state(reader, registry, now)
    text = json.dumps(state, indent=2, ensure_ascii=True) + "\n"
    fresh = target.with_name(f".{target.name}.new")
    fresh.write_text(text, encoding="ascii")
    fresh.chmod(0o600)
    fresh.replace(target)


class StateFile:
    """Keeps the file that the setting `scheduler.state_file` names up to date."""

    def __init__(self, app: "App") -> None:
        self._app = app
        name = app.settings.scheduler.state_file
        self._path = app.paths.database.parent / Path(name).expanduser() if name else None
        self._aside = Aside("state file")
        self._seen = -1
        self._written_at = -math.inf

    def look(self) -> None:
        """Have the file written if the registry has changed; returns at once."""
        if self._path is None:
            return
        now = self._app.clock.monotonic()
        version = self._app.database.data_version()
        if version != self._seen and now - self._written_at >= _PAUSE_SECONDS:
            self._seen, self._written_at = version, now
            self._write(self._path)

    def close(self) -> None:
        """Write the last state."""
        if self._path is not None:
            self._write(self._path)
            self._aside.close(_LAST_SECONDS)

    def _write(self, path: Path) -> None:
        registry, now = self._app.paths.database, self._app.clock.now()
        self._aside.do(partial(write_state, registry, path, now))


def _scheduler(line: SchedulerLine | None) -> Json:
    if line is None:
        return None
    return {
        "pid": line.instance.pid,
        "host": line.instance.host,
        "version": line.version,
        "started_at": _iso(line.started_at),
        "heartbeat_at": _iso(line.heartbeat_at),
    }


def _task(task: TaskLine) -> Json:
    last = task.last
    return {
        "name": task.name,
        "type": task.type,
        "schedule": task.schedule,
        "timezone": task.timezone,
        "priority": task.priority,
        "enabled": task.enabled,
        "status": str(task.status),
        "next_run_at": _iso(task.next_at),
        "last_run_id": last.id if last else None,
        "last_outcome": last.word if last else None,
        "last_started_at": _iso(last.started_at) if last else None,
        "last_ended_at": _iso(last.ended_at) if last else None,
        "last_duration_seconds": last.duration_seconds if last else None,
        "last_error": last.error if last else "",
        "last_new_items": last.new if last else 0,
        "recent": list(task.strip),
    }


def _iso(moment: datetime | None) -> Json:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
