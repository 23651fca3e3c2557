"""The digest: what was collected since the last one, what failed, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from stoma.domain.notice import Event, Notice
from stoma.domain.task import Json
from stoma.notifications.words import page, plain

#: Of a text by a thing's side, so much is shown; of many people, so many.
_SUMMARY, _PEOPLE, _NAMES = 220, 4, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A thing that was collected for the first time."""

    title: str
    url: str
    people: Sequence[str] = ()
    summary: str = ""
    at: datetime | None = None  #: when it was published


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one task brought."""

    task_id: str
    name: str
    count: int  #: all of it
    things: Sequence[Thing]  #: what is shown of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A task whose runs ended badly."""

    task_id: str
    name: str
    count: int
    run_id: int
    what: str
    well_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A run that comes next."""

    task_id: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Everything that a digest tells."""

    since: datetime
    until: datetime
    timezone: str
    groups: Sequence[Group]
    bad: Sequence[Bad]
    coming: Sequence[Coming]
    runs: int = 0
    missed: int = 0
    alive: bool = True  #: whether a scheduler is at work

    @property
    def new(self) -> int:
        """How many things are new."""
        return sum(group.count for group in self.groups)


def notice_of(digest: Digest) -> Notice:
    """Return the digest as a notice, in text and HTML."""
    day = _local(digest, digest.until)
    title = f"stoma: {_count(digest.new, 'new item')}, {day:%a %-d %b}"
    failing = [bad.task_id for bad in digest.bad if not bad.well_again]
    if failing:
        title += f", {len(failing)} failing"
    facts: dict[str, Json] = {
        "since": digest.since.isoformat(),
        "until": digest.until.isoformat(),
        "new": digest.new,
        "runs": digest.runs,
        "missed": digest.missed,
        "failing": list(failing),
        "tasks": {group.task_id: group.count for group in digest.groups},
    }
    return Notice(
        event=Event.DIGEST,
        at=digest.until,
        title=title,
        text=_text(digest),
        html=_html(digest),
        facts=facts,
    )


def _summary(digest: Digest) -> str:
    """Return in a line how the time went."""
    words = [_count(digest.new, "new item"), f"from {_count(digest.runs, 'run')}"]
    line = " ".join(words)
    if digest.missed:
        line += f", {_count(digest.missed, 'slot')} missed"
    return line if digest.alive else f"{line}; no scheduler is running"


def _window(digest: Digest) -> str:
    since, until = _local(digest, digest.since), _local(digest, digest.until)
    return f"{since:%a %-d %b %H:%M} to {until:%a %-d %b %H:%M} {digest.timezone}"


# --- text -----------------------------------------------------------------------------------------


def _text(digest: Digest) -> str:
    parts = [f"{_summary(digest)}\n{_window(digest)}\n"]
    if digest.bad:
        parts.append(_heading("Trouble") + "".join(map(_bad_text, digest.bad)))
    for group in digest.groups:
        things = "\n".join(_thing_text(digest, thing) for thing in group.things)
        more = group.count - len(group.things)
        rest = f"\n  ... and {more:,} more: {_more(group)}\n" if more > 0 else ""
        parts.append(f"{_heading(f'{plain(group.name)} ({group.count:,})')}{things}{rest}")
    if not digest.groups:
        parts.append("Nothing new came.\n")
    if digest.coming:
        lines = "".join(
            f"  {_local(digest, each.at):%a %H:%M}  {plain(each.name)}\n" for each in digest.coming
        )
        parts.append(_heading("Next") + lines)
    return "\n".join(parts)


def _heading(text: str) -> str:
    return f"{text}\n{'-' * len(text)}\n"


def _bad_text(bad: Bad) -> str:
    again = "; it is well again" if bad.well_again else ""
    return (
        f"  {plain(bad.name)}: {_bad_words(bad)}{again}\n"
        f"    stoma scheduler show-run {bad.run_id}\n"
    )


def _thing_text(digest: Digest, thing: Thing) -> str:
    lines = [f"* {_title(thing)}"]
    people = _people(thing.people)
    when = f"{_local(digest, thing.at):%-d %b}" if thing.at else ""
    about = ", ".join(filter(None, (people, when)))
    if about:
        lines.append(f"  {about}")
    if _link(thing.url):
        lines.append(f"  {_link(thing.url)}")
    return "\n".join(lines) + "\n"


