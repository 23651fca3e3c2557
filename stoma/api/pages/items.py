"""Items: found by words and narrowed by facets, and one with everything that is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from stoma.api.pages.desk import Desk
from stoma.api.pages.format import link
from stoma.api.pages.paging import Paging
from stoma.api.pages.render import show
from stoma.exceptions import NotFoundError
from stoma.storage.item_lines import Group, ItemFilter
from stoma.storage.read_facets import CANDIDATES

_ON_A_PAGE = 25
_FURTHEST = 10_000
_SINCE: Mapping[str, tuple[str, timedelta]] = {
    "1d": ("Last 24 hours", timedelta(days=1)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}
_TITLES = {"source": "Source", "kind": "Kind", "task_id": "Task", "tag": "Filed under"}
_NAMES = {"task_id": "task"}
_FORMATS = {"csv": "CSV", "jsonl": "JSON lines", "bibtex": "BibTeX", "csl-json": "CSL JSON"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to narrow by, or to let go of."""

    said: str
    count: int | None
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """What one may narrow by."""

    title: str
    choices: Sequence[Choice]


def items(desk: Desk) -> Response:
    """Show what was collected."""
    text, wanted, query = _asked(desk)
    reader, first = desk.reader, desk.asked_number("from", most=_FURTHEST)
    if text:
        lines = reader.items.search(text, wanted, limit=_ON_A_PAGE, offset=first)
    else:
        lines = reader.items.newest(wanted, limit=_ON_A_PAGE, offset=first)
    total = reader.facets.count(text, wanted)

    def page(start: int) -> str:
        return link(desk.web.prefix, "/items", **{**query, "from": start or ""})

    more = first + _ON_A_PAGE < min(total, _FURTHEST)
    return show(
        desk,
        "items.html",
        items=lines,
        text=text,
        total=total,
        at_least=bool(text) and total >= CANDIDATES,
        facets=_facets(desk, text, wanted, query),
        query=query,
        narrowed=len(query) > bool(text),
        formats=_formats(desk, query),
        paging=Paging(
            before=page(max(first - _ON_A_PAGE, 0)) if first else None,
            after=page(first + _ON_A_PAGE) if more else None,
            said=f"{first + 1:,} to {first + len(lines):,} of {total:,}" if lines else "",
        ),
    )


def _asked(desk: Desk) -> tuple[str, ItemFilter, dict[str, str]]:
    """Return what is looked for: words, conditions, and both as they are in the address."""
    names = ("q", "source", "kind", "task", "tag", "run", "since")
    query = {name: desk.asked(name) for name in names if desk.asked(name)}
    since: datetime | None = None
    if query.get("since") in _SINCE:
        since = desk.now - _SINCE[query["since"]][1]
    run = query.get("run", "")
    return (
        query.get("q", ""),
        ItemFilter(
            source=query.get("source"),
            kind=query.get("kind"),
            task_id=query.get("task"),
            of_tasks=desk.only,
            tag=query.get("tag"),
            since=since,
            new_in_run=int(run) if run.isascii() and run.isdigit() and len(run) < 19 else None,
        ),
        query,
    )


def _facets(
    desk: Desk,
    text: str,
    wanted: ItemFilter,
    query: Mapping[str, str],
) -> list[Facet]:
    found = desk.reader.facets.facets(text, wanted)
    names = desk.reader.pages.names(group.name for group in found["task_id"])
    facets = []
    for name, groups in found.items():
        key = _NAMES.get(name, name)
        mine = [group for group in groups if name != "task_id" or desk.sees(group.name)]
        choices = [_choice(desk, key, group, query, names) for group in mine]
        if choices:
            facets.append(Facet(_TITLES[name], choices))
    when = [
        Choice(said, None, _toggled(desk, "since", value, query), query.get("since") == value)
        for value, (said, _) in _SINCE.items()
    ]
    return [*facets, Facet("Collected", when)]


def _choice(
    desk: Desk, key: str, group: Group, query: Mapping[str, str], names: Mapping[str, str]
) -> Choice:
    said = names.get(group.name, group.name) if key == "task" else group.name
    chosen = query.get(key) == group.name
    return Choice(said, group.items, _toggled(desk, key, group.name, query), chosen)


def _toggled(desk: Desk, key: str, value: str, query: Mapping[str, str]) -> str:
    """Return the address with one more condition, or without it if it holds already."""
    wanted = {**query, key: "" if query.get(key) == value else value}
    return link(desk.web.prefix, "/items", **wanted)


def _formats(desk: Desk, query: Mapping[str, str]) -> dict[str, str]:
    """Return where what is shown can be had as a file."""
    since = query.get("since", "")
    wanted: dict[str, object] = {
        "q": query.get("q"),
        "source": query.get("source"),
        "kind": query.get("kind"),
        "task_id": query.get("task"),
        "tag": query.get("tag"),
        "run_id": query.get("run"),
        "since": (desk.now - _SINCE[since][1]).isoformat() if since in _SINCE else "",
    }
    return {
        said: link(desk.web.prefix, "/api/items/export", **wanted, format=name)
        for name, said in _FORMATS.items()
    }


def item(desk: Desk) -> Response:
    """Show one item.

    Raises:
        NotFoundError: There is none to be seen.
    """
    number = desk.path["item_id"]
    good = number.isascii() and number.isdigit() and len(number) < 19
    # By its number alone: what a source calls it may be any text.
    found = desk.reader.items.numbered(int(number)) if good else None
    seen = found is not None and (desk.only is None or desk.only & {*found.tasks})
    if found is None or not seen:
        raise NotFoundError("item", number[:20], hint="look for it under Items")
    return show(
        desk,
        "item.html",
        item=found,
        names=desk.reader.pages.names(found.tasks),
        tasks=[name for name in found.tasks if desk.sees(name)],
        extra=found.extra if isinstance(found.extra, dict) else {},
    )
