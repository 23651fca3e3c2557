"""The words of a notice: what happened, since when, what comes next, and what to do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from stoma.domain.notice import Event, Notice
from stoma.domain.run import Run
from stoma.domain.task import Json, Task
from stoma.notifications.rules import Told, span
from stoma.redaction import redacted
from stoma.text import collapse, safe

_SAYS: Mapping[Event, str] = {
    Event.FAILURE: "failed",
    Event.DEAD: "failed for good",
    Event.MISSED: "missed",
    Event.SILENCE: "brings nothing new",
    Event.VOLUME: "brought much less than usual",
    Event.RECOVERY: "is well again",
    Event.SUCCESS: "succeeded",
}
#: A title is shown in lists of mail and on telephones.
_TITLE_LENGTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Slots that passed without a run."""

    first: datetime
    last: datetime
    slots: int
    detail: str


def of_run(task: Task, run: Run, told: Told, *, next_run_at: datetime | None) -> Notice:
    """Return the notice of how *run* ended."""
    what = told.detail or run.error or run.detail
    lines = [("task", _task(task)), ("run", f"{run.id}, {run.outcome}")]
    if run.ended_at:
        lines.append(("ended", _moment(run.ended_at)))
    if run.started_at and run.ended_at:
        lines.append(("took", f"{(run.ended_at - run.started_at).total_seconds():.1f} s"))
    if run.max_attempts > 1:
        lines.append(("attempts", f"{run.attempts} of {run.max_attempts}"))
    counts = run.counts
    if counts.items:
        brought = f"{counts.new} new, {counts.updated} updated, {counts.unchanged} unchanged"
        lines.append(("brought", brought))
    lines += _since(told, run.ended_at)
    if next_run_at:
        lines.append(("next run", _moment(next_run_at)))
    advice = [f"stoma scheduler show-run {run.id}", f"stoma scheduler logs {run.id}"]
    if told.event is Event.DEAD:
        advice.append(f"stoma scheduler retry-run {run.id}")
    facts: dict[str, Json] = {
        "task_id": task.id,
        "task_name": task.name,
        "run_id": run.id,
        "outcome": str(run.outcome),
        "error_kind": run.error_kind,
        "error": redacted(run.error),
        "detail": told.detail,
        "attempts": run.attempts,
        "started_at": _iso(run.started_at),
        "ended_at": _iso(run.ended_at),
        "new": counts.new,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "failures_in_a_row": told.trouble.count if told.trouble else 0,
        "next_run_at": _iso(next_run_at),
    }
    return _notice(told.event, task, (what, lines, advice), facts, run)


def of_missed(task: Task, missed: Missed, *, next_run_at: datetime | None) -> Notice:
    """Return the notice of slots that passed without a run."""
    count = "one run" if missed.slots == 1 else f"{missed.slots:,} runs"
    lines = [("task", _task(task)), ("missed", count), ("first", _moment(missed.first))]
    if missed.slots > 1:
        lines.append(("last", _moment(missed.last)))
    if next_run_at:
        lines.append(("next run", _moment(next_run_at)))
    until = missed.last + timedelta(seconds=1)
    advice = [
        f"stoma scheduler why {task.id} --at {missed.first:%Y-%m-%dT%H:%M:%SZ}",
        f"stoma scheduler backfill {task.id} --from {missed.first:%Y-%m-%dT%H:%M:%SZ}"
        f" --to {until:%Y-%m-%dT%H:%M:%SZ}",
    ]
    facts: dict[str, Json] = {
        "task_id": task.id,
        "task_name": task.name,
        "slots": missed.slots,
        "first_at": missed.first.isoformat(),
        "last_at": missed.last.isoformat(),
        "detail": missed.detail,
        "next_run_at": _iso(next_run_at),
    }
    return _notice(Event.MISSED, task, (missed.detail, lines, advice), facts, None)


def of_test(channel: str, at: datetime) -> Notice:
    """Return what is sent to try a channel out."""
    text = f"Channel {channel} works: this is what stoma will use to tell you of trouble."
    return Notice(
        event=Event.TEST,
        at=at,
        title=f"stoma: a test of channel {channel}",
        text=f"{text}\n",
        html=page(f"<p>{escape(text)}</p>"),
        facts={"channel": channel},
    )


