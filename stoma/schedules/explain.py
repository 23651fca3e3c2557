"""Why a schedule fires when it does: clock changes and filters, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from stoma.schedules.base import BaseSchedule
from stoma.schedules.instants import DAY, date_of, moment_of, seconds_of
from stoma.schedules.slots import Slot
from stoma.schedules.wallclock import WallClock
from stoma.schedules.words import listed
from stoma.schedules.zones import Transition, local_time, zone_named


@dataclass(frozen=True, slots=True)
class ExplainedSlot:
    """A coming slot and what is unusual about it."""

    slot: Slot
    local_at: datetime  #: the due instant on the task's own clock
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClockWarning:
    """A clock change that makes a schedule fire otherwise than its text suggests."""

    at: datetime  #: the instant of the change, in UTC
    text: str


def explain(schedule: BaseSchedule, moment: datetime, count: int = 10) -> list[ExplainedSlot]:
    """Return the next *count* slots later than *moment*, skipped ones included, with reasons."""
    explained: list[ExplainedSlot] = []
    slot = schedule.next_slot(moment)
    while slot and len(explained) < count:
        reasons = (*_clock_reasons(schedule, moment, slot), *_filter_reasons(schedule, slot))
        local_at = local_time(seconds_of(slot.due_at), schedule.timezone)
        explained.append(ExplainedSlot(slot, local_at, reasons))
        moment = slot.due_at
        slot = schedule.next_slot(moment)
    return explained


def warnings_within(
    schedule: BaseSchedule, moment: datetime, days: int = 365
) -> list[ClockWarning]:
    """Return the surprises that clock changes hold within so many days after *moment*."""
    wall = schedule.wall
    if wall is None:
        return []
    second = seconds_of(moment)
    found: list[ClockWarning] = []
    for jump in zone_named(wall.zone).transitions(second, second + days * DAY):
        at, text = moment_of(jump.at), _surprise(wall, jump)
        if at is not None and text:
            found.append(ClockWarning(at, text))
    return found


def _surprise(wall: WallClock, jump: Transition) -> str:
    if wall.every_pass and wall.nominals.same_after(jump.after - jump.before):
        return ""  # as regular in real time as ever
    if jump.after > jump.before:
        return _gap_text(wall, jump)
    twice = _some(wall, jump.at + jump.after, jump.at + jump.before)
    return _fold_text(wall, jump, twice) if twice else ""


def _clock_reasons(schedule: BaseSchedule, moment: datetime, slot: Slot) -> Iterator[str]:
    wall = schedule.wall
    if wall is None:
        return
    zone = zone_named(wall.zone)
    nominal, since = seconds_of(slot.nominal_at), seconds_of(moment)
    local = nominal + zone.offset_at(nominal)
    for jump in zone.transitions(min(since, nominal - 2 * DAY), nominal + 2 * DAY):
        if jump.after > jump.before:
            lost = since < jump.at <= nominal if wall.every_pass else nominal == jump.at
            text = _gap_text(wall, jump) if lost else ""
        else:
            size = jump.before - jump.after
            twice = jump.at - size <= nominal < jump.at + size
            twice = twice and jump.at + jump.after <= local < jump.at + jump.before
            text = _fold_text(wall, jump, [local]) if twice else ""
        if text:
            yield text


def _filter_reasons(schedule: BaseSchedule, slot: Slot) -> Iterator[str]:
    if slot.skipped_by:
        yield f"skipped by {slot.skipped_by}"
    if slot.deferred_by:
        nominal = local_time(seconds_of(slot.nominal_at), schedule.timezone)
        yield f"moved from {nominal:%Y-%m-%d %H:%M} by {slot.deferred_by}"


def _gap_text(wall: WallClock, jump: Transition) -> str:
    begin, end = jump.at + jump.before, jump.at + jump.after
    lost = _some(wall, begin, end)
    if not lost:
        return ""
    day = lost[0] // DAY
    names = [_wall_text(local, day) for local in lost]
    more = wall.nominals.count(begin, end) - len(lost)
    names += [f"{more} more"] if more else []
    verb = "does" if len(names) == 1 else "do"
    fate = "no fire"
    if not wall.every_pass:
        fate = f"fires at {_wall_text(end, day)} {_offset_text(jump.after)}"
    where = _where(wall, jump, day)
    return f"{listed(names)} {verb} not exist {where}: {fate}"


def _fold_text(wall: WallClock, jump: Transition, repeated: list[int]) -> str:
    day = repeated[0] // DAY
    names = [_wall_text(local, day) for local in repeated]
    verb = "comes" if len(names) == 1 else "come"
    fate = "both passes" if wall.every_pass else "first pass only"
    return f"{listed(names)} {verb} twice {_where(wall, jump, day)}: {fate}"


def _where(wall: WallClock, jump: Transition, day: int) -> str:
    before = _wall_text(jump.at + jump.before, day)
    after = _wall_text(jump.at + jump.after, day)
    return f"on {date_of(day)} in {wall.zone} (clocks go {before} -> {after})"


def _some(wall: WallClock, begin: int, end: int) -> list[int]:
    """Return the nominals between two local times, the first three at most."""
    found: list[int] = []
    local = wall.nominals.at_or_after(begin)
    while local is not None and local < end and len(found) < 3:
        found.append(local)
        local = wall.nominals.at_or_after(local + 1)
    return found


def _wall_text(local: int, day: int) -> str:
    """Return the time of day, with its date if that is not *day*."""
    seconds = local % DAY
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    text += f":{seconds % 60:02}" if seconds % 60 else ""
    return text if local // DAY == day else f"{date_of(local // DAY)} {text}"


def _offset_text(offset: int) -> str:
    sign, size = "-" if offset < 0 else "+", abs(offset)
    text = f"{sign}{size // 3600:02}:{size // 60 % 60:02}"
    return f"{text}:{size % 60:02}" if size % 60 else text
