"""How all tasks have been doing, in numbers."""

from stoma.domain.task import Json
from stoma.operations.statistics import Lengths, Statistics, TaskNumbers
from stoma.records.base import Fields, iso, told

LENGTHS: Fields[Lengths] = {
    "runs": lambda found: found.runs,
    "mean": lambda found: found.mean,
    "median": lambda found: found.median,
    "p95": lambda found: found.p95,
    "longest": lambda found: found.longest,
}

TASK_NUMBERS: Fields[TaskNumbers] = {
    "task_id": lambda each: each.task_id,
    "words": lambda each: dict(each.words),
    "success_rate": lambda each: each.success_rate,
    "new": lambda each: each.new,
    "updated": lambda each: each.updated,
    "lengths": lambda each: _lengths(each.lengths),
}

STATISTICS: Fields[Statistics] = {
    "since": lambda found: iso(found.since),
    "until": lambda found: iso(found.until),
    "tasks": lambda found: dict(found.tasks),
    "due_soon": lambda found: found.due_soon,
    "waiting": lambda found: found.waiting,
    "words": lambda found: dict(found.words),
    "success_rate": lambda found: found.success_rate,
    "new": lambda found: found.new,
    "updated": lambda found: found.updated,
    "lengths": lambda found: _lengths(found.lengths),
    "by_task": lambda found: [told(TASK_NUMBERS, each) for each in found.by_task],
}


def _lengths(found: Lengths | None) -> Json:
    return None if found is None else told(LENGTHS, found)
