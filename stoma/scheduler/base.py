"""Public names of the scheduler's vocabulary."""

from stoma.domain.run import Outcome, Run, RunState, Trigger
from stoma.domain.task import (
    CatchUp,
    OnInterrupt,
    Overlap,
    StoredTask,
    Task,
    TaskPriority,
    TaskStatus,
)

__all__ = [
    "CatchUp",
    "OnInterrupt",
    "Outcome",
    "Overlap",
    "Run",
    "RunState",
    "StoredTask",
    "Task",
    "TaskPriority",
    "TaskStatus",
    "Trigger",
]
