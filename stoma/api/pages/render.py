"""Templates into answers: the one environment, what every page shows, and what is said once."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stoma.api.access import Principal
from stoma.api.context import Web
from stoma.api.pages import format as fmt
from stoma.api.pages import looks
from stoma.api.pages.assets import address
from stoma.api.pages.desk import Desk, Note
from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule
from stoma.storage.read import Reader
from stoma.storage.read_items import HIT_END, HIT_START
from stoma.storage.read_rows import TaskLine
from stoma.version import __version__

TEMPLATES = Path(__file__).parents[1] / "templates"
THEMES = ("light", "dark")
THEME_COOKIE, NOTE_COOKIE = "stoma_theme", "stoma_said"
#: A cookie holds no more.
_LONGEST_NOTE = 1500


@dataclass(frozen=True, slots=True)
class Status:
    """How the scheduler is, in two words."""

    shape: str
    tone: str
    said: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds every page."""

    section: str
    path: str
    theme: str
    zone: str
    version: str = __version__
    who: Principal | None = None
    session: bool = False
    status: Status | None = None
    flashes: Sequence[Note] = ()


def show(desk: Desk, template: str, *, status: int = 200, **values: object) -> Response:
    """Return a page as an answer."""
    request = desk.request
    frame = Frame(
        section=section_of(request),
        path=_here(request),
        theme=theme_of(request),
        zone=desk.zone,
        who=desk.who,
        session=desk.who.credential == "session",
        status=_status(desk.reader, desk.now),
        flashes=[*_kept_note(request), *desk.notes],
    )
    return answer(desk.web, request, template, frame, status, values)


def plain(
    web: Web, request: Request, template: str, *, status: int = 200, **values: object
) -> Response:
    """Return a page for somebody who is not known, or who must not see anything else."""
    frame = Frame(
        section="",
        path=_here(request),
        theme=theme_of(request),
        zone=web.timezone,
        flashes=_kept_note(request),
    )
    return answer(web, request, template, frame, status, values)


def answer(
    web: Web,
    request: Request,
    template: str,
    frame: Frame,
    status: int,
    values: Mapping[str, object],
) -> Response:
    """Return a template, filled in, compressed for who understands that."""
    context = {
        **values,
        "frame": frame,
        "now": web.now(),
        "zone": web.timezone,
        "to": partial(fmt.link, web.prefix),
        "asset": lambda name: web.prefix + address(name),
    }
    text = environment().get_template(template).render(context)
    body, headers = text.encode(errors="replace"), {"Vary": "Accept-Encoding, Cookie"}
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > 1000:
        body, headers["Content-Encoding"] = gzip.compress(body, 5), "gzip"
    response = HTMLResponse(body, status, headers=headers)
    if NOTE_COOKIE in request.cookies:
        response.delete_cookie(NOTE_COOKIE, path=web.prefix or "/")
    return response


def done(desk: Desk, path: str, note: Note | None = None) -> Response:
    """Return the answer to a form: look there, where it is said what was done."""
    response = RedirectResponse(path, 303)
    if note is not None:
        short = Note(note.text[:_LONGEST_NOTE], note.tone, note.hint[:_LONGEST_NOTE])
        keep(desk.web, response, NOTE_COOKIE, quote(json.dumps(asdict(short))), seconds=60)
    return response


