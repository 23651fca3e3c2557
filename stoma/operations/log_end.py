"""The end of a run's log, and where it ends: what a follower starts from. Light."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stoma.domain.run import ACTIVE
from stoma.storage.read_rows import RunLine

#: So much of a file is looked at.
_MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LogEnd:
    """The newest lines of a log."""

    lines: Sequence[str]
    offset: int  #: bytes of the log up to here are told, or left out
    whole: bool  #: False: earlier lines are left out


def log_end(run: RunLine, *, most: int) -> LogEnd:
    """Return the last *most* lines of a run's log; none, if there is no log (any more)."""
    try:
        with Path(run.log_path or os.devnull).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(0, size - _MOST_BYTES)
            file.seek(begin)
            body = file.read(_MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return LogEnd((), 0, True)
    if begin:
        body = body[body.find(b"\n") + 1 :]
    if run.state in ACTIVE:  # a line that is being written is told when it is whole
        cut = body.rfind(b"\n") + 1
        size, body = size - (len(body) - cut), body[:cut]
    lines = body.decode("utf-8", "replace").splitlines()
    return LogEnd(lines[-most:], size, not begin and len(lines) <= most)
