"""How entries of the audit log are shown."""

from dataclasses import dataclass
from typing import Annotated

import typer

from stoma.cli.forms import dumps
from stoma.cli.options import Bundle, moment
from stoma.cli.output import View
from stoma.cli.tables import Column
from stoma.cli.times import Times
from stoma.domain.audit import Entry
from stoma.domain.task import Json
from stoma.storage.read_audit import AuditFilter


@dataclass(frozen=True, slots=True)
class Wanted(Bundle):
    """Which entries are wanted."""

    subject: Annotated[
        str | None, typer.Option(help="Only changes of this task, run, user, ...")
    ] = None
    actor: Annotated[str | None, typer.Option(help="Only what this user did.")] = None
    action: Annotated[str | None, typer.Option(help="Only this: add-task, pause, ...")] = None
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Not older than this.")] = None

    @property
    def filter(self) -> AuditFilter:
        """The same for the reader."""
        return AuditFilter(
            subject=self.subject,
            actor=self.actor,
            action=self.action,
            since=moment(self.since, "--since"),
        )


def entry_view(times: Times) -> View[Entry]:
    """Return how entries are listed."""
    return View(
        columns=[
            Column("id", lambda entry: str(entry.id), right=True),
            Column("when", lambda entry: times.near(entry.draft.at)),
            Column("who", lambda entry: entry.draft.actor.name),
            Column("by", lambda entry: entry.draft.actor.origin),
            Column("did", lambda entry: entry.draft.action),
            Column("to", lambda entry: entry.draft.subject, least=12),
            Column("what", _what, least=24),
            Column("hash", lambda entry: entry.hash[:12], wide=True),
        ],
        fields={
            "id": lambda entry: entry.id,
            "at": lambda entry: entry.draft.at.isoformat(),
            "actor": lambda entry: entry.draft.actor.name,
            "origin": lambda entry: entry.draft.actor.origin,
            "action": lambda entry: entry.draft.action,
            "subject": lambda entry: entry.draft.subject,
            "before": lambda entry: entry.draft.before,
            "after": lambda entry: entry.draft.after,
            "hash": lambda entry: entry.hash,
        },
        name=lambda entry: str(entry.id),
    )


def _what(entry: Entry) -> str:
    """Return in a line what an entry says: the values that changed, or the new ones."""
    before, after = entry.draft.before, entry.draft.after
    if isinstance(before, dict) and isinstance(after, dict):
        names = [name for name in after if before.get(name) != after[name]]
        return ", ".join(f"{n}: {_short(before.get(n))} -> {_short(after[n])}" for n in names)
    if isinstance(after, dict):
        told = [f"{name}: {_short(after[name])}" for name in _TOLD if after.get(name)]
        return ", ".join(told or [f"{name}: {_short(after[name])}" for name in list(after)[:4]])
    return "" if after is None else _short(after)


#: What is told first of a thing that is new.
_TOLD = ("type", "schedule", "preset", "from", "to", "slots")


def _short(value: Json) -> str:
    text = value if isinstance(value, str) and value else dumps(value, None)
    return text if len(text) <= 60 else f"{text[:57]}..."