def keep(web: Web, response: Response, name: str, value: str, *, seconds: int) -> None:
    """Let a browser keep something for our pages alone."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=web.prefix or "/",
        secure=web.app.settings.web.https,
        httponly=True,
        samesite="lax",
    )


def _kept_note(request: Request) -> list[Note]:
    try:
        found = json.loads(unquote(request.cookies.get(NOTE_COOKIE, "null")))
        return [Note(str(found["text"]), str(found["tone"]), str(found["hint"]))] if found else []
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def theme_of(request: Request) -> str:
    """Return which theme somebody has chosen; empty: that of their system."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def section_of(request: Request) -> str:
    """Return the entry of the navigation that a page belongs to."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    first = "/" + path.strip("/").partition("/")[0]
    return "/tasks" if first == "/runs" else first


def _here(request: Request) -> str:
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return f"{path}?{request.url.query}" if request.url.query else path


def _status(reader: Reader, now: datetime) -> Status:
    line, pause = reader.scheduler(), pause_of(reader, now)
    if line is None:
        return Status("cut", "warn", "No scheduler", "Start it with: stoma scheduler start")
    if pause is not None:
        return Status("paused", "warn", "Paused", pause.reason or "No run starts")
    beat = fmt.distance(line.heartbeat_at, now)
    return Status("running", "ok", "Running", f"Process {line.instance.pid}, last beat {beat}")


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause of the scheduler as a whole."""

    until: datetime | None  #: None: until somebody ends it
    reason: str


def pause_of(reader: Reader, now: datetime) -> Paused | None:
    """Return the pause that is in force; None if there is none."""
    found = reader.fact("paused")
    if not isinstance(found, dict):
        return None
    until = datetime.fromisoformat(str(found["until"])) if found.get("until") else None
    return None if until and until <= now else Paused(until, str(found.get("reason") or ""))


# --- templates ----------------------------------------------------------------------------------


@cache
def environment() -> Environment:
    """Return the environment of all templates: everything is escaped, nothing may be missing."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.finalize = _finalized
    found.filters.update(_FILTERS)
    return found


def _finalized(value: Any) -> Any:
    """Let nothing from outside reorder what a page shows; markup of ours is what it is."""
    return fmt.shown(value) if type(value) is str else value


@pass_context
def _at(context: Context, moment: datetime | None, zone: str | None = None) -> Markup:
    zone = zone or context["zone"]
    shown = fmt.near_words(moment, zone, context["now"]) if moment else ""
    return fmt.time_tag(moment, zone, shown)


@pass_context
def _full(context: Context, moment: datetime | None, zone: str | None = None) -> Markup:
    zone = zone or context["zone"]
    return fmt.time_tag(moment, zone, fmt.full_words(moment, zone) if moment else "")


@pass_context
def _clock(context: Context, moment: datetime, zone: str | None = None) -> Markup:
    zone = zone or context["zone"]
    return fmt.time_tag(moment, zone, f"{fmt.local(moment, zone):%H:%M:%S}")


@pass_context
def _countdown(context: Context, moment: datetime | None) -> Markup:
    now = context["now"]
    late = moment is not None and moment < now
    shown = "due now" if late else fmt.distance(moment, now) if moment else ""
    return fmt.time_tag(moment, context["zone"], shown, "until")


@pass_context
def _ago(context: Context, moment: datetime | None) -> Markup:
    shown = fmt.distance(moment, context["now"]) if moment else ""
    return fmt.time_tag(moment, context["zone"], shown, "ago")


@pass_context
def _elapsed(context: Context, moment: datetime | None) -> Markup:
    shown = fmt.span(context["now"] - moment) if moment else ""
    return fmt.time_tag(moment, context["zone"], shown, "since")


@pass_context
def _schedule(context: Context, task: TaskLine) -> str:
    try:
        return parse_schedule(
            task.schedule, task.timezone or context["zone"], key=task.id
        ).describe()
    except ScheduleError as error:
        return f"can not be used: {error}"


_FILTERS: Mapping[str, Any] = {
    "at": _at,
    "full": _full,
    "clock": _clock,
    "countdown": _countdown,
    "ago": _ago,
    "elapsed": _elapsed,
    "schedule": _schedule,
    "stamp": lambda moment: fmt.stamp(moment) if moment else "",
    "span": fmt.span,
    "size": fmt.size,
    "thousands": fmt.thousands,
    "percent": fmt.percent,
    "count": fmt.count,
    "few": fmt.few,
    "outward": fmt.outward,
    "flat": fmt.flat,
    "look": looks.look,
    "said": looks.said,
    "coded": fmt.coded,
    "marked": lambda text: fmt.marked(text, HIT_START, HIT_END),
}
