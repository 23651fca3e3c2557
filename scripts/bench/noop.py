"""A task that does nothing but say when it is at work, for stoma and for its peers."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from stoma.collectors.base import BaseCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.item import ItemKind


def say(path: str, due: float) -> None:
    """Append how late this moment is, in milliseconds; a line of its own even beside others."""
    line = f"{(time.time() - due) * 1000:.3f} {os.getpid()}\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)


class Noop(BaseCollector):
    """Asks nobody, finds nothing."""

    source = "noop"
    kind = ItemKind.PAPER
    normalizer = "arxiv"
    base_url = "http://127.0.0.1:9"

    def collect(self, request: CollectRequest, gate: object) -> Iterator[Page]:
        """Yield the end at once."""
        due = request.scheduled_for or request.now
        say(str(Path(__file__).with_name("effects")), due.timestamp())
        yield Page(raw=None, last=True, zero_is_proven=True)
