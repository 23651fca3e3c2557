"""What `simulate` foresees."""

from dataclasses import asdict
from math import isinf

from stoma.operations.simulate import Forecast, SourceForecast, TaskForecast
from stoma.records.base import Fields, iso, told

TASK: Fields[TaskForecast] = {
    "task_id": lambda each: each.task.id,
    "enabled": lambda each: each.task.enabled,
    "fires": lambda each: len(each.fires),
    "retries": lambda each: each.retries,
    "failed": lambda each: each.failed,
    "first_at": lambda each: iso(each.fires[0] if each.fires else None),
    "last_at": lambda each: iso(each.fires[-1] if each.fires else None),
    "seconds": lambda each: each.seconds,
    "measured_runs": lambda each: each.measured,
    "longest_wait_seconds": lambda each: each.latest.total_seconds(),
    "longest_wait_at": lambda each: iso(each.latest_at),
    "requests": lambda each: each.requests,
    "not_run": lambda each: [asdict(why) for why in each.not_run],
}

SOURCE: Fields[SourceForecast] = {
    "source": lambda each: each.source,
    "runs": lambda each: each.runs,
    "requests": lambda each: each.requests,
    "busiest_hour": lambda each: each.busiest,
    "busiest_hour_at": lambda each: iso(each.busiest_at),
    "allowed_per_hour": lambda each: None if isinf(each.allowed) else each.allowed,
    "share": lambda each: each.share,
}

FORECAST: Fields[Forecast] = {
    "from": lambda found: iso(found.begin),
    "until": lambda found: iso(found.end),
    "seed": lambda found: found.seed,
    "fires": lambda found: sum(len(each.fires) for each in found.tasks),
    "peak": lambda found: found.peak,
    "peak_at": lambda found: iso(found.peak_at),
    "max_concurrent_tasks": lambda found: found.most,
    "tasks": lambda found: [told(TASK, each) for each in found.tasks],
    "sources": lambda found: [told(SOURCE, each) for each in found.sources],
    "clock_changes": lambda found: [
        {"task_id": task_id, "at": iso(at), "text": text} for task_id, at, text in found.warnings
    ],
    "notes": lambda found: list(found.notes),
}
