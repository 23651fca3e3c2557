"""Sources and their budgets, who waits for them, and what is unusual."""

from stoma.operations.sources import SourceLine
from stoma.records.base import Fields, iso
from stoma.storage.read_sources import DeferredLine, UnusualLine

SOURCE: Fields[SourceLine] = {
    "source": lambda line: line.source,
    "left": lambda line: line.left,
    "burst": lambda line: line.burst,
    "interval_seconds": lambda line: line.interval_seconds,
    "free_at": lambda line: iso(line.free_at),
    "held_until": lambda line: iso(line.held_until),
    "limit": lambda line: line.limit,
    "remaining": lambda line: line.remaining,
    "reset_at": lambda line: iso(line.reset_at),
}

DEFERRED: Fields[DeferredLine] = {
    "task_id": lambda line: line.task_id,
    "run_id": lambda line: line.run_id,
    "not_before": lambda line: iso(line.not_before),
}

UNUSUAL: Fields[UnusualLine] = {
    "task_id": lambda line: line.task_id,
    "kind": lambda line: line.kind,
    "text": lambda line: line.text,
    "since": lambda line: iso(line.since),
}
