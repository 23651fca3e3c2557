"""Looking at what was told, and what waits to be. Light; `stoma.operations.notify` does it."""

from stoma.domain.notice import Queued
from stoma.storage.read import Reader

#: What `--waiting` means: not delivered, whether it will be tried again or not.
UNDELIVERED = ("waiting", "failed")


def list_notices(reader: Reader | None, *, limit: int, undelivered: bool = False) -> list[Queued]:
    """Return the newest notices, newest first."""
    states = UNDELIVERED if undelivered else ()
    return reader.outbox.newest(limit=limit, states=states) if reader else []
