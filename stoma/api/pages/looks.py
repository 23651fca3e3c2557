"""How states look: a shape, a tone and a word each, so that colour alone never tells anything."""

from collections.abc import Mapping
from typing import NamedTuple


class Look(NamedTuple):
    """How one state is shown."""

    shape: str  #: of `_shapes.html`, without its `s-`
    tone: str  #: a class of `stoma.css`
    said: str


_LOOKS: Mapping[str, Look] = {
    "succeeded": Look("ok", "ok", "ok"),
    "empty": Look("empty", "ok", "empty"),
    "partial": Look("partial", "warn", "partial"),
    "failed": Look("failed", "bad", "failed"),
    "dead": Look("failed", "bad", "failed"),
    "timed_out": Look("late", "bad", "timed out"),
    "interrupted": Look("cut", "warn", "interrupted"),
    "cancelled": Look("stopped", "not", "cancelled"),
    "skipped": Look("skipped", "not", "skipped"),
    "coalesced": Look("merged", "not", "merged"),
    "missed": Look("missed", "warn", "missed"),
    "pending": Look("waiting", "run", "waiting"),
    "queued": Look("waiting", "run", "waiting"),
    "running": Look("running", "run", "running"),
    "planned": Look("planned", "plan", "planned"),
    "disabled": Look("paused", "not", "disabled"),
    "backfilled": Look("again", "again", "backfilled"),
}
_UNKNOWN = Look("waiting", "not", "?")

#: Words of runs that did what they are for, and of those that did not.
GOOD = frozenset({"succeeded", "empty", "partial"})
BAD = frozenset({"failed", "dead", "timed_out", "interrupted"})
#: Words of slots that were never carried out.
NOT_RUN = frozenset({"skipped", "coalesced", "missed"})


def look(word: str, trigger: str = "") -> Look:
    """Return how a state is shown; a slot that a backfill carried out after all has its own."""
    return _LOOKS.get(told(word, trigger), _UNKNOWN)


def told(word: str, trigger: str = "") -> str:
    """Return the word that calendars count a run under."""
    return "backfilled" if trigger == "backfill" and word in GOOD else word


def said(word: str) -> str:
    """Return what people call a state."""
    return look(word).said
