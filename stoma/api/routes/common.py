"""What endpoints share: who sees what, what a path may hold, and how lists go on."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from fastapi import Path, Query
from pydantic import AwareDatetime, BeforeValidator
from starlette.datastructures import URL

from stoma.api.access import Principal
from stoma.api.json import JsonResponse
from stoma.domain.task import Json
from stoma.exceptions import RegistryUnavailableError
from stoma.operations.runs import RunDetail, show_run
from stoma.operations.tasks import show_task
from stoma.storage.lookup import unknown_run, unknown_task
from stoma.storage.read import Reader, TaskDetail

#: No row has a higher number (SQLite).
LARGEST: Final = 2**63 - 1
#: No list is longer.
MOST: Final = 10_000

TaskId = Annotated[
    str, Path(max_length=100, description="The task.", examples=["arxiv_daily_trending"])
]
RunId = Annotated[int, Path(ge=1, le=LARGEST, description="The run.", examples=[1])]


def _moment(value: object) -> object:
    """Return a moment with a `+` that a query string has made a space."""
    return value.replace(" ", "+") if isinstance(value, str) and value.count(" ") == 1 else value


#: A moment in a query.
When = Annotated[AwareDatetime, BeforeValidator(_moment)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many.")]
Offset = Annotated[int, Query(ge=0, le=LARGEST, description="Leave out so many.")]


def there(reader: Reader | None) -> Reader:
    """Return the registry.

    Raises:
        RegistryUnavailableError: Somebody has taken it away.
    """
    if reader is None:
        raise RegistryUnavailableError("the registry", "it is not there any more")
    return reader


def seen(reader: Reader, who: Principal) -> frozenset[str] | None:
    """Return the tasks that somebody may see; None: all."""
    if who.is_admin and who.tasks is None:
        return None
    owners = reader.pages.owners()
    return frozenset(name for name, owner in owners.items() if who.sees(name, owner))


def task_of(reader: Reader | None, who: Principal, task_id: str) -> TaskDetail:
    """Return a task; somebody else's is as unknown as one that is not.

    Raises:
        NotFoundError: There is none to be seen.
    """
    found = there(reader)
    only = seen(found, who)
    if only is not None and task_id not in only:
        raise unknown_task(task_id, only)
    return show_task(found, task_id)


def run_of(reader: Reader | None, who: Principal, run_id: int, timezone: str) -> RunDetail:
    """Return a run; one of somebody else's task is as unknown as one that is not.

    Raises:
        NotFoundError: There is none to be seen.
    """
    detail = show_run(there(reader), run_id, timezone=timezone)
    only = seen(there(reader), who)
    if only is not None and detail.run.task_id not in only:
        raise unknown_run(run_id)
    return detail


def listed(records: Iterable[Json], headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Return a list as an answer."""
    return JsonResponse(list(records), headers=dict(headers or {}))


def next_page(url: URL, **changed: object) -> dict[str, str]:
    """Return the header that names the next page: the same request, but for what is *changed*."""
    query = url.include_query_params(**changed).query
    return {"Link": f'<{url.path}?{query}>; rel="next"'}
