"""Who changed what: entries that are only ever added, each sealed with the one before it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from stoma.domain.task import Json

#: What stands for the entry before the first.
BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, and by which way in."""

    name: str  #: the operating system's user, or the API's
    origin: str  #: `cli`, `api`, `scheduler`, `program`


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be entered."""

    at: datetime
    actor: Actor
    action: str  #: `add-task`, `pause`, ...: the words of the command line
    subject: str  #: what was changed: the id of a task, the number of a run, ...
    before: Json = None  #: of a change, only what differs; None: there was nothing
    after: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it is kept."""

    id: int  #: counted from 1, without gaps
    draft: Draft
    hash: str  #: over the hash of the entry before and everything in this one


@dataclass(frozen=True, slots=True)
class Mark:
    """One end of the chain: the last entry that was removed, or the newest there is."""

    entry_id: int = 0
    hash: str = BEGINNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look at the whole chain found."""

    entries: int  #: how many were found good
    start: Mark  #: everything up to here was removed as too old
    head: Mark  #: the newest good entry
    broken_at: int | None = None  #: the first entry that is missing or not what was written
    problem: str = ""  #: the same in words; empty: all is well


def seal(previous: str, entry_id: int, draft: Draft) -> str:
    """Return the hash of an entry: SHA-256 over the *previous* one and its canonical JSON."""
    content = {
        "id": entry_id,
        "at": draft.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": draft.actor.name,
        "origin": draft.actor.origin,
        "action": draft.action,
        "subject": draft.subject,
        "before": draft.before,
        "after": draft.after,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(f"{previous}{text}".encode()).hexdigest()


def chained(mark: Mark, draft: Draft) -> Entry:
    """Return the entry that *draft* makes after the one *mark* names."""
    number = mark.entry_id + 1
    return Entry(id=number, draft=draft, hash=seal(mark.hash, number, draft))


def verify(entries: Iterable[Entry], start: Mark, head: Mark) -> Verdict:
    """Go through a chain; stop at the first entry that is not what was written.

    Args:
        entries: All there are, in order.
        start: The last entry that was removed as too old.
        head: The newest entry, as it is remembered beside the chain.
    """
    last, count = start, 0
    for entry in entries:
        problem = _fault(last, entry)
        if problem:
            return Verdict(
                entries=count, start=start, head=last, broken_at=last.entry_id + 1, problem=problem
            )
        last, count = Mark(entry.id, entry.hash), count + 1
    if last == head:
        return Verdict(entries=count, start=start, head=last)
    if last.entry_id == head.entry_id:
        problem, broken = f"entry {last.entry_id} is not the one that was written", last.entry_id
    elif last.entry_id < head.entry_id:
        broken = last.entry_id + 1
        problem = f"entry {broken} is missing, and all up to {head.entry_id}"
    else:
        broken = head.entry_id + 1
        problem = f"entry {broken} was added by something else than stoma"
    return Verdict(entries=count, start=start, head=last, broken_at=broken, problem=problem)


def _fault(last: Mark, entry: Entry) -> str:
    expected = last.entry_id + 1
    if entry.id != expected:
        return f"entry {expected} is missing: the next one there is {entry.id}"
    if entry.hash != seal(last.hash, entry.id, entry.draft):
        return f"entry {entry.id} is not what was written"
    return ""
