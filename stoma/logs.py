"""Logging: how the program's own log looks, and the log file each run has of its own."""

import json
import logging
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

from stoma.redaction import redacted, redacted_bytes
from stoma.text import safe

#: What a run's log file may hold; what lies between head and tail is counted and left out.
LOG_CAP_BYTES = 10_000_000
#: A longer line is wrapped; a program that never ends its line can not fill the memory.
LINE_CAP_BYTES = 16_384
#: So much of a line that never ends is looked at again together with what comes next.
_OVERLAP = 1024
_STAMP_BYTES = len("2026-03-02T12:00:00.000Z ")

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


#: The run that this thread is about, and its task.
_ABOUT: ContextVar[tuple[int, str] | None] = ContextVar("about", default=None)
#: So begins every message that is about a run, wherever it is said.
_RUN = "run %d of task %s"


@contextmanager
def about(run_id: int, task_id: str) -> Iterator[None]:
    """Let every line that is logged in the body name the run it belongs to."""
    token = _ABOUT.set((run_id, task_id))
    try:
        yield
    finally:
        _ABOUT.reset(token)


def _subject(record: logging.LogRecord) -> tuple[int, str] | None:
    """Return the run that a record is about, and its task."""
    if str(record.msg).startswith(_RUN) and isinstance(record.args, tuple):
        run_id, task_id = record.args[:2]
        return int(str(run_id)), str(task_id)
    return _ABOUT.get()


class SafeFormatter(logging.Formatter):
    """One line per record, UTC to the millisecond; nothing a terminal would obey."""

    def __init__(self, *, timestamps: bool) -> None:
        super().__init__()
        self._timestamps = timestamps

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text; a traceback keeps its lines."""
        subject, message = _subject(record), record.getMessage()
        named = subject is None or message.startswith(f"run {subject[0]}")
        mark = f"run {subject[0]}: " if subject and not named else ""
        text = f"{record.levelname:<7} {mark}{message}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        if self._timestamps:
            moment = datetime.fromtimestamp(record.created, UTC)
            text = f"{stamp(moment)} {text}"
        return safe(redacted(text), lines=True)


class JsonFormatter(logging.Formatter):
    """One JSON object per record.

    Its fields: `at`, `level`, `logger`, `message`; of a run `run_id`, `task_id`; `traceback`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, str | int] = {
            "at": stamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        subject = _subject(record)
        if subject is not None:
            line["run_id"], line["task_id"] = subject
        if record.exc_info:
            line["traceback"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line)  # ASCII only: no control character survives


class JournalFormatter(logging.Formatter):
    """What another formatter makes of a record, with the priority the journal is to give it.

    Every line begins with `<N>`, which the journal takes off (sd-daemon(3)).
    """

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as lines."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        lines = self._inner.format(record).splitlines() or [""]
        return "\n".join(f"<{priority}>{line}" for line in lines)


#: Levels, and the priorities of syslog(3) they have.
_PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (0, 7),
)


def to_journal(stream: str) -> bool:
    """Return whether stderr leads to the journal.

    Args:
        stream: What systemd says is connected to it, `DEVICE:INODE` (`JOURNAL_STREAM`).
    """
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return stream == f"{found.st_dev}:{found.st_ino}"


