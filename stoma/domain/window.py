"""The slot that a run carries out, and the time that slot stands for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

#: In the parameters of a run: the first of the missed slots that it stands for.
SINCE: Final = "since"
#: In the parameters of a run: the days of a hole that it fills, the first and the last.
DAYS: Final = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a run is for, whenever it really runs: the time since the slot before its own.

    A run that stands for slots missed before it has their time as well.
    """

    start: datetime  #: the slot before, excluded
    end: datetime  #: its own slot, included
    #: The run fills a gap: later slots have run already. What is collected is of this window, and
    #: says nothing of how far the source is read.
    past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """What a run knows of its slot."""

    scheduled_for: datetime
    window: Window | None = None  #: None: there is no slot before it
