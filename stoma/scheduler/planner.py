"""What becomes of the slots that are due. Pure: ledger, schedules and `now` in, values out."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stoma.domain.ledger import Decision, Firing
from stoma.domain.run import Run, RunState, Trigger
from stoma.domain.task import CatchUp, Overlap, StoredTask
from stoma.domain.window import SINCE
from stoma.scheduler.due import Due, Known, Stretch, due_slots, missed
from stoma.schedules.base import BaseSchedule
from stoma.schedules.policies import default_grace, jitter

#: Slots of one task that are told apart at one look; what lies further back is one stretch.
_RECENT = 100


@dataclass(frozen=True, slots=True)
class Block:
    """Why a task can not run at all for now."""

    reason: str
    detail: str


def plan(
    task: StoredTask,
    schedule: BaseSchedule,
    *,
    now: datetime,
    active: Sequence[Run] = (),
    block: Block | None = None,
    taken: Collection[datetime] = (),
) -> Firing | None:
    """Decide every slot of *task* up to *now*; None if none is due.

    A slot that a filter of the schedule hits is recorded as skipped. Late within grace, a slot
    runs as itself. Beyond it is missed, and `catch_up` decides: its runs are exempt from grace.
    `overlap` decides last; runs of a backfill do not count there, they wait for all others.

    Args:
        task: As stored, with its next slot.
        schedule: The parsed schedule of the task.
        now: The moment of the look.
        active: The task's runs that may still do something.
        block: Set when the task can not run at all; its slots are recorded as skipped.
        taken: Slots from the next one on that have been decided before the clock went back.
    """
    if task.next_slot_at is None or task.next_slot_at > now:
        return None
    most = max(_RECENT, task.max_catch_up)
    known = Known(task.watermark_at, taken)
    due = due_slots(schedule, task.next_slot_at, now, most=most, known=known)
    others = [run for run in active if run.trigger is not Trigger.BACKFILL]
    decisions = _decisions(task, schedule, due, now, others, block)
    goes_on = schedule.chained and any(each.state is RunState.PENDING for each in decisions)
    following = None if goes_on else schedule.next_slot(now)
    return Firing(
        task_id=task.id,
        task_version=task.version,
        seen_next_slot_at=task.next_slot_at,
        next_slot_at=following.due_at if following else None,
        next_run_at=None if goes_on else schedule.next_after(now),
        watermark_at=now,
        priority=task.priority.rank,
        max_attempts=1 + task.max_retries,
        decisions=tuple(decisions),
        replaces=_replaced(task, decisions, others),
    )


def _decisions(
    task: StoredTask,
    schedule: BaseSchedule,
    due: Due,
    now: datetime,
    active: Sequence[Run],
    block: Block | None,
) -> list[Decision]:
    on_time = [slot for slot in due.runs if now - slot <= _grace(task, schedule, slot)]
    late = [slot for slot in due.runs if slot not in on_time]
    kept = 0 if block else _kept(task, on_time)
    again = late[len(late) - min(kept, len(late)) :]
    runs = sorted(
        [
            *(_catch_up_run(slot, now) for slot in again),
            *(_run(task, schedule, slot) for slot in on_time),
        ],
        key=lambda each: each.due_at or now,
    )
    if block is not None:
        runs = [_skip(each, block.reason, block.detail) for each in runs]
    else:
        runs = list(_without_overlap(task, runs, active))
    decisions = [_filtered(each) for each in due.filtered]
    stretch = missed(due.older, late[: len(late) - len(again)])
    if stretch is not None:
        stand_in = next((each for each in runs if each.state is RunState.PENDING), None)
        decisions.append(_stretch(task, stretch, stand_in))
        if decisions[-1].state is RunState.COALESCED and stand_in is not None:
            since = {SINCE: stretch.first.isoformat()}
            runs = [replace(each, params=since) if each is stand_in else each for each in runs]
    return [*decisions, *runs]


def _kept(task: StoredTask, on_time: Sequence[datetime]) -> int:
    """Return how many slots beyond grace run all the same."""
    return {
        CatchUp.NONE: 0,
        CatchUp.LATEST: 0 if on_time else 1,
        CatchUp.ALL: task.max_catch_up,
    }[task.catch_up]


def _replaced(
    task: StoredTask, decisions: Sequence[Decision], active: Sequence[Run]
) -> tuple[int, ...]:
    starts = any(each.state is RunState.PENDING for each in decisions)
    return tuple(run.id for run in active) if starts and task.overlap is Overlap.REPLACE else ()


def _run(task: StoredTask, schedule: BaseSchedule, slot: datetime) -> Decision:
    later = jitter(schedule, slot, task.jitter_seconds, key=task.id)
    return Decision(state=RunState.PENDING, due_at=slot, not_before=slot + later if later else None)


def _catch_up_run(slot: datetime, now: datetime) -> Decision:
    return Decision(
        state=RunState.PENDING,
        due_at=slot,
        trigger=Trigger.CATCH_UP,
        detail=f"late by {_words(now - slot)}: nothing was running when it fell due",
    )


def _filtered(stretch: Stretch) -> Decision:
    return Decision(
        state=RunState.SKIPPED,
        due_at=stretch.first,
        due_to=stretch.last if stretch.count > 1 else None,
        slots=stretch.count,
        reason="filter",
        detail=stretch.rule,
    )


def _grace(task: StoredTask, schedule: BaseSchedule, slot: datetime) -> timedelta:
    if task.misfire_grace_seconds is not None:
        return timedelta(seconds=task.misfire_grace_seconds)
    return default_grace(schedule, slot)


def _stretch(task: StoredTask, stretch: Stretch, stand_in: Decision | None) -> Decision:
    """Return the one row for slots that do not run."""
    many = f"{stretch.count} slots" if stretch.count > 1 else "the slot"
    if task.catch_up is CatchUp.LATEST and stand_in is not None:
        state, reason = RunState.COALESCED, "catch_up"
        detail = (
            f"{many} missed while nothing was running; "
            f"the run of {stand_in.due_at:%Y-%m-%d %H:%M:%S} UTC stands in"
        )
    else:
        state = RunState.MISSED
        reason = "max_catch_up" if task.catch_up is CatchUp.ALL else "downtime"
        detail = f"{many} missed while nothing was running; catch_up is {task.catch_up}"
    return Decision(
        state=state,
        due_at=stretch.first,
        due_to=stretch.last if stretch.count > 1 else None,
        slots=stretch.count,
        reason=reason,
        detail=detail,
    )


def _without_overlap(
    task: StoredTask, decisions: Sequence[Decision], active: Sequence[Run]
) -> Iterator[Decision]:
    """Skip slots that fall due while the task is busy, as its `overlap` says.

    Runs of one catch-up wait for each other; they do not count as overlapping.
    """
    busy = [f"run {run.id} {_since(run)}" for run in active]
    waiting = sum(run.state is RunState.PENDING for run in active)
    for decision in decisions:
        room = {
            Overlap.SKIP: not busy or (decision.trigger is Trigger.CATCH_UP and not active),
            Overlap.QUEUE_ONE: waiting == 0,
            Overlap.REPLACE: decision is decisions[-1],
            Overlap.ALLOW: True,
        }[task.overlap]
        if room:
            waiting += 1
            busy.append(f"the run of {decision.due_at:%H:%M:%S} UTC was about to start")
            yield decision
        else:
            cause = busy[0] if busy else "a newer slot is due as well"
            yield _skip(decision, "overlap", f'overlap = "{task.overlap}": {cause}')


def _since(run: Run) -> str:
    if run.state is RunState.PENDING and run.not_before is not None:
        return f"was waiting for its next attempt at {run.not_before:%H:%M:%S} UTC"
    if run.started_at is None or run.state is not RunState.RUNNING:
        return "was waiting to start"
    return f"was still running (since {run.started_at:%H:%M:%S} UTC)"


def _skip(decision: Decision, reason: str, detail: str) -> Decision:
    return replace(decision, state=RunState.SKIPPED, reason=reason, detail=detail)


def _words(late: timedelta) -> str:
    seconds = int(late.total_seconds())
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
