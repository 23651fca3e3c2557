"""Moments, lengths and numbers as pages show them. Pure; what makes markup escapes first."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup, escape

from stoma.schedules.zones import local_time
from stoma.text import safe

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def local(moment: datetime, zone: str) -> datetime:
    """Return *moment* on the clock of *zone*."""
    return local_time(int(moment.timestamp()), zone)


def stamp(moment: datetime) -> str:
    """Return *moment* in UTC, to the second: `2026-03-02T06:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def time_tag(moment: datetime | None, zone: str, shown: str, live: str = "") -> Markup:
    """Return a `<time>`: *shown* to people, the instant to machines, its full text on hover.

    Args:
        moment: The instant; None gives a dash.
        zone: The clock of the full text.
        shown: What people see.
        live: How the page keeps it up to date: `until`, `ago`, `since`; empty: not at all.
    """
    if moment is None:
        return Markup('<span class="soft">-</span>')
    full = full_words(moment, zone)
    tick = Markup(' data-tick="{}"').format(live) if live else ""
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(
        stamp(moment), full, tick, shown
    )


def full_words(moment: datetime, zone: str) -> str:
    """Return an instant in full, with its zone: `Mon 2026-03-02 06:00 CET`."""
    at = local(moment, zone)
    clock = f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    return f"{at:%a %Y-%m-%d} {clock} {zone_name(at, zone)}"


def zone_name(at: datetime, zone: str) -> str:
    """Return the short name of a zone at a moment: `CET`; `+03` where it has none."""
    return zone if zone == "UTC" else f"{at:%Z}" or f"{at:%z}"


def near_words(moment: datetime, zone: str, now: datetime) -> str:
    """Return a moment as shortly as *now* allows: `06:00`, `Mon 06:00`, `2 Mar 06:00`."""
    at, here = local(moment, zone), local(now, zone)
    name = zone_name(at, zone)
    if at.date() == here.date():
        return f"{at:%H:%M} {name}"
    if abs(moment - now) < timedelta(days=6):
        return f"{at:%a %H:%M} {name}"
    year = "" if at.year == here.year else f" {at.year}"
    return f"{at.day} {at:%b}{year}, {at:%H:%M} {name}"


def span(length: timedelta | float | None) -> str:
    """Return a length of time in its two largest units: `41 s`, `1 h 40 min`; `-` for None."""
    if length is None:
        return "-"
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if 0 < seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for unit, name, part, small in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            units, rest = divmod(whole, unit)
            rest //= part
            return f"{units} {name} {rest} {small}" if rest else f"{units} {name}"
    return f"{whole} s"


def distance(moment: datetime, now: datetime) -> str:
    """Return how far away a moment is: `in 2 h 5 min`, `3 h ago`, `now`."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    if seconds > 0:
        return f"in {span(int(seconds))}"
    whole = int(-seconds)
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if whole >= unit:
            return f"{whole // unit} {name} ago"
    return f"{whole} s ago"


def size(count: int | None) -> str:
    """Return a number of bytes: `812 B`, `4.1 MB`; `-` for None."""
    if count is None:
        return "-"
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def thousands(number: float) -> str:
    """Return a number as people read it: `12,345`."""
    return f"{number:,.0f}"


def percent(share: float | None) -> str:
    """Return a share: `98 %`; never 100 where something is missing, never 0 where some is."""
    if share is None:
        return "-"
    whole = round(share * 100)
    if whole == 100 and share < 1:
        return f"{int(share * 1000) / 10} %"
    return "< 1 %" if whole == 0 and share > 0 else f"{whole} %"


_INVARIANT = frozenset({"new", "updated", "waiting", "failed", "unchanged"})


def count(number: int, noun: str) -> str:
    """Return `1 run`, `1,234 runs`."""
    plural = "" if number == 1 or noun in _INVARIANT else "s"
    return f"{number:,} {noun}{plural}"


def few(names: Sequence[str]) -> str:
    """Return who wrote it, as it is cited: `A`, `A and B`, `A et al.`."""
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)


def link(prefix: str, path: str, *parts: object, **query: object) -> str:
    """Return an address of ours: each part quoted, so that it never changes the path.

    Args:
        prefix: Where the whole application is mounted; usually empty.
        path: The fixed beginning.
        parts: Further segments.
        query: Parameters; None and empty texts are left out.
    """
    tail = "".join(f"/{quote(str(part), safe='')}" for part in parts)
    kept = {name: value for name, value in query.items() if value not in (None, "", False)}
    asked = f"?{urlencode(kept, doseq=True)}" if kept else ""
    return f"{prefix}{'' if path == '/' and tail else path}{tail}{asked}"


def outward(url: str) -> str:
    """Return an address of somebody else's if a click on it is harmless, else an empty text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def marked(snippet: str, start: str, end: str) -> Markup:
    """Return a snippet with its hits in `<mark>`; everything else is text."""
    first, *rest = snippet.split(start)
    parts = [Markup.escape(shown(first))]
    for each in rest:
        hit, _, after = each.partition(end)
        parts.append(Markup("<mark>{}</mark>{}").format(shown(hit), shown(after)))
    return Markup("").join(parts)


def coded(text: str) -> Markup:
    """Return text of ours with what stands between backticks as code."""
    code = Markup("<code>{}</code>")
    parts = [code.format(each) if n % 2 else escape(each) for n, each in enumerate(text.split("`"))]
    return Markup("").join(parts)


def shown(text: object) -> str:
    """Return text from outside without what would reorder or hide it on a page."""
    return safe(text, lines=True)


def flat(value: object) -> str:
    """Return a value of a definition as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {flat(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(flat, value))
    return shown("" if value is None else value)
