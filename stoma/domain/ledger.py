"""What the planner decides about slots: values that the run store writes down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stoma.domain.run import RunState, Trigger
from stoma.domain.task import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one slot, or of a stretch of slots that share a fate.

    `state` is pending (it will run), skipped, coalesced or missed; the latter three name the
    rule in `reason` and say it for people in `detail`.
    """

    state: RunState
    due_at: datetime | None  #: None: not a slot (a manual start)
    due_to: datetime | None = None  #: the last slot of a stretch
    slots: int = 1
    trigger: Trigger = Trigger.SCHEDULE
    reason: str = ""
    detail: str = ""
    not_before: datetime | None = None
    parent_run_id: int | None = None
    params: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Everything decided about one task at one moment, written in one transaction.

    It counts only while the task is still what the planner saw: same version, same next slot.
    """

    task_id: str
    task_version: int
    seen_next_slot_at: datetime | None
    next_slot_at: datetime | None
    next_run_at: datetime | None
    watermark_at: datetime | None  #: every slot up to here is decided
    priority: int
    max_attempts: int
    decisions: tuple[Decision, ...]
    replaces: tuple[int, ...] = ()  #: active runs that the new one takes the place of
