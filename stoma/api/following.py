"""What flows to whoever follows a log, or all that changes, while they may see it."""

from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from stoma.api.context import Web
from stoma.exceptions import StomaError

#: What keeps proxies from holding back what flows.
_HEADERS: Final = {"X-Accel-Buffering": "no"}


def flowing(flow: AsyncIterable[bytes]) -> StreamingResponse:
    """Return events as an answer that goes on."""
    return StreamingResponse(flow, media_type="text/event-stream", headers=_HEADERS)


def still(web: Web, request: Request) -> Callable[[], Awaitable[bool]]:
    """Return a question: whether who asked is still let in."""

    async def may() -> bool:
        try:
            await run_in_threadpool(web.doorman.who, request.scope)
        except StomaError:
            return False
        return True

    return may
