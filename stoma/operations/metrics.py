"""Figures for Prometheus: every metric with its name, kind and meaning, and the page of them.

https://prometheus.io/docs/instrumenting/exposition_formats/ (text format, version 0.0.4). A metric
keeps its name and meaning; new ones may be added.
"""

import platform
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from stoma.operations.status import Health, look
from stoma.storage.read import Reader, SchedulerLine, reading
from stoma.storage.read_rows import TaskLine
from stoma.version import __version__

if TYPE_CHECKING:
    from stoma.app import App

#: What a page of metrics is called (HTTP).
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_DAY: Final = timedelta(days=1)
_QUANTILES: Final = (0.5, 0.9, 0.99, 1.0)


class Metric(NamedTuple):
    """One metric."""

    kind: str  #: `gauge` or `counter`
    meaning: str
    labels: tuple[str, ...] = ()


class Figure(NamedTuple):
    """One value of a metric."""

    name: str
    value: float
    labels: Mapping[str, str] = {}


METRICS: Final[Mapping[str, Metric]] = {
    "stoma_build_info": Metric("gauge", "Always 1.", ("version", "python")),
    "stoma_up": Metric("gauge", "Whether a scheduler is at work and responds."),
    "stoma_healthy": Metric("gauge", "Whether nothing is wrong: what `status --check` says."),
    "stoma_paused": Metric("gauge", "Whether somebody paused the scheduler."),
    "stoma_scheduler_start_timestamp_seconds": Metric("gauge", "When the scheduler started."),
    "stoma_scheduler_heartbeat_timestamp_seconds": Metric(
        "gauge", "When the scheduler last said that it is at work; every 15 seconds it does."
    ),
    "stoma_scheduler_blocked": Metric(
        "gauge", "Whether no run starts because of a limit: disk or load."
    ),
    "stoma_scheduler_cpu_seconds_total": Metric(
        "counter", "CPU time of the scheduler itself, without its runs."
    ),
    "stoma_scheduler_memory_bytes": Metric("gauge", "Resident memory of the scheduler itself."),
    "stoma_scheduler_open_files": Metric("gauge", "Files that the scheduler has open."),
    "stoma_disk_free_bytes": Metric("gauge", "Free where the registry is."),
    "stoma_machine_load": Metric("gauge", "Load of the machine, averaged over a minute."),
    "stoma_database_bytes": Metric("gauge", "Size of the registry."),
    "stoma_tasks": Metric("gauge", "Tasks; `state` is `enabled` or `disabled`.", ("state",)),
    "stoma_tasks_failing": Metric("gauge", "Tasks whose newest run ended badly."),
    "stoma_tasks_late": Metric("gauge", "Tasks whose slot has passed and is not decided."),
    "stoma_runs": Metric("gauge", "Runs that wait or are at work.", ("state",)),
    "stoma_runs_decided_total": Metric(
        "counter", "Runs that were ever entered; never goes down, whatever is removed."
    ),
    "stoma_runs_last_day": Metric(
        "gauge",
        "Slots and runs of the last 24 hours, by their outcome, or state where there is none.",
        ("outcome",),
    ),
    "stoma_items": Metric("gauge", "Collected items.", ("source",)),
    "stoma_items_new_last_day": Metric("gauge", "Items that the last 24 hours brought."),
    "stoma_requests_last_day": Metric("gauge", "Requests to sources in the last 24 hours."),
    "stoma_source_wait_seconds": Metric(
        "gauge", "How long the next request to a source has to wait for its budget.", ("source",)
    ),
    "stoma_start_delay_seconds": Metric(
        "gauge", "From slot to start: quantiles of the newest 1,000 runs.", ("quantile",)
    ),
    "stoma_notifications": Metric("gauge", "Notifications in the queue, by state.", ("state",)),
    "stoma_task_enabled": Metric("gauge", "Whether the schedule of a task counts.", ("task",)),
    "stoma_task_failing": Metric("gauge", "Whether its newest run ended badly.", ("task",)),
    "stoma_task_next_run_timestamp_seconds": Metric(
        "gauge", "When it runs next; missing where it does not.", ("task",)
    ),
    "stoma_task_last_run_timestamp_seconds": Metric(
        "gauge", "When its newest run started.", ("task",)
    ),
    "stoma_task_last_success_timestamp_seconds": Metric(
        "gauge", "When its newest good run ended: what to watch for silence.", ("task",)
    ),
    "stoma_task_last_duration_seconds": Metric("gauge", "How long its newest run took.", ("task",)),
    "stoma_task_last_new_items": Metric("gauge", "Items its newest run brought.", ("task",)),
}


def metrics_text(app: "App") -> str:
    """Return the figures of a registry, as Prometheus reads them.

    Raises:
        RegistryError: It can not be read.
    """
    with reading(app.paths.database) as reader:
        return metrics_page(reader, app.clock.now())


