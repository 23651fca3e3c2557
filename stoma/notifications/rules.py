"""What is worth telling: decided from what happened and what is known, without I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from stoma.domain.notice import Event, Trouble
from stoma.domain.run import GOOD, Outcome, Run

#: Kinds of trouble, as they are kept.
FAILING, MISSING = "failure", "missed"
#: And those of a task that runs well and brings too little.
ODD = ("silence", "volume")

#: Outcomes that say nothing about whether a task works.
_NEUTRAL = frozenset({Outcome.CANCELLED, Outcome.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When something is told."""

    after_failures: int = 1
    repeat: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something to tell, with what is to be known of it."""

    event: Event
    detail: str = ""  #: in words
    trouble: Trouble | None = None  #: what it ends, or tells of


def after_end(
    run: Run, troubles: Mapping[str, Trouble], rules: Rules
) -> tuple[list[Told], dict[str, Trouble | None]]:
    """Return what the end of *run* has to be told, and what is wrong with its task from now on.

    Args:
        run: A run that is over.
        troubles: What was wrong before, by kind.
        rules: When something is told.

    Returns:
        What to tell, and the troubles that changed; None: that is well again.
    """
    at = run.ended_at
    if at is None or run.outcome is None or run.outcome in _NEUTRAL:
        return [], {}
    if run.outcome not in GOOD:
        event = Event.DEAD if run.outcome is Outcome.DEAD else Event.FAILURE
        now_wrong, tell = worse(troubles.get(FAILING), at, rules, least=rules.after_failures)
        return [Told(event=event, trouble=now_wrong)] if tell else [], {FAILING: now_wrong}
    before = troubles.get(FAILING)
    event = Event.RECOVERY if before and before.told_at else Event.SUCCESS
    told = [Told(event=event, trouble=before)]
    changed: dict[str, Trouble | None] = {
        kind: None for kind in (FAILING, MISSING) if kind in troubles
    }
    return told, changed


def worse(
    before: Trouble | None, at: datetime, rules: Rules, *, least: int = 1
) -> tuple[Trouble, bool]:
    """Return the trouble after it showed once more, and whether that is to be told."""
    known = before or Trouble(since=at)
    known = replace(known, count=known.count + 1)
    fresh = known.told_at is None or at - known.told_at >= rules.repeat
    tell = known.count >= least and fresh
    return (replace(known, told_at=at) if tell else known), tell


def oddities(
    found: Mapping[str, str], troubles: Mapping[str, Trouble], at: datetime, rules: Rules
) -> tuple[list[Told], dict[str, Trouble | None]]:
    """Return what has to be told of a task that brings too little, and its troubles from now on.

    Args:
        found: What is unusual now, in words, by kind of trouble.
        troubles: What was wrong before, by kind.
        at: Now.
        rules: When something is told.
    """
    told: list[Told] = []
    changed: dict[str, Trouble | None] = {}
    for kind in ODD:
        before = troubles.get(kind)
        if kind in found and (before is None or at - (before.told_at or at) >= rules.repeat):
            trouble, _ = worse(before, at, rules)
            changed[kind] = trouble
            told.append(Told(event=Event(kind), detail=found[kind], trouble=trouble))
        elif kind not in found and before is not None:
            changed[kind] = None
    return told, changed


def channels_of(
    event: Event, told: Iterable[str], usual: Sequence[str], only: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return which channels are told of *event*.

    Args:
        event: What happened.
        told: What the task's `notify` says, or the settings' if it says nothing.
        usual: The events that are told unless somebody says otherwise.
        only: Of each channel that there is, the only events it gets; empty: no such rule.
    """
    found: dict[str, None] = {}
    for each in told:
        name, _, word = each.partition(":")
        wanted = (word,) if word else only.get(name) or usual
        if event in wanted and name in only:
            found[name] = None
    return list(found)


def not_before(moment: datetime, quiet_hours: str, timezone: str) -> datetime:
    """Return when what happened at *moment* may be told: then, or when quiet hours are over."""
    if not quiet_hours:
        return moment
    begin, end = map(time.fromisoformat, quiet_hours.split("-"))
    local = moment.astimezone(ZoneInfo(timezone))
    clock = local.time()
    # Hours that begin in the evening go on in the morning.
    quiet = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not quiet:
        return moment
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    return datetime.combine(day, end, local.tzinfo).astimezone(moment.tzinfo)


def backoff_seconds(attempts: int, roll: float) -> float:
    """Return how long to wait after so many failed deliveries: 30 s, doubled up to an hour."""
    base: float = min(30.0 * 2 ** min(max(attempts - 1, 0), 16), 3600.0)
    return base * (0.75 + roll / 2)


def span(length: timedelta) -> str:
    """Return a length of time as people say it."""
    hours = length.total_seconds() / 3600
    if hours < 1:
        return f"{max(round(hours * 60), 1)} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
