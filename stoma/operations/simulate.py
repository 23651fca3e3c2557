"""What the coming days hold: fires, waits and skips of every task, and the load on each source."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stoma.budgets import Allowance
from stoma.collectors import COLLECTORS
from stoma.domain.run import Failure, Outcome, Run, RunState
from stoma.domain.task import StoredTask
from stoma.exceptions import StomaError, UsageError
from stoma.scheduler.placing import schedule_of
from stoma.scheduler.simulation import Fate, Simulated, Start, Wish, simulate
from stoma.schedules.base import BaseSchedule
from stoma.schedules.explain import warnings_within
from stoma.schedules.policies import jitter
from stoma.settings import Loaded
from stoma.storage.read import reading
from stoma.storage.read_ledger import Usage

#: What is taken for the time a run needs, where none is recorded or it is not to count.
FIXED_SECONDS = 60.0
#: As far as one can look.
MOST_DAYS = 3660
_HOUR = timedelta(hours=1)
#: Why a task can not run at all, whatever its schedule: worth more than a count.
_BLOCKED = frozenset({"needs_configuration", "unknown_type"})
#: So many tasks are named in a note.
_FEW = 3
_BAD = frozenset({Outcome.FAILED, Outcome.DEAD, Outcome.TIMED_OUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be tried out.

    Attributes:
        days: How far to look.
        fixed: Every run takes so many seconds; None: as long as it usually does.
        failures: Whether attempts fail as often as they did.
        seed: Of all that is left to chance.
        told: Is told now and then how far it is, from 0 to 1.
    """

    days: float = 30
    fixed: float | None = None
    failures: bool = False
    seed: int = 0
    told: Callable[[float], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRun:
    """Slots that a rule keeps from running."""

    state: str  #: `skipped`, `missed`, `coalesced`
    reason: str  #: the rule
    slots: int
    detail: str  #: the rule in words, of the newest of them


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskForecast:
    """What the time holds for one task."""

    task: StoredTask
    seconds: float  #: how long a run was taken to need
    measured: int  #: from so many recorded runs; 0: from none
    assumed: bool  #: nobody said how long, and no run did
    fires: Sequence[datetime]  #: when its runs start, retries left out
    retries: int
    failed: int  #: runs that end badly, all attempts used
    not_run: Sequence[NotRun]
    latest: timedelta  #: the longest that a run waited after its moment
    latest_at: datetime | None
    requests: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceForecast:
    """What the time asks of one source."""

    source: str
    runs: int
    requests: float
    busiest: float  #: requests in the busiest hour
    busiest_at: datetime
    allowed: float  #: requests an hour that its budget lets through; infinite without one

    @property
    def share(self) -> float:
        """Which part of its budget the busiest hour takes."""
        return self.busiest / self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a time holds."""

    begin: datetime
    end: datetime
    seed: int
    tasks: Sequence[TaskForecast]
    sources: Sequence[SourceForecast]
    peak: int  #: the most runs at work together
    peak_at: datetime | None
    most: int  #: as many as may be
    warnings: Sequence[tuple[str, datetime, str]]  #: task, moment, what the clock does to it
    notes: Sequence[str]


def forecast(loaded: Loaded, question: Question, *, now: datetime) -> Forecast:
    """Try the coming days out on a copy of the registry.

    Raises:
        UsageError: That many days can not be looked ahead.
        RegistryError: The registry can not be used as it is.
    """
    if not 0 < question.days <= MOST_DAYS:
        raise UsageError(f"days is {question.days:g}, must be above 0 and at most {MOST_DAYS}")
    usage = _usage(loaded)
    found = simulate(
        loaded,
        Wish(
            source=loaded.paths.database,
            begin=now,
            end=now + timedelta(days=question.days),
            fate=_fate(usage, question),
            seed=question.seed,
            told=question.told,
        ),
    )
    tasks = list(_tasks(found, usage, question, loaded))
    peak = max(found.starts, key=lambda start: start.beside, default=None)
    return Forecast(
        begin=found.begin,
        end=found.end,
        seed=question.seed,
        tasks=tasks,
        sources=list(_sources(found, usage)),
        peak=peak.beside + 1 if peak else 0,
        peak_at=peak.at if peak else None,
        most=loaded.settings.scheduler.max_concurrent_tasks,
        warnings=sorted(_warnings(found, loaded), key=lambda each: (each[1], each[0])),
        notes=list(_notes(found, tasks)),
    )


def _usage(loaded: Loaded) -> Mapping[str, Usage]:
    with reading(loaded.paths.database) as reader:
        return reader.ledger.usage() if reader else {}


def _seconds(usage: Usage, question: Question) -> float:
    if question.fixed is not None:
        return question.fixed
    return usage.seconds if usage.runs else FIXED_SECONDS


def _fate(usage: Mapping[str, Usage], question: Question) -> Callable[[Run], Fate]:
    roll = random.Random(question.seed)  # noqa: S311 - to be repeated, not to be secret

    def fate(run: Run) -> Fate:
        known = usage.get(run.task_id, _UNKNOWN)
        failure = None
        if question.failures and roll.random() < known.failed:
            failure = Failure(
                kind=known.error_kind or "network", message="it fails as often as it did"
            )
        return Fate(seconds=_seconds(known, question), failure=failure)

    return fate


_UNKNOWN = Usage(runs=0)


def _tasks(
    found: Simulated, usage: Mapping[str, Usage], question: Question, loaded: Loaded
) -> Iterator[TaskForecast]:
    starts: defaultdict[str, list[Start]] = defaultdict(list)
    decided: defaultdict[str, list[Run]] = defaultdict(list)
    for start in found.starts:
        starts[start.run.task_id].append(start)
    for run in found.decided:
        decided[run.task_id].append(run)
    for task in found.tasks:
        known, own, runs = usage.get(task.id, _UNKNOWN), starts[task.id], decided[task.id]
        firsts = [start for start in own if start.run.attempts <= 1]
        schedule = _schedule(task, loaded)
        waits = [(_wait(start, task, schedule), start.at) for start in firsts]
        longest, longest_at = max(waits, key=lambda each: each[0], default=(timedelta(0), None))
        yield TaskForecast(
            task=task,
            seconds=_seconds(known, question),
            measured=known.runs if question.fixed is None else 0,
            assumed=question.fixed is None and not known.runs,
            fires=[start.at for start in firsts],
            retries=len(own) - len(firsts),
            failed=sum(run.outcome in _BAD for run in runs),
            not_run=_not_run(runs),
            latest=longest,
            latest_at=longest_at if longest else None,
            requests=len(own) * _requests(known),
        )


def _wait(start: Start, task: StoredTask, schedule: BaseSchedule | None) -> timedelta:
    """Return how long a run waited once it might have started; what came late does not count."""
    run = start.run
    might = run.created_at
    if run.due_at is not None:
        might = max(might, run.due_at)
        if schedule is not None:
            later = jitter(schedule, run.due_at, task.jitter_seconds, key=task.id)
            might = max(might, run.due_at + later)
    return max(start.at - might, timedelta(0))


def _schedule(task: StoredTask, loaded: Loaded) -> BaseSchedule | None:
    try:
        return schedule_of(task, loaded.settings.timezone)
    except StomaError:  # the loop has set it aside
        return None


def _not_run(runs: Iterable[Run]) -> Sequence[NotRun]:
    counts: Counter[tuple[str, str]] = Counter()
    words: dict[tuple[str, str], str] = {}
    for run in runs:
        if run.state in {RunState.SKIPPED, RunState.COALESCED, RunState.MISSED}:
            why = (str(run.state), run.reason)
            counts[why] += run.slots
            words[why] = run.detail
    return [
        NotRun(state=state, reason=reason, slots=slots, detail=words[state, reason])
        for (state, reason), slots in counts.most_common()
    ]


def _requests(usage: Usage) -> float:
    """Return the requests of one run; of one that never was, one."""
    return usage.requests if usage.runs else 1.0


def _sources(found: Simulated, usage: Mapping[str, Usage]) -> Iterator[SourceForecast]:
    types = {task.id: task.type for task in found.tasks}
    hours: defaultdict[str, defaultdict[datetime, float]]
    hours = defaultdict(lambda: defaultdict(float))
    runs: Counter[str] = Counter()
    for start in found.starts:
        task_id = start.run.task_id
        if task_id not in types:
            continue
        source = _source(types[task_id])
        hour = start.at.replace(minute=0, second=0, microsecond=0)
        hours[source][hour] += _requests(usage.get(task_id, _UNKNOWN))
        runs[source] += 1
    for source, load in sorted(hours.items()):
        busiest_at, busiest = max(load.items(), key=lambda each: each[1])
        yield SourceForecast(
            source=source,
            runs=runs[source],
            requests=sum(load.values()),
            busiest=busiest,
            busiest_at=busiest_at,
            allowed=_allowed(found.allowances.get(source)),
        )


def _source(name: str) -> str:
    """Return the source that a type of task asks; of code that is not ours, the type itself."""
    return COLLECTORS.get(name).source if name in COLLECTORS.table else name


def _allowed(allowance: Allowance | None) -> float:
    interval = allowance.interval if allowance else timedelta(0)
    return _HOUR / interval if interval else float("inf")


def _warnings(found: Simulated, loaded: Loaded) -> Iterator[tuple[str, datetime, str]]:
    days = (found.end - found.begin) // timedelta(days=1) + 1
    for task in found.tasks:
        if not task.enabled:
            continue
        schedule = _schedule(task, loaded)
        if schedule is None:
            continue
        for each in warnings_within(schedule, found.begin, days):
            yield task.id, each.at, each.text


def _notes(found: Simulated, tasks: Sequence[TaskForecast]) -> Iterator[str]:
    if found.paused:
        yield found.paused
    groups: dict[str, list[str]] = {
        "disabled, and so left out: {}": [each.task.id for each in tasks if not each.task.enabled],
        **_blocked(tasks),
        "a run takes longer than its timeout_seconds allows: {}": [
            each.task.id for each in tasks if each.fires and _too_slow(each)
        ],
        f"no run says yet how long it takes, {FIXED_SECONDS:.0f} s assumed: {{}}": [
            each.task.id for each in tasks if each.fires and each.assumed
        ],
    }
    for text, ids in groups.items():
        if ids:
            yield text.replace("{}", _few(ids))


def _blocked(tasks: Sequence[TaskForecast]) -> Mapping[str, list[str]]:
    """Return the tasks that can not run whatever their schedule, by the words for it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in tasks:
        for why in each.not_run:
            if why.reason in _BLOCKED:
                found[f"can not run: {{}}: {why.detail}"].append(each.task.id)
    return found


def _too_slow(each: TaskForecast) -> bool:
    return each.seconds >= each.task.timeout_seconds


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_FEW]) + (f" and {len(ids) - _FEW} more" if ids[_FEW:] else "")
