"""Looking at what was collected. Light."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stoma.domain.arxiv_id import ArxivId
from stoma.domain.item import RawAnswer
from stoma.domain.item_diff import FieldChange, changes
from stoma.domain.task import Json
from stoma.exceptions import NotFoundError, UsageError
from stoma.operations.tasks import require_task
from stoma.storage.item_lines import (
    ItemDetail,
    ItemFilter,
    ItemLine,
    ItemStats,
    VersionLine,
)
from stoma.storage.read import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions of an item, and what differs."""

    item: ItemDetail
    before: VersionLine
    after: VersionLine
    changes: list[FieldChange]


def list_items(reader: Reader | None, wanted: ItemFilter, *, limit: int) -> list[ItemLine]:
    """Return items, the newest collected first.

    Raises:
        NotFoundError: The filter names a task that never was.
    """
    check_filter(reader, wanted)
    return reader.items.newest(wanted, limit=limit) if reader else []


def search_items(
    reader: Reader | None, text: str, wanted: ItemFilter, *, limit: int
) -> list[ItemLine]:
    """Return the items that contain every word of *text*, the best match first.

    Raises:
        NotFoundError: The filter names a task that never was.
    """
    check_filter(reader, wanted)
    return reader.items.search(text, wanted, limit=limit) if reader else []


def count_items(reader: Reader | None, wanted: ItemFilter) -> int:
    """Return how many items fit."""
    return reader.items.count(wanted) if reader else 0


def show_item(reader: Reader | None, name: str) -> ItemDetail:
    """Return one item by its number, its natural id, or any identifier it has.

    An arXiv id may be written in any of its forms, an address included.

    Raises:
        NotFoundError: There is none.
    """
    found = reader.items.find(name) if reader else None
    if found is None and reader and (paper := ArxivId.parse(name)):
        found = reader.items.find(paper.base)
    if found is None:
        raise NotFoundError("item", name, hint=f"look for it: stoma items search {name!r}")
    return found


def version_of(item: ItemDetail, name: str) -> VersionLine:
    """Return a version by its number, or the newest that its source calls *name*.

    Raises:
        NotFoundError: There is none.
    """
    for version in reversed(item.versions):
        if name in (str(version.number), version.version_key):
            return version
    known = ", ".join(_called(each) for each in item.versions)
    raise NotFoundError(f"version of {item.line.natural_id}", name, hint=f"it has: {known}")


def _called(version: VersionLine) -> str:
    key = version.version_key
    return f"{version.number} ({key})" if key else str(version.number)


def diff_item(item: ItemDetail, before: str | None, after: str | None) -> Compared:
    """Return what differs between two versions: by default the one it is at and the one before.

    Raises:
        NotFoundError: It has no such version.
        UsageError: It has only one.
    """
    new = version_of(item, after) if after else item.version
    if before:
        old = version_of(item, before)
    else:
        earlier = [each for each in item.versions if each.number < new.number]
        if not earlier:
            raise UsageError(
                f"{item.line.natural_id} has no version before {_called(new)}",
                hint="a version is kept when something changes at the source",
            )
        old = earlier[-1]
    return Compared(item=item, before=old, after=new, changes=changes(_content(old), _content(new)))


def _content(version: VersionLine) -> dict[str, Json]:
    return version.content if isinstance(version.content, dict) else {}


def raw_answer(reader: Reader, item: ItemDetail, name: str | None) -> tuple[VersionLine, RawAnswer]:
    """Return a version, by default the one the item is at, with the answer it was read from.

    Raises:
        NotFoundError: There is no such version, or its answer is not kept any more.
    """
    version = version_of(item, name) if name else item.version
    answer = reader.items.raw(version.raw_sha256)
    if answer is None:
        raise NotFoundError(
            "kept answer",
            version.raw_sha256[:12],
            hint="its body was dropped to save room; it came from " + (version.raw_url or "-"),
        )
    return version, answer


def item_stats(reader: Reader | None, wanted: ItemFilter, *, days: int) -> ItemStats | None:
    """Return what there is, counted; None without a registry.

    Raises:
        NotFoundError: The filter names a task that never was.
    """
    check_filter(reader, wanted)
    return reader.items.statistics(wanted, days=days) if reader else None


def watch_items(
    reader: Reader, wanted: ItemFilter, *, last: int, pause: Callable[[], None]
) -> Iterator[list[ItemLine]]:
    """Yield the *last* items, then for ever those that are new, after each *pause*.

    Raises:
        NotFoundError: The filter names a task that never was.
    """
    check_filter(reader, wanted)
    seen = reader.items.last_id()
    yield reader.items.newest(wanted, limit=last)[::-1]
    while True:
        pause()
        newest = reader.items.last_id()
        if newest > seen:
            yield [each for each in reader.items.after(seen, wanted) if each.id <= newest]
            seen = newest


def summary(shown: int, there: int) -> str:
    """Return how many items a list shows of those there are."""
    if not there:
        return "no items; what is not collected yet can not be found"
    return f"{shown} of {there} items" if shown < there else f"{there} item{'s' * (there > 1)}"


def found_summary(shown: int, limit: int) -> str:
    """Return how many items a search has found."""
    if not shown:
        return "nothing found: every word must occur; begin* finds words that begin so"
    return f"the best {shown}; more with --limit" if shown == limit else f"{shown} found"


def check_filter(reader: Reader | None, wanted: ItemFilter) -> None:
    """Check what a filter names.

    Raises:
        NotFoundError: It names a task that never was.
    """
    if wanted.task_id is not None and reader is not None:
        require_task(reader, wanted.task_id)
