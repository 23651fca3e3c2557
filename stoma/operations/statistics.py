"""How the tasks of a registry have been doing, in numbers. Light."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from stoma.storage.read import Reader
from stoma.storage.read_pages import TaskFilter

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
    seconds = found.seconds()
    words: dict[str, Counter[str]] = {}
    new, updated = Counter[str](), Counter[str]()
    for each in found.words():
        words.setdefault(each.task_id, Counter())[each.word] += each.runs
        new[each.task_id] += each.new
        updated[each.task_id] += each.updated
    lengths: dict[str, list[float]] = {}
    for task_id, length in seconds:
        lengths.setdefault(task_id, []).append(length)
    together = Counter[str]()
    for counts in words.values():
        together.update(counts)
    shown = sorted(words, key=lambda task_id: (-_bad(words[task_id]), task_id))[:most]
    return Statistics(
        since=since,
        until=now,
        tasks=_tasks(reader, only),
        due_soon=found.due_until(now + SOON),
        waiting=reader.pages.waiting(only=only),
        words=dict(together.most_common()),
        success_rate=success_rate(together),
        new=new.total(),
        updated=updated.total(),
        lengths=lengths_of([length for _, length in seconds]),
        by_task=[
            TaskNumbers(
                task_id=task_id,
                words=dict(words[task_id].most_common()),
                success_rate=success_rate(words[task_id]),
                new=new[task_id],
                updated=updated[task_id],
                lengths=lengths_of(lengths.get(task_id, [])),
            )
            for task_id in shown
        ],
    )


def success_rate(words: Mapping[str, int]) -> float | None:
    """Return which part of what was carried out did its work; None if nothing was.

    A partial collection is neither good nor bad: it counts half.
    """
    good = sum(count for word, count in words.items() if word in _GOOD)
    bad = _bad(words)
    partial = words.get(_PARTIAL, 0)
    carried_out = good + bad + partial
    return (good + partial / 2) / carried_out if carried_out else None


def _bad(words: Mapping[str, int]) -> int:
    return sum(count for word, count in words.items() if word in _BAD)


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
