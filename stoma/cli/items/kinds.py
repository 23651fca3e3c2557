"""What there is to say of a paper, a repository, a release or a filing: names and texts."""

from collections.abc import Callable, Iterator, Mapping

from stoma.cli.items.trades import trades
from stoma.cli.times import Times
from stoma.domain.growth import DayOfGrowth
from stoma.domain.task import Json
from stoma.records.items import stars_per_day
from stoma.storage.item_lines import ItemDetail

#: What identifiers are called; the rest by their own name.
_SCHEMES = {"doi": "DOI", "arxiv": "arXiv"}
_BARS = "▁▂▃▄▅▆▇█"
#: Of what only a source says: shown elsewhere, or of no use to a reader.
_QUIET = frozenset(
    [
        "primary_category",
        "pdf_url",
        "fork",
        "default_branch",
        "archived",
        "filing_date",
        "document",
        "ownership",
        "versions",
    ]
)
Rows = Iterator[tuple[str, str]]


def item_facts(found: ItemDetail, times: Times) -> Rows:
    """Yield what an item's source says of it, but for title and abstract."""
    yield from _KINDS.get(found.line.kind, _anything)(found, times)
    if found.line.status != "active":
        yield "status", ": ".join(filter(None, (found.line.status, found.status_reason)))
    for relation in found.relations:
        yield _spaced(relation.type), relation.to_natural_id
    yield "url", found.line.url


def _paper(found: ItemDetail, times: Times) -> Rows:
    yield "authors", ", ".join(found.line.authors)
    yield from _dates(found, times)
    yield "version", found.line.version_key
    yield "filed under", ", ".join(tag.term for tag in found.tags)
    for identifier in found.identifiers:
        yield _SCHEMES.get(identifier.scheme, identifier.scheme), identifier.value
    yield from _more(found)


def _repository(found: ItemDetail, times: Times) -> Rows:
    yield "owner", ", ".join(found.line.authors)
    yield "language", _tags(found, "language")
    yield "topics", _tags(found, "topic")
    yield "license", _tags(found, "license")
    newest = {each.metric: each.value for each in found.observed if not each.context}
    for metric in ("stars", "forks", "watchers", "open_issues"):
        if metric in newest:
            yield metric.replace("_", " "), f"{newest[metric]:,.0f}"
    yield "stars a day", growth_text(stars_per_day(found))
    yield from _dates(found, times)
    if isinstance(found.extra, dict) and found.extra.get("archived"):
        yield "archived", "yes: nothing changes there any more"
    yield from _more(found)


def _release(found: ItemDetail, times: Times) -> Rows:
    yield "by", ", ".join(found.line.authors)
    yield from _dates(found, times)
    downloads = [each.value for each in found.observed if each.metric == "downloads"]
    yield "downloads", f"{downloads[0]:,.0f}" if downloads else ""
    if isinstance(found.extra, dict) and found.extra.get("prerelease"):
        yield "prerelease", "yes"
    yield from _more(found)


def _filing(found: ItemDetail, times: Times) -> Rows:
    yield "form", " + ".join(tag.term for tag in found.tags if tag.scheme == "form")
    for each in found.contributors:
        about = ", ".join(filter(None, (each.external_id, "; ".join(each.affiliations))))
        yield each.role.replace("_", " "), f"{each.name} ({about})" if about else each.name
    extra: Mapping[str, Json] = found.extra if isinstance(found.extra, dict) else {}
    yield "filed", str(extra.get("filing_date") or "")
    yield "accepted", times.at(found.line.published_at) if found.line.published_at else ""
    yield "accession", found.line.natural_id
    yield "trades", trades(extra.get("ownership"))
    yield from _more(found)


def _anything(found: ItemDetail, times: Times) -> Rows:
    yield "by", ", ".join(found.line.authors)
    yield from _dates(found, times)
    yield "version", found.line.version_key
    yield "filed under", ", ".join(tag.term for tag in found.tags)
    yield from _more(found)


_KINDS: Mapping[str, Callable[[ItemDetail, Times], Rows]] = {
    "paper": _paper,
    "repository": _repository,
    "release": _release,
    "filing": _filing,
}


def _dates(found: ItemDetail, times: Times) -> Rows:
    line = found.line
    name = "created" if line.kind == "repository" else "published"
    yield name, times.at(line.published_at) if line.published_at else ""
    if line.source_updated_at not in (None, line.published_at):
        yield "updated", times.at(line.source_updated_at)


def _more(found: ItemDetail) -> Rows:
    """Yield what only this source says, where it is a text or a list of texts."""
    for name, value in found.extra.items() if isinstance(found.extra, dict) else ():
        if name not in _QUIET and isinstance(value, str | list):
            text = value if isinstance(value, str) else ", ".join(map(str, value))
            yield name.replace("_", " "), text


def _tags(found: ItemDetail, scheme: str) -> str:
    return ", ".join(tag.term for tag in found.tags if tag.scheme == scheme)


def _spaced(name: str) -> str:
    """Return `fork of` for `forkOf`."""
    return "".join(f" {each.lower()}" if each.isupper() else each for each in name)


def growth_text(days: list[DayOfGrowth]) -> str:
    """Return `+12 on 2026-03-02  ▁▂█ since 2026-02-27`; nothing where nothing grew yet."""
    gains = [(each.day, each.gained) for each in days if each.gained is not None]
    if not gains:
        return ""
    most = max(1.0, *(gain for _, gain in gains))
    bars = "".join(_BARS[round(max(gain, 0) / most * (len(_BARS) - 1))] for _, gain in gains)
    (first, _), (last, newest) = gains[0], gains[-1]
    whole = sum(gain for _, gain in gains)
    return f"{newest:+,.0f} on {last}; {whole:+,.0f} since {first}  {bars}"
