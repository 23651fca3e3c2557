"""A notice: something that happened which somebody wants to be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stoma.domain.task import Json


class Event(StrEnum):
    """What there is to tell."""

    FAILURE = "failure"  #: a run ended badly
    DEAD = "dead"  #: every attempt that a run was allowed has failed
    MISSED = "missed"  #: slots passed without a run
    SILENCE = "silence"  #: nothing new came for longer than ever
    VOLUME = "volume"  #: a run brought much less than usual
    RECOVERY = "recovery"  #: what was told as failing is well again
    SUCCESS = "success"  #: a run did what it should
    DIGEST = "digest"  #: what was collected in a day
    TEST = "test"  #: somebody tries a channel out


class NoticeState(StrEnum):
    """Where a notice is on its way through one channel."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  #: given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told, in the forms that channels need. Nothing in it is a secret."""

    event: Event
    at: datetime  #: when it happened
    title: str  #: one line
    text: str
    html: str = ""  #: the same for programs that show it; empty: the text will do
    task_id: str = ""
    run_id: int | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)  #: the same for programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A notice on its way through one channel."""

    id: int
    key: str  #: of what happened: one channel is told of it once
    channel: str
    notice: Notice
    state: NoticeState
    created_at: datetime
    not_before: datetime
    attempts: int
    sent_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that is wrong with a task, and whether somebody was told."""

    since: datetime
    count: int = 0  #: how often in a row
    told_at: datetime | None = None


def notice_to_json(notice: Notice) -> dict[str, Json]:
    """Return *notice* as JSON can hold it."""
    return {
        "event": str(notice.event),
        "at": notice.at.isoformat(),
        "title": notice.title,
        "text": notice.text,
        "html": notice.html,
        "task_id": notice.task_id,
        "run_id": notice.run_id,
        "facts": dict(notice.facts),
    }


def notice_from_json(values: Mapping[str, Json]) -> Notice:
    """Return the notice that `notice_to_json` wrote."""
    run_id, facts = values["run_id"], values["facts"]
    return Notice(
        event=Event(str(values["event"])),
        at=datetime.fromisoformat(str(values["at"])),
        title=str(values["title"]),
        text=str(values["text"]),
        html=str(values["html"]),
        task_id=str(values["task_id"]),
        run_id=run_id if isinstance(run_id, int) else None,
        facts=facts if isinstance(facts, dict) else {},
    )