def bundle(notices: Sequence[Notice], *, shown: int = 40) -> Notice:
    """Return many notices as one: nobody reads a hundred messages about one lost network."""
    first = notices[0]
    titles = [notice.title.removeprefix("stoma: ") for notice in notices]
    more = len(titles) - shown
    left_out = [f"... and {more:,} more: stoma scheduler status"] if more > 0 else []
    lines = [*titles[:shown], *left_out]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    tasks: list[Json] = list(dict.fromkeys(notice.task_id for notice in notices))
    return Notice(
        event=first.event,
        at=notices[-1].at,
        title=f"stoma: {len(notices):,} notices, the first: {titles[0]}"[:_TITLE_LENGTH],
        text="\n".join(f"- {line}" for line in lines) + "\n",
        html=page(f"<h1>{len(notices):,} notices</h1><ul>{items}</ul>"),
        facts={"notices": len(notices), "titles": list(lines), "task_ids": tasks},
    )


def payload(notice: Notice) -> bytes:
    """Return a notice as programs get it: `type`, `timestamp` and `data`."""
    data = {"event": str(notice.event), "title": notice.title, "text": notice.text}
    content = {
        "type": f"stoma.{notice.event}",
        "timestamp": notice.at.isoformat(),
        "data": {**data, **notice.facts},
    }
    return json.dumps(content, ensure_ascii=True).encode()


def page(body: str) -> str:
    """Return *body* as a whole page that programs for mail show well."""
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"></head>'
        '<body style="margin:0;padding:16px;font:15px/1.5 -apple-system,Segoe UI,Roboto,'
        'Helvetica,Arial,sans-serif"><div style="max-width:680px;margin:0 auto">'
        f"{body}</div></body></html>"
    )


def plain(text: str) -> str:
    """Return text from outside as one line that nothing obeys."""
    return collapse(safe(redacted(text)))


_Parts = tuple[str, Sequence[tuple[str, str]], Sequence[str]]


def _notice(
    event: Event, task: Task, parts: _Parts, facts: Mapping[str, Json], run: Run | None
) -> Notice:
    what, lines, advice = parts
    what = plain(what)
    title = f"stoma: {task.id} {_SAYS[event]}"
    if what:
        title += f": {what}"
    width = max(len(name) for name, _ in lines)
    listed = "\n".join(f"{name:<{width}}  {plain(value)}" for name, value in lines)
    told = f"{what}\n\n" if what else ""
    text = f"{task.id} {_SAYS[event]}\n\n{told}{listed}\n\n" + "".join(f"  {a}\n" for a in advice)
    at = run.ended_at if run is not None else None
    moment = at or datetime.fromisoformat(str(facts.get("last_at") or facts.get("ended_at")))
    return Notice(
        event=event,
        at=moment,
        title=title if len(title) <= _TITLE_LENGTH else f"{title[: _TITLE_LENGTH - 3]}...",
        text=text,
        html=_html(event, task, what, lines, advice),
        task_id=task.id,
        run_id=run.id if run else None,
        facts=facts,
    )


def _html(
    event: Event,
    task: Task,
    what: str,
    lines: Sequence[tuple[str, str]],
    advice: Sequence[str],
) -> str:
    good = event in (Event.RECOVERY, Event.SUCCESS)
    colour = "#1a7f37" if good else "#b42318"
    rows = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#6b7280">{escape(name)}</td>'
        f'<td style="padding:2px 0">{escape(plain(value))}</td></tr>'
        for name, value in lines
    )
    commands = "".join(f"{escape(each)}\n" for each in advice)
    told = f'<p style="font-size:16px">{escape(what)}</p>' if what else ""
    return page(
        f'<h1 style="font-size:19px;border-left:5px solid {colour};padding-left:10px">'
        f"{escape(task.id)} {_SAYS[event]}</h1>{told}"
        f'<table style="border-collapse:collapse">{rows}</table>'
        '<pre style="background:#8881;padding:10px;border-radius:6px;white-space:pre-wrap">'
        f"{commands}</pre>"
    )


def _since(told: Told, now: datetime | None) -> list[tuple[str, str]]:
    trouble = told.trouble
    if trouble is None or now is None:
        return []
    if told.event is Event.RECOVERY:
        word = "time" if trouble.count == 1 else "times in a row"
        return [("before", f"failed {trouble.count} {word}, for {span(now - trouble.since)}")]
    if trouble.count > 1:
        return [("in a row", f"{trouble.count}, since {_moment(trouble.since)}")]
    return []


def _task(task: Task) -> str:
    return f"{task.id} ({task.name})"


def _moment(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M:%S} UTC"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
