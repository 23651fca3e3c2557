"""Between a run and its row."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import Counts, Run
from stoma.storage.tables import RUNS


def run_from_row(row: RowMapping) -> Run:
    """Return the run that a row holds."""
    values = {name: row[name] for name in _PLAIN}
    counts = Counts(**{name: row[name] for name in _COUNTS})
    return Run(**values, counts=counts)


_COUNTS = ("new", "updated", "unchanged", "requests", "pages")
_PLAIN = tuple(
    column.name for column in RUNS.columns if column.name not in {*_COUNTS, "checkpoint", "settled"}
)


def run_to_row(firing: Firing, decision: Decision, now: datetime) -> dict[str, Any]:
    """Return the row that a decision about a slot, or about a manual start, adds."""
    return {
        "task_id": firing.task_id,
        "task_version": firing.task_version,
        "trigger": decision.trigger,
        "due_at": decision.due_at,
        "due_to": decision.due_to,
        "slots": decision.slots,
        "state": decision.state,
        "reason": decision.reason,
        "detail": decision.detail,
        "priority": firing.priority,
        "not_before": decision.not_before,
        "max_attempts": firing.max_attempts,
        "created_at": now,
        "parent_run_id": decision.parent_run_id,
        "params": dict(decision.params),
    }
