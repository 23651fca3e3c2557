"""Files that are too old or too many: logs of runs, and backups. A little at each step."""

import os
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

#: So many files are looked at in one step.
_AT_ONCE = 100
#: The order of logs is known to so many parts: exactly, while there are fewer runs than that.
_PARTS = 4096
#: Over its quota, the folder is brought down to so much of it: not at every pass again.
_ROOM = 0.9
_LOG = re.compile(r"(\d{1,18})\.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRule:
    """Which logs may go: the old ones; and the oldest, if all together are too much."""

    before: datetime | None  #: not written to since; None: age does not count
    most_bytes: int  #: all together; 0: no limit
    active: Container[int]  #: runs that may still write to theirs
    newest_run: int  #: the highest number a run has
    tasks: Container[str]  #: whose folders stay, also when they are empty


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    run_id: int
    size: int
    written_at: float


class LogFolder:
    """The logs of runs: `TASK/RUN.log`. Other files in there are not touched.

    Attributes:
        removed: How many files are gone.
        freed: How many bytes they were.
        problem: The first thing that could not be done; empty if all could.
    """

    def __init__(self, folder: Path, rule: LogRule) -> None:
        self._folder = folder
        self._rule = rule
        self._part_bytes = [0] * _PARTS
        self.removed = 0
        self.freed = 0
        self.problem = ""

    def tidy(self) -> Iterator[None]:
        """Remove what may go, with a break after every few files."""
        rule = self._rule
        before = float("-inf") if rule.before is None else rule.before.timestamp()
        for number, file in enumerate(self._files()):
            if file.written_at < before and file.run_id not in rule.active:
                self._remove(file)
            else:
                self._part_bytes[self._part(file.run_id)] += file.size
            if number % _AT_ONCE == 0:
                yield
        last = self._last_excess_part()
        if last < 0:
            return
        for number, file in enumerate(self._files()):
            if self._part(file.run_id) <= last and file.run_id not in rule.active:
                self._remove(file)
            if number % _AT_ONCE == 0:
                yield

    def _part(self, run_id: int) -> int:
        return min(run_id * _PARTS // (self._rule.newest_run + 1), _PARTS - 1)

    def _last_excess_part(self) -> int:
        """Return up to which part, oldest first, the logs have to go; -1 if none has to."""
        most = self._rule.most_bytes
        if not most or sum(self._part_bytes) <= most:
            return -1
        room = most * _ROOM
        newest = max(part for part, size in enumerate(self._part_bytes) if size)
        for part in range(newest, -1, -1):
            room -= self._part_bytes[part]
            if room < 0 and part < newest:
                return part
        return -1

    def _files(self) -> Iterator[_File]:
        for folder in self._entries(self._folder):
            if not folder.is_dir(follow_symlinks=False):
                continue
            empty = True
            for entry in self._entries(folder.path):
                empty = False
                file = self._file(entry)
                if file is not None:
                    yield file
            if empty and folder.name not in self._rule.tasks:
                self._remove_folder(folder.path)

    def _entries(self, folder: Path | str) -> "Iterator[os.DirEntry[str]]":
        try:
            with os.scandir(folder) as entries:
                yield from entries
        except FileNotFoundError:
            return
        except OSError as error:
            self._note(error)

    def _file(self, entry: "os.DirEntry[str]") -> _File | None:
        name = _LOG.fullmatch(entry.name)
        if name is None or not entry.is_file(follow_symlinks=False):
            return None
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        return _File(Path(entry.path), int(name[1]), found.st_size, found.st_mtime)

    def _remove(self, file: _File) -> None:
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:
            self._note(error)
            return
        self.removed += 1
        self.freed += file.size

    def _remove_folder(self, path: str) -> None:
        try:
            Path(path).rmdir()
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        self.problem = self.problem or str(error)


def prune_backups(folder: Path, stem: str, *, keep: int) -> list[Path]:
    """Remove all but the newest *keep* of the backups that stoma made by itself; return them.

    Raises:
        OSError: One can not be removed.
    """
    pattern = re.compile(rf"{re.escape(stem)}-v\d+-(\d{{8}}T\d{{6}}Z)\.db")
    found = [
        (match[1], path) for path in folder.glob("*.db") if (match := pattern.fullmatch(path.name))
    ]
    gone = [path for _, path in sorted(found)[: max(0, len(found) - keep)]]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone
