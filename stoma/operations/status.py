"""How a registry is doing, and whether somebody should look. Light."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stoma.domain.pause import PAUSED, Pause
from stoma.operations.sources import Sources, sources_of
from stoma.storage.read import Overview, Reader
from stoma.taskfiles import TROUBLE

#: A scheduler beats every 15 seconds; after so long it is not at work, whatever its process does.
STALE = timedelta(minutes=1)
#: A slot is decided within a second; one that waits longer is not being looked after.
LATE = timedelta(minutes=1)
#: How a problem begins that keeps runs from starting.
BLOCKED = "no run starts for now"


_NO_SOURCES = Sources()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of a registry, and what is wrong with it."""

    overview: Overview
    problems: Sequence[str]  #: empty if all is well
    pause: Pause | None = None  #: nothing starts because somebody said so
    responds: bool = False  #: whether a scheduler is at work and has said so lately
    late: Sequence[str] = ()  #: tasks whose slot has passed and is not decided
    sources: Sources = _NO_SOURCES

    @property
    def alive(self) -> bool:
        """Whether a scheduler is at work."""
        return self.overview.scheduler is not None

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def look(reader: Reader | None, now: datetime) -> Health:
    """Return how the registry is doing at *now*; None stands for one that is not there yet."""
    overview = reader.overview(now) if reader else _NOTHING
    trouble = reader.fact(TROUBLE) if reader else None
    problems = _problems(overview, now)
    if isinstance(trouble, dict):
        problems.append(f"task files can not be used: {trouble['error']}")
    pause = pause_in(reader, now) if reader else None
    line = overview.scheduler
    return Health(
        overview=overview,
        problems=problems,
        pause=pause,
        responds=line is not None and now - line.heartbeat_at <= STALE,
        late=_late(overview, now),
        sources=sources_of(reader, now) if reader else _NO_SOURCES,
    )


def pause_in(reader: Reader, now: datetime) -> Pause | None:
    """Return the pause in force at *now*."""
    return Pause.read(reader.fact(PAUSED), now)


def _problems(overview: Overview, now: datetime) -> list[str]:
    scheduler = overview.scheduler
    problems = []
    if scheduler is None:
        problems.append("no scheduler is running")
    elif now - scheduler.heartbeat_at > STALE:
        problems.append(
            f"the scheduler (process {scheduler.instance.pid}) does not respond since "
            f"{scheduler.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC"
        )
    elif scheduler.sample is not None and scheduler.sample.blocked:
        problems.append(f"{BLOCKED}: {scheduler.sample.blocked}")
    late = _late(overview, now)
    if late and scheduler is not None:
        problems.append(f"late: {', '.join(late)}")
    if overview.failing:
        problems.append(f"failing: {', '.join(task.id for task in overview.failing)}")
    return problems


def _late(overview: Overview, now: datetime) -> list[str]:
    return [task.id for task in overview.late if _slot_passed(task.next_at, now)]


def _slot_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment > LATE


_NOTHING = Overview(
    scheduler=None,
    tasks=0,
    enabled=0,
    failing=(),
    late=(),
    coming=(),
    running=(),
    waiting=0,
    recent=(),
    items=0,
    database_bytes=0,
)
