"""What passes between a collector, a normalizer and the store: pages with resume points."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from stoma.domain.coverage import Days
from stoma.domain.item import RawAnswer
from stoma.domain.task import Json
from stoma.domain.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectRequest:
    """What one attempt asks a collector for."""

    task_id: str
    config: Mapping[str, Json]
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)  #: the moment of the attempt
    cursor: Mapping[str, Json] = field(default_factory=dict)  #: how far is proven
    checkpoint: Mapping[str, Json] = field(default_factory=dict)  #: where this run broke off
    #: The slot that is carried out; None: somebody asked for the run.
    scheduled_for: datetime | None = None
    #: The time that slot stands for. Where it is past, only what the source has of it is wanted:
    #: later slots have run already, and `cursor` is empty.
    window: Window | None = None
    #: Returns the kept answer to an address, if it is fresh enough to be taken for a new one.
    kept: Callable[[str], RawAnswer | None] = lambda _: None

    @property
    def past(self) -> Window | None:
        """The window of the past that is to be filled; None in every other run."""
        return self.window if self.window is not None and self.window.past else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectResult:
    """One answer of a source, as a normalizer gets it."""

    raw: RawAnswer
    task_id: str = ""
    config: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One step of a collection: an answer, and where to go on after it is stored.

    A page is stored with its checkpoint in one transaction. The last page of a collection has
    `last` set and carries the cursor that its end proves.
    """

    raw: RawAnswer | None  #: None: nothing was asked, or nothing came that is to be kept
    checkpoint: Mapping[str, Json] = field(default_factory=dict)
    only: Collection[str] | None = None  #: natural ids of the items to keep of it; None: all
    last: bool = False
    cursor: Mapping[str, Json] = field(default_factory=dict)
    expected: int | None = None  #: items the source says the whole collection has
    partial: str = ""  #: on the last page: why the end is not proven; empty if it is
    #: On the last page: the source says itself that there is nothing, whatever was there before.
    zero_is_proven: bool = False
    #: On the last page: the days of the source's calendar of which it has provably all there is.
    covers: Days | None = None
    note: str = ""  #: something worth a line in the log