class LogFile(RotatingFileHandler):
    """A file of log lines. When it is full, it becomes `FILE.1`, that `FILE.2`, and so on.

    A disk that is full, or gone, costs lines of it; that is said once, on stderr.

    Args:
        path: The file; its folder is created.
        most_bytes: How long it may become.
        count: So many of the older ones are kept.

    Raises:
        OSError: It can not be written.
    """

    def __init__(self, path: Path, *, most_bytes: int, count: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, maxBytes=most_bytes, backupCount=count, encoding="utf-8")
        self._problem = ""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say what went wrong, unless it was said before."""
        problem = str(sys.exc_info()[1])
        if problem != self._problem:
            sys.stderr.write(f"the log file can not be written: {safe(redacted(problem))}\n")
        self._problem = problem


def configure(
    level: str,
    *,
    timestamps: bool = True,
    form: str = "plain",
    journal: bool = False,
    file: logging.Handler | None = None,
) -> None:
    """Send the program's log to stderr at *level*.

    Args:
        level: The least severe kind of line.
        timestamps: Whether plain lines begin with their moment.
        form: `plain` lines for people, `json` ones for programs.
        journal: stderr leads to the journal, which has moments of its own, and priorities.
        file: Where the lines go as well.
    """
    handler = logging.StreamHandler(sys.stderr)
    lines = _formatter(form, timestamps=timestamps and not journal)
    handler.setFormatter(JournalFormatter(lines) if journal else lines)
    handlers: list[logging.Handler] = [handler]
    if file is not None:
        file.setFormatter(_formatter(form, timestamps=True))
        handlers.append(file)
    for each in handlers:
        # On the handlers too: a run's own file may be fed with more than is shown here.
        each.setLevel(level)
    root = logging.getLogger()
    for each in root.handlers:
        if isinstance(each, LogFile):
            each.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    # These tell of every connection; a scheduler's log is about runs.
    for chatty in ("httpx2", "httpcore2", "urllib3", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _formatter(form: str, *, timestamps: bool) -> logging.Formatter:
    return JsonFormatter() if form == "json" else SafeFormatter(timestamps=timestamps)


def stamp(moment: datetime) -> str:
    """Return *moment* as log lines begin: UTC to the millisecond."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class RunLog:
    """The file of one run: head and tail are kept, what lies between is counted and left out.

    A disk that is full, or gone, costs lines of the log; it does not stop the run.
    """

    def __init__(self, path: Path, *, cap_bytes: int = LOG_CAP_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._head_left = cap_bytes // 2
        # The tail is kept as it came: most of it is dropped before it would be escaped.
        self._tail: deque[tuple[bytes, datetime]] = deque()
        self._tail_bytes = 0
        self._tail_cap = cap_bytes - self._head_left
        self._left_out = 0
        self._unended: tuple[bytes, datetime] | None = None

    def write(self, line: bytes, at: datetime) -> None:
        """Append one line, with its moment; control characters are escaped."""
        self.feed(line.rstrip(b"\r\n") + b"\n", at)

    def feed(self, output: bytes, at: datetime) -> None:
        """Append what a program printed, lines and parts of lines, as `write` does with one."""
        if self._unended:
            output = self._unended[0] + output
        lines, end, rest = output.rpartition(b"\n")
        if len(rest) > LINE_CAP_BYTES + _OVERLAP:
            lines, end, rest = _cut(redacted_bytes(output))
        self._unended = (rest, at) if rest else None
        if end:
            self._keep(_wrapped(redacted_bytes(lines)), at)

    def close(self) -> None:
        """Write what was kept of the end, and close."""
        if self._unended:
            rest, at = self._unended
            self._keep(redacted_bytes(rest), at)
        kept: list[bytes] = []
        room = self._tail_cap
        while self._tail:
            entry = _entry(*self._tail.pop())
            fits = _last_lines(entry, room)
            room = room - len(entry) if fits == entry else 0
            self._left_out += len(entry) - len(fits)
            kept.append(fits)
        if self._left_out:
            self._put(f"... {self._left_out} bytes left out ...\n".encode())
        for entry in reversed(kept):
            self._put(entry)
        with suppress(OSError):
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _keep(self, lines: bytes, at: datetime) -> None:
        if self._head_left:
            entry = _entry(lines, at)
            if len(entry) <= self._head_left:
                self._head_left -= len(entry)
                self._put(entry)
                return
            head = entry[: entry.rfind(b"\n", 0, self._head_left) + 1]
            self._head_left = 0
            self._put(head)
            lines = lines.split(b"\n", head.count(b"\n"))[-1]
        self._tail.append((lines, at))
        self._tail_bytes += _size(lines)
        while self._tail and self._tail_bytes - _size(self._tail[0][0]) >= self._tail_cap:
            gone = _size(self._tail.popleft()[0])
            self._tail_bytes -= gone
            self._left_out += gone

    def _put(self, entry: bytes) -> None:
        try:
            written = self._file.write(entry)
        except OSError:
            written = 0
        self._left_out += len(entry) - written


def _entry(lines: bytes, at: datetime) -> bytes:
    """Return *lines* as they stand in the file."""
    text = safe((lines + b"\n").replace(b"\r\n", b"\n").decode("utf-8", "replace"), lines=True)
    begin = f"{stamp(at)} "
    return (begin + text[:-1].replace("\n", f"\n{begin}") + "\n").encode()


def _size(lines: bytes) -> int:
    """Return how long the entry of *lines* is if nothing in it has to be escaped."""
    return len(lines) + 1 + (lines.count(b"\n") + 1) * _STAMP_BYTES


def _cut(output: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what can be written of output whose last line does not end, an end, and the rest.

    The last of it stays: a secret may have begun there that is not known before all of it is there.
    """
    lines, end, rest = output.rpartition(b"\n")
    whole = (len(rest) - _OVERLAP) // LINE_CAP_BYTES * LINE_CAP_BYTES
    if whole <= 0:  # what was long was taken out
        return lines, end, rest
    return output[: len(output) - len(rest) + whole], b"\n", rest[whole:]


def _wrapped(lines: bytes) -> bytes:
    """Return *lines* with every one that is too long in pieces."""
    pieces, begin = [], 0
    # In strides, not line by line: there may be very many, and very short ones.
    while len(lines) - begin > LINE_CAP_BYTES:
        end = lines.rfind(b"\n", begin, begin + LINE_CAP_BYTES + 1)
        if end < 0:
            pieces.append(lines[begin : begin + LINE_CAP_BYTES])
            begin += LINE_CAP_BYTES
        else:
            pieces.append(lines[begin:end])
            begin = end + 1
    return b"\n".join([*pieces, lines[begin:]])


def _last_lines(entry: bytes, room: int) -> bytes:
    """Return the end of *entry*, in whole lines, that fits in *room* bytes."""
    if len(entry) <= room:
        return entry
    return entry[entry.index(b"\n", len(entry) - room - 1) + 1 :]


class RunLogHandler(logging.Handler):
    """Sends log records to a run's file: for attempts that run in this process."""

    def __init__(self, log: RunLog) -> None:
        super().__init__()
        self._log = log
        self.setFormatter(SafeFormatter(timestamps=False))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        moment = datetime.fromtimestamp(record.created, UTC)
        for line in self.format(record).splitlines():
            self._log.write(line.encode(), moment)
