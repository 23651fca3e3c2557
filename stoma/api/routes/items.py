"""Items: what was collected, listed, searched, shown and exported."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import StreamingResponse

from stoma.api.access import May, Principal
from stoma.api.context import TheWeb
from stoma.api.document import errors
from stoma.api.json import JsonResponse
from stoma.api.routes.common import (
    LARGEST,
    MOST,
    Limit,
    Offset,
    When,
    listed,
    next_page,
    seen,
    there,
)
from stoma.api.shapes.items import ItemDetailShape, ItemShape
from stoma.domain.item import ItemKind, ItemStatus
from stoma.exceptions import NotFoundError
from stoma.export import form_of
from stoma.operations import items
from stoma.operations.exporting import export_items
from stoma.records.base import told
from stoma.records.items import ITEM, item_detail_fields
from stoma.storage.item_lines import ItemFilter
from stoma.storage.lookup import unknown_task
from stoma.storage.read import Reader

router = APIRouter(prefix="/api/items", tags=["items"])

_TYPES: Final = {
    "jsonl": "application/jsonl",
    "csv": "text/csv",
    "csl-json": "application/vnd.citationstyles.csl+json",
    "bibtex": "application/x-bibtex",
    "parquet": "application/vnd.apache.parquet",
}
#: More than that of an export is kept in a file while it is sent.
_IN_MEMORY: Final = 1_000_000
_PIECE: Final = 64 * 1024


@dataclass(frozen=True)
class Wanted:
    """Which items, as a query says it."""

    source: Annotated[str | None, Query(max_length=100, examples=["arxiv"])] = None
    kind: Annotated[ItemKind | None, Query()] = None
    status: Annotated[ItemStatus | None, Query()] = None
    task_id: Annotated[str | None, Query(max_length=100, description="It returned them.")] = None
    tag: Annotated[str | None, Query(max_length=200, examples=["cs.AI"])] = None
    author: Annotated[str | None, Query(max_length=200, description="Words of a name.")] = None
    run_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="New in this run.")] = None
    since: Annotated[When | None, Query(description="First collected then or later.")] = None
    until: Annotated[When | None, Query(description="First collected before then.")] = None

    def of(self, reader: Reader, who: Principal) -> ItemFilter:
        """Return the filter, within what somebody may see.

        Raises:
            NotFoundError: It names a task that is not theirs.
        """
        only = seen(reader, who)
        if self.task_id is not None and only is not None and self.task_id not in only:
            raise unknown_task(self.task_id, only)
        return ItemFilter(
            source=self.source,
            kind=self.kind,
            status=self.status,
            task_id=self.task_id,
            of_tasks=only,
            tag=self.tag,
            author=self.author,
            new_in_run=self.run_id,
            since=self.since,
            until=self.until,
        )


Which = Annotated[Wanted, Depends()]


@dataclass(frozen=True)
class Page:
    """Which part of what was found."""

    limit: Limit = 20
    offset: Annotated[int, Query(ge=0, le=MOST, description="Leave out so many.")] = 0


@router.get("", summary="List items", responses=errors(404), response_model=list[ItemShape])
def list_items(
    request: Request,
    who: May.read,
    web: TheWeb,
    which: Which,
    limit: Limit = 100,
    offset: Offset = 0,
) -> JsonResponse:
    """Return items, the newest collected first. `X-Total-Count` says how many fit."""
    with web.reader() as reader:
        found = there(reader)
        wanted = which.of(found, who)
        items.check_filter(found, wanted)
        lines = found.items.newest(wanted, limit=limit, offset=offset)
        total = items.count_items(found, wanted)
    headers = {"X-Total-Count": str(total)}
    if offset + len(lines) < total:
        headers |= next_page(request.url, offset=offset + len(lines), limit=limit)
    return listed((told(ITEM, line) for line in lines), headers)


@router.get(
    "/search", summary="Search items", responses=errors(404), response_model=list[ItemShape]
)
def search(
    request: Request,
    who: May.read,
    web: TheWeb,
    which: Which,
    page: Annotated[Page, Depends()],
    q: Annotated[
        str,
        Query(max_length=500, description="Every word must occur; begin* finds words that do."),
    ],
) -> JsonResponse:
    """Return the items that contain every word, the best match first."""
    with web.reader() as reader:
        found = there(reader)
        wanted = which.of(found, who)
        items.check_filter(found, wanted)
        lines = found.items.search(q, wanted, limit=page.limit, offset=page.offset)
    end = page.offset + page.limit
    more = len(lines) == page.limit and end <= MOST
    headers = next_page(request.url, offset=end, limit=page.limit) if more else {}
    return listed((told(ITEM, line) for line in lines), headers)


@router.get(
    "/export",
    summary="Export items",
    responses=errors(404)
    | {200: {"description": "A file.", "content": {kind: {} for kind in _TYPES.values()}}},
    response_class=StreamingResponse,
)
def export(
    who: May.read,
    web: TheWeb,
    which: Which,
    q: Annotated[
        str | None,
        Query(max_length=1000, description="Only those that a search for these words finds."),
    ] = None,
    format: Annotated[Literal["jsonl", "csv", "csl-json", "bibtex", "parquet"], Query()] = "jsonl",
    limit: Annotated[int, Query(ge=1, le=1_000_000, description="At most so many.")] = 10_000,
) -> StreamingResponse:
    """Return items in a form that other programs read, in the order they were collected."""
    form = form_of(format, "")
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    try:
        with web.reader() as reader:
            found = there(reader)
            wanted = replace(which.of(found, who), text=(q or "").strip() or None)
            export_items(found, wanted, form, file.write, limit=limit)
    except BaseException:
        file.close()
        raise
    name = f'attachment; filename="stoma{form.suffix}"'
    headers = {"Content-Disposition": name}
    return StreamingResponse(_sent(file), media_type=_TYPES[format], headers=headers)


@router.get(
    "/{item_id:path}",
    summary="Show an item",
    responses=errors(404),
    response_model=ItemDetailShape,
)
def show(
    item_id: Annotated[
        str,
        Path(max_length=500, description="Its id, a DOI, ...; slashes too: `owner/name`."),
    ],
    who: May.read,
    web: TheWeb,
) -> JsonResponse:
    """Return one item by its own id, any identifier it has, or its number here."""
    with web.reader() as reader:
        found = there(reader)
        only = seen(found, who)
        item = items.show_item(found, item_id)
        if only is not None and not only.intersection(item.tasks):
            raise NotFoundError("item", item_id)
    return JsonResponse(told(item_detail_fields(only), item))


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
