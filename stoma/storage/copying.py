"""Copies of a registry: one consistent file each, complete or not there at all."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from stoma.exceptions import RegistryUnavailableError
from stoma.storage.schema import check_file, check_version, damaged, translated

#: Told how many pages of a copy are done, and how many there are.
OnPages = Callable[[int, int], None]

_PAGES_AT_ONCE = 1000


def copy(source: Path, target: Path, *, on_pages: OnPages = lambda done, pages: None) -> None:
    """Copy the registry at *source*, which may be in use, to *target*, and check the copy.

    The copy is the state of one moment. What was at *target* stays until the copy is complete and
    on the disk.

    Raises:
        DamagedRegistryError: The source, or what was read of it, is damaged, or no registry.
        NewerSchemaError: The source was written by a newer stoma.
        RegistryUnavailableError: One of the files can not be read or written.
    """
    check_file(source)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _copy_pages(source, partial, on_pages)
            _check(partial, told_as=source)
            shutil.copymode(source, partial)
            put_in_place(partial, target)
        finally:
            partial.unlink(missing_ok=True)


def put_in_place(partial: Path, target: Path) -> None:
    """Give a complete file its name: after a power cut it is there, or what was there before."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def connect(path: Path, mode: str, *, timeout_seconds: float = 15) -> sqlite3.Connection:
    """Return a connection to the file at *path*, which is there; *mode* is `ro` or `rw`.

    A connection that may not write does not know of CHECK constraints: checks need `rw`.

    Raises:
        RegistryUnavailableError: It is not there (any more), or can not be read.
    """
    address = f"{path.resolve().as_uri()}?mode={mode}"
    with translated(path):
        return sqlite3.connect(address, uri=True, timeout=timeout_seconds, isolation_level=None)


def _copy_pages(source: Path, target: Path, on_pages: OnPages) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with translated(source), closing(connect(source, "ro")) as reader:
        # Within a transaction others' commits do not make the copy begin again.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(connect(target, "rw")) as writer:
            reader.backup(
                writer,
                pages=_PAGES_AT_ONCE,
                progress=lambda status, left, pages: on_pages(pages - left, pages),
            )
            # One file, which any program can read where it may not write.
            writer.execute("PRAGMA journal_mode=DELETE")


def _check(path: Path, *, told_as: Path) -> None:
    with translated(told_as), closing(connect(path, "rw")) as connection:
        if not check_version(connection, told_as):
            raise damaged(told_as, "it is empty")
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise damaged(told_as, str(found))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = error.filename or path
        raise RegistryUnavailableError(str(name), error.strerror or str(error)) from error