# --- HTML -----------------------------------------------------------------------------------------


def _html(digest: Digest) -> str:
    parts = [
        f'<h1 style="font-size:22px;margin:0">{escape(_summary(digest))}</h1>'
        f'<p style="color:#6b7280;margin:2px 0 18px">{escape(_window(digest))}</p>'
    ]
    if digest.bad:
        parts += map(_bad_html, digest.bad)
    parts += [_group_html(digest, group) for group in digest.groups]
    if not digest.groups:
        parts.append("<p>Nothing new came.</p>")
    if digest.coming:
        rows = "".join(_coming_html(digest, each) for each in digest.coming)
        parts.append(
            f'{_heading_html("Next")}<table style="border-collapse:collapse">{rows}</table>'
        )
    return page("".join(parts))


def _heading_html(text: str, note: str = "") -> str:
    small = f' <span style="color:#6b7280;font-weight:400">{escape(note)}</span>' if note else ""
    return (
        '<h2 style="font-size:17px;margin:26px 0 8px;padding-bottom:4px;'
        f'border-bottom:1px solid #8884">{escape(text)}{small}</h2>'
    )


def _bad_html(bad: Bad) -> str:
    again = ' <span style="color:#1a7f37">It is well again.</span>' if bad.well_again else ""
    colour = "#8886" if bad.well_again else "#b42318"
    style = f"margin:6px 0;border-left:5px solid {colour};padding:2px 0 2px 12px"
    return (
        f'<p style="{style}"><b>{escape(plain(bad.name))}</b>: '
        f"{escape(_bad_words(bad))}{again}<br>"
        f'<code style="color:#6b7280;font-size:13px">stoma scheduler show-run {bad.run_id}</code>'
        "</p>"
    )


def _group_html(digest: Digest, group: Group) -> str:
    things = "".join(_thing_html(digest, thing) for thing in group.things)
    more = group.count - len(group.things)
    rest = (
        f'<p style="color:#6b7280;margin:4px 0">and {more:,} more: '
        f"<code>{escape(_more(group))}</code></p>"
        if more > 0
        else ""
    )
    return _heading_html(plain(group.name), f"{group.count:,}") + things + rest


def _thing_html(digest: Digest, thing: Thing) -> str:
    title, link = escape(_title(thing)), _link(thing.url)
    if link:
        title = f'<a href="{escape(link)}" style="color:#1f5fbf;text-decoration:none">{title}</a>'
    when = f"{_local(digest, thing.at):%-d %b}" if thing.at else ""
    about = " · ".join(filter(None, (escape(_people(thing.people)), when)))
    small = f'<div style="color:#6b7280;font-size:13px">{about}</div>' if about else ""
    text = _cut(plain(thing.summary), _SUMMARY)
    words = f'<div style="font-size:14px;margin-top:2px">{escape(text)}</div>' if text else ""
    head = f'<div style="font-weight:600">{title}</div>'
    return f'<div style="margin:0 0 14px">{head}{small}{words}</div>'


def _coming_html(digest: Digest, coming: Coming) -> str:
    return (
        '<tr><td style="padding:2px 16px 2px 0;color:#6b7280;white-space:nowrap">'
        f"{_local(digest, coming.at):%a %H:%M}</td><td>{escape(plain(coming.name))}</td></tr>"
    )


# --- words ----------------------------------------------------------------------------------------


def _bad_words(bad: Bad) -> str:
    times = "" if bad.count == 1 else f"{bad.count} times, last: "
    return f"{times}{_cut(plain(bad.what), 200)}"


def _title(thing: Thing) -> str:
    return _cut(plain(thing.title), 200) or "(no title)"


def _people(names: Sequence[str]) -> str:
    known = [plain(name) for name in names if name.strip()]
    text = _cut(", ".join(known[:_PEOPLE]), _NAMES)
    more = len(known) - _PEOPLE
    return f"{text} and {more} more" if more > 0 else text


def _link(url: str) -> str:
    """Return *url* if a click on it can only lead to a web page."""
    return plain(url) if urlsplit(url).scheme in ("http", "https") else ""


def _more(group: Group) -> str:
    return f"stoma items list --task {group.task_id}"


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return text[: length - 1].rpartition(" ")[0].rstrip(",;:. ") + "…"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _local(digest: Digest, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(digest.timezone))