def metrics_page(reader: Reader | None, now: datetime) -> str:
    """Return the figures of a registry at *now*; None stands for one that is not there yet."""
    found: dict[str, list[Figure]] = {}
    for figure in _figures(reader, now):
        found.setdefault(figure.name, []).append(figure)
    lines: list[str] = []
    for name, metric in METRICS.items():
        if name in found:
            lines += [f"# HELP {name} {metric.meaning}", f"# TYPE {name} {metric.kind}"]
            lines += map(_line, found[name])
    return "\n".join(lines) + "\n"


def _figures(reader: Reader | None, now: datetime) -> Iterator[Figure]:
    health = look(reader, now)
    versions = {"version": __version__, "python": platform.python_version()}
    yield Figure("stoma_build_info", 1, versions)
    yield Figure("stoma_up", health.responds)
    yield Figure("stoma_healthy", health.healthy)
    yield Figure("stoma_paused", health.pause is not None)
    if health.overview.scheduler is not None:
        yield from _scheduler(health.overview.scheduler)
    yield from _registry(health)
    if reader is not None:
        yield from _runs(reader, now)
        yield from _tasks(reader)


def _scheduler(line: SchedulerLine) -> Iterator[Figure]:
    yield Figure("stoma_scheduler_start_timestamp_seconds", line.started_at.timestamp())
    yield Figure("stoma_scheduler_heartbeat_timestamp_seconds", line.heartbeat_at.timestamp())
    if line.sample is None:
        return
    used = line.sample.resources
    told = {
        "stoma_scheduler_blocked": bool(line.sample.blocked),
        "stoma_scheduler_cpu_seconds_total": used.cpu_seconds,
        "stoma_scheduler_memory_bytes": used.memory_bytes,
        "stoma_scheduler_open_files": used.open_files,
        "stoma_disk_free_bytes": used.disk_free_bytes,
        "stoma_machine_load": used.load,
    }
    yield from (Figure(name, value) for name, value in told.items() if value is not None)


def _registry(health: Health) -> Iterator[Figure]:
    overview = health.overview
    yield Figure("stoma_database_bytes", overview.database_bytes)
    yield Figure("stoma_tasks", overview.enabled, {"state": "enabled"})
    yield Figure("stoma_tasks", overview.tasks - overview.enabled, {"state": "disabled"})
    yield Figure("stoma_tasks_failing", len(overview.failing))
    yield Figure("stoma_tasks_late", len(health.late))


def _runs(reader: Reader, now: datetime) -> Iterator[Figure]:
    metrics = reader.metrics
    active, day = metrics.active(), metrics.since(now - _DAY)
    for state in ("pending", "queued", "running"):
        yield Figure("stoma_runs", active.get(state, 0), {"state": state})
    yield Figure("stoma_runs_decided_total", metrics.decided())
    for word, count in sorted(day.runs.items()):
        yield Figure("stoma_runs_last_day", count, {"outcome": word})
    for source, count in sorted(metrics.items().items()):
        yield Figure("stoma_items", count, {"source": source})
    yield Figure("stoma_items_new_last_day", day.new_items)
    yield Figure("stoma_requests_last_day", day.requests)
    for source, at in metrics.budgets().items():
        wait = max((at - now).total_seconds(), 0.0)
        yield Figure("stoma_source_wait_seconds", wait, {"source": source})
    delays = metrics.start_delays()
    for part in _QUANTILES if delays else ():
        value = delays[min(int(part * len(delays)), len(delays) - 1)]
        yield Figure("stoma_start_delay_seconds", value, {"quantile": f"{part:g}"})
    for state, count in sorted(metrics.notices().items()):
        yield Figure("stoma_notifications", count, {"state": state})


def _tasks(reader: Reader) -> Iterator[Figure]:
    good = reader.metrics.last_successes()
    for task in reader.tasks(strip=0):
        told = _of_task(task, good.get(task.id))
        for name, value in told.items():
            if value is not None:
                yield Figure(f"stoma_task_{name}", value, {"task": task.id})


def _of_task(task: TaskLine, good_at: datetime | None) -> Mapping[str, float | None]:
    last, coming = task.last, task.next_at if task.enabled else None
    return {
        "enabled": task.enabled,
        "failing": task.failing,
        "next_run_timestamp_seconds": coming.timestamp() if coming else None,
        "last_run_timestamp_seconds": (
            last.started_at.timestamp() if last and last.started_at else None
        ),
        "last_success_timestamp_seconds": good_at.timestamp() if good_at else None,
        "last_duration_seconds": last.duration_seconds if last else None,
        "last_new_items": last.new if last and last.outcome else None,
    }


def _line(figure: Figure) -> str:
    labels = ",".join(f'{name}="{_escaped(text)}"' for name, text in figure.labels.items())
    value = float(figure.value)
    number = str(int(value)) if value.is_integer() else repr(value)
    return f"{figure.name}{{{labels}}} {number}" if labels else f"{figure.name} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
