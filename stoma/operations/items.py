"""Looking at what was collected. Light."""

from stoma.exceptions import NotFoundError
from stoma.operations.tasks import require_task
from stoma.storage.read import Reader
from stoma.storage.read_items import ItemDetail, ItemFilter, ItemLine


def list_items(reader: Reader | None, wanted: ItemFilter, *, limit: int) -> list[ItemLine]:
    """Return items, the newest collected first.

    Raises:
        NotFoundError: The filter names a task that never was.
    """
    _check(reader, wanted)
    return reader.items.newest(wanted, limit=limit) if reader else []


def search_items(
    reader: Reader | None, text: str, wanted: ItemFilter, *, limit: int
) -> list[ItemLine]:
    """Return the items that contain every word of *text*, the best match first.

    Raises:
        NotFoundError: The filter names a task that never was.
    """
    _check(reader, wanted)
    return reader.items.search(text, wanted, limit=limit) if reader else []


def count_items(reader: Reader | None, wanted: ItemFilter) -> int:
    """Return how many items fit."""
    return reader.items.count(wanted) if reader else 0


def show_item(reader: Reader | None, name: str) -> ItemDetail:
    """Return one item by its number, its natural id, or any identifier it has.

    Raises:
        NotFoundError: There is none.
    """
    found = reader.items.find(name) if reader else None
    if found is None:
        raise NotFoundError("item", name, hint=f"look for it: stoma items search {name!r}")
    return found


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


def _check(reader: Reader | None, wanted: ItemFilter) -> None:
    if wanted.task_id is not None and reader is not None:
        require_task(reader, wanted.task_id)
