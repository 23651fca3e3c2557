"""How the tasks of a registry have been doing, in numbers. Light."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from stoma.storage.read import Reader
from stoma.storage.read_pages import TaskFilter
from stoma.storage.read_statistics import WordCount

#: What did its work, and what did not.
_GOOD = frozenset({"succeeded", "empty"})
_BAD = frozenset({"failed", "dead", "timed_out", "interrupted"})
_PARTIAL = "partial"
#: Due soon is due within this.
SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long runs took, in seconds."""

    runs: int
    mean: float
    median: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNumbers:
    """How one task has been doing."""

    task_id: str
    words: Mapping[str, int]  #: outcomes and states -> slots and runs
    success_rate: float | None  #: of those that were carried out; None: none was
    new: int
    updated: int
    lengths: Lengths | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How all of them have been doing."""

    since: datetime
    until: datetime
    tasks: Mapping[str, int]  #: `total`, `enabled`, `disabled`, `running`, `failing`
    due_soon: int
    waiting: int
    words: Mapping[str, int]
    success_rate: float | None
    new: int
    updated: int
    lengths: Lengths | None
    by_task: Sequence[TaskNumbers]


def statistics(
    reader: Reader,
    since: datetime,
    *,
    now: datetime,
    only: frozenset[str] | None = None,
    most: int = 100,
) -> Statistics:
    """Return how runs decided at or after *since* went.

    Args:
        reader: The registry.
        since: Runs decided then or later.
        now: The present moment.
        only: Of these tasks; None: of all.
        most: So many tasks are told of one by one, those with the most failures first.
    """
    found = reader.pages.statistics(since, only=only)
    counted, seconds = found.words(), found.seconds()
    together = {each.word: each.runs for each in counted}
    counts = found.words_of(found.worst(_BAD, limit=most))
    lengths: dict[str, list[float]] = {task_id: [] for task_id in counts}
    for task_id, length in seconds:
        if task_id in lengths:
            lengths[task_id].append(length)
    return Statistics(
        since=since,
        until=now,
        tasks=_tasks(reader, only),
        due_soon=found.due_until(now + SOON),
        waiting=reader.pages.waiting(only=only),
        words=_by_number(together),
        success_rate=success_rate(together),
        new=sum(each.new for each in counted),
        updated=sum(each.updated for each in counted),
        lengths=lengths_of([length for _, length in seconds]),
        by_task=[_numbers(task_id, counts[task_id], lengths[task_id]) for task_id in counts],
    )


def _numbers(task_id: str, counted: Sequence[WordCount], seconds: Sequence[float]) -> TaskNumbers:
    words = {each.word: each.runs for each in counted}
    return TaskNumbers(
        task_id=task_id,
        words=_by_number(words),
        success_rate=success_rate(words),
        new=sum(each.new for each in counted),
        updated=sum(each.updated for each in counted),
        lengths=lengths_of(seconds),
    )


def _by_number(words: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(words.items(), key=lambda each: (-each[1], each[0])))


def success_rate(words: Mapping[str, int]) -> float | None:
    """Return which part of what was carried out did its work; None if nothing was.

    A partial collection is neither good nor bad: it counts half.
    """
    good = sum(count for word, count in words.items() if word in _GOOD)
    bad = sum(count for word, count in words.items() if word in _BAD)
    partial = words.get(_PARTIAL, 0)
    carried_out = good + bad + partial
    return (good + partial / 2) / carried_out if carried_out else None


def lengths_of(seconds: Sequence[float]) -> Lengths | None:
    """Return what there is to say of lengths; None if there is none."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    count = len(ordered)
    return Lengths(
        runs=count,
        mean=sum(ordered) / count,
        median=_rank(ordered, 0.5),
        p95=_rank(ordered, 0.95),
        longest=ordered[-1],
    )


def _rank(ordered: Sequence[float], part: float) -> float:
    """Return the value that *part* of all do not exceed (nearest rank)."""
    return ordered[max(0, ceil(part * len(ordered)) - 1)]


def _tasks(reader: Reader, only: frozenset[str] | None) -> Mapping[str, int]:
    counts = {"total": reader.pages.task_count(TaskFilter(), only=only)}
    for state in ("enabled", "disabled", "running", "failing"):
        counts[state] = reader.pages.task_count(TaskFilter(state=state), only=only)
    return counts
