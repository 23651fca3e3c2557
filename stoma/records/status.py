"""How the registry is doing."""

from dataclasses import asdict
from pathlib import Path

from stoma.domain.task import Json
from stoma.operations.status import Health
from stoma.records.base import Fields, Record, iso, told
from stoma.records.runs import RUN
from stoma.records.sources import DEFERRED, SOURCE, UNUSUAL
from stoma.storage.read import SchedulerLine
from stoma.usage import Sample

SCHEDULER: Fields[SchedulerLine] = {
    "pid": lambda line: line.instance.pid,
    "host": lambda line: line.instance.host,
    "version": lambda line: line.version,
    "started_at": lambda line: iso(line.started_at),
    "heartbeat_at": lambda line: iso(line.heartbeat_at),
    "using": lambda line: None if line.sample is None else _using(line.sample),
}


def status_fields(registry: Path) -> Fields[Health]:
    """Return the fields of the status of the registry at a path."""
    return {
        "alive": lambda health: health.alive,
        "healthy": lambda health: health.healthy,
        "problems": lambda health: list(health.problems),
        "scheduler": _scheduler,
        "paused": _paused,
        "registry": lambda health: str(registry),
        "database_bytes": lambda health: health.overview.database_bytes,
        "items": lambda health: health.overview.items,
        "tasks": lambda health: health.overview.tasks,
        "enabled": lambda health: health.overview.enabled,
        "waiting": lambda health: health.overview.waiting,
        "failing": lambda health: [task.id for task in health.overview.failing],
        "late": lambda health: [task.id for task in health.overview.late],
        "next": lambda health: [
            {"task_id": task.id, "at": iso(task.next_at)} for task in health.overview.coming
        ],
        "sources": lambda health: [told(SOURCE, each) for each in health.sources.lines],
        "deferred": lambda health: [told(DEFERRED, each) for each in health.sources.deferred],
        "unusual": lambda health: [told(UNUSUAL, each) for each in health.sources.unusual],
        "running": lambda health: [told(RUN, run) for run in health.overview.running],
        "recent": lambda health: [told(RUN, run) for run in health.overview.recent],
    }


def _scheduler(health: Health) -> Json:
    line = health.overview.scheduler
    return None if line is None else told(SCHEDULER, line)


def _paused(health: Health) -> Json:
    pause = health.pause
    return None if pause is None else {"until": iso(pause.until), "reason": pause.reason}


def _using(sample: Sample) -> Json:
    used: Record = dict(asdict(sample.resources))
    percent, blocked = sample.cpu_percent, sample.blocked or None
    return {"at": iso(sample.at), "cpu_percent": percent, **used, "blocked": blocked}
