"""What a check is given, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from stoma.clock import Clock
from stoma.service.standing import Ask, ask
from stoma.settings import Loaded, Paths


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"  #: as it should be
    NOTE = "note"  #: good to know; nothing has to be done
    WARNING = "warning"  #: works, and may not for long, or not as wanted
    FAULT = "fault"  #: does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    text: str
    way_out: str = ""  #: what to do about it: a sentence or a command
    #: Puts it right, and says what it did; None where somebody has to do it.
    fix: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is known before anything is looked at."""

    paths: Paths
    loaded: Loaded | None  #: None: the settings can not be used
    problem: str = ""  #: why not
    hint: str = ""
    clock: Clock
    online: bool = False  #: whether anybody outside may be asked
    ask: Ask = ask  #: asks a command of the system


#: Looks at one thing.
Check = Callable[[Ground], Iterator[Finding]]


def ok(text: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(Level.OK, text)


def note(text: str, way_out: str = "") -> Finding:
    """Return something that is good to know."""
    return Finding(Level.NOTE, text, way_out)


def warning(text: str, way_out: str, fix: Callable[[], str] | None = None) -> Finding:
    """Return something that works, and may not for long."""
    return Finding(Level.WARNING, text, way_out, fix)


def fault(text: str, way_out: str, fix: Callable[[], str] | None = None) -> Finding:
    """Return something that does not work."""
    return Finding(Level.FAULT, text, way_out, fix)
