"""What happens to an error that nobody foresaw: a line for people, a traceback on file."""

import sys
import traceback
from datetime import datetime
from pathlib import Path

from stoma.cli.streams import note
from stoma.clock import SystemClock
from stoma.redaction import redacted
from stoma.settings import glance

_NAME = "bugs.log"


def keep(error: Exception) -> None:
    """Write the traceback of *error* to a file and say where; to stderr if that can not be."""
    report = redacted("".join(traceback.format_exception(error)))
    try:
        path = _append(report, SystemClock().now())
    except Exception:  # noqa: BLE001 - whatever is wrong with the place, the report matters more
        sys.stderr.write(report)
        path = None
    note(f"error: a bug in stoma: {type(error).__name__}: {redacted(str(error))}")
    if path is not None:
        note(f"  the traceback is in {path}; please report it")


def _append(report: str, now: datetime) -> Path:
    folder = glance().paths.logs_dir
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _NAME
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{now:%Y-%m-%dT%H:%M:%SZ} {redacted(' '.join(sys.argv))}\n{report}\n")
    return path
