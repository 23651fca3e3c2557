"""Care for the registry's file: put it back, give space back, notice when it is gone."""

import socket
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

from stoma.exceptions import (
    ConflictError,
    DamagedRegistryError,
    NewerSchemaError,
    NotFoundError,
    RegistryBusyError,
    RegistryReplacedError,
    RegistryUnavailableError,
)
from stoma.processes import Instance
from stoma.storage.copying import OnPages, connect, copy, put_in_place
from stoma.storage.migrations import back_up
from stoma.storage.schema import check_version, translated

#: The files of a registry in use: the database, its write-ahead log, and the index of that.
_SUFFIXES = ("", "-wal", "-shm")
#: Free pages that are left in the file: new rows fill them, and nothing has to be moved.
_SPARE_PAGES = 1024
_PAGES_AT_ONCE = 500
#: Who can not get the lock at once comes again at the next opportunity.
_MOMENT_SECONDS = 0.05


class FileWatch:
    """Notices that the files of an open registry are not those on the disk any more.

    SQLite would go on in a file that nobody will ever read again. The files are never opened here:
    closing one would take from this process the locks that its connections hold.
    """

    def __init__(self, path: Path) -> None:
        self._paths = [path.with_name(path.name + suffix) for suffix in _SUFFIXES]
        # The log and its index may come later, with the first transaction.
        self._known = {path: _identity(path)}
        self.check()

    def check(self) -> None:
        """Look at the files; costs some microseconds.

        Raises:
            RegistryReplacedError: One was moved, removed or replaced since it was seen first.
            RegistryUnavailableError: Their folder can not be read.
        """
        for path in self._paths:
            found = _identity(path)
            if path not in self._known and found is not None:
                self._known[path] = found
            if path in self._known and (found is None or found != self._known[path]):
                raise RegistryReplacedError(str(path))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryUnavailableError(str(path), error.strerror or str(error)) from error
    return found.st_dev, found.st_ino


# --- space --------------------------------------------------------------------------------------


def release_pages(path: Path) -> bool:
    """Give some free pages at the end of the file back to the disk; return whether there are more.

    Nothing is done, and False returned, while somebody else writes.
    """
    with (
        suppress(RegistryBusyError),
        translated(path),
        closing(connect(path, "rw", timeout_seconds=_MOMENT_SECONDS)) as connection,
    ):
        free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
        if free > _SPARE_PAGES:
            pages = min(free - _SPARE_PAGES, _PAGES_AT_ONCE)
            # Of `execute`, only the first page would be moved: it stops at the first step.
            connection.executescript(f"PRAGMA incremental_vacuum({pages})")
            return int(connection.execute("PRAGMA freelist_count").fetchone()[0]) < free
    return False


def shorten_log(path: Path, *, above_bytes: int) -> bool:
    """Empty the write-ahead log if it takes more than *above_bytes*; return whether it was.

    A reader or writer in the way is not waited for.
    """
    try:
        size = path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return False
    if size <= above_bytes:
        return False
    with translated(path), closing(connect(path, "rw", timeout_seconds=0)) as connection:
        # First without keeping anybody from writing: the rest then takes a moment.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


# --- putting a copy back ------------------------------------------------------------------------


def restore(
    path: Path, source: Path, *, now: datetime, on_pages: OnPages = lambda done, pages: None
) -> Path | None:
    """Put a copy of the registry *source* in the place of the one at *path*.

    Nobody may work on it meanwhile: the caller holds the scheduler's lock.

    Returns:
        Where the one that was there is kept; None if there was none.

    Raises:
        NotFoundError: There is no such file.
        DamagedRegistryError: It is damaged, or no registry. Nothing was changed.
        NewerSchemaError: It was written by a newer stoma. Nothing was changed.
        ConflictError: Somebody works on the registry. Nothing was changed.
    """
    if not source.exists():
        raise NotFoundError("file", str(source))
    partial = path.with_name(f".{path.name}.restored")
    try:
        copy(source, partial, on_pages=on_pages)
        _disown(partial)
        kept = _set_aside(path, now)
        put_in_place(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return kept


def _disown(path: Path) -> None:
    """Let no instance in a copied registry count as alive, whatever machine it was copied on.

    What it holds is taken over at the next start, like that of any process that died.
    """
    with translated(path), closing(connect(path, "rw", timeout_seconds=0)) as connection:
        connection.execute(
            "UPDATE instances SET host = ?, pid_started = 'restored' WHERE stopped_at IS NULL",
            (socket.gethostname(),),
        )


def _set_aside(path: Path, now: datetime) -> Path | None:
    if not path.exists():
        return None
    try:
        with translated(path), closing(connect(path, "ro")) as connection:
            version = check_version(connection, path)
            if not version:
                return None  # it is still empty
            _refuse_users(connection)
        kept = back_up(path, version=version, now=now)
        _close_log(path)
    except (DamagedRegistryError, NewerSchemaError):
        return _move_away(path, now)
    return kept


def _refuse_users(connection: Connection) -> None:
    rows = connection.execute(
        "SELECT id, kind, host, boot_id, pid, pid_started FROM instances WHERE stopped_at IS NULL"
    )
    names = [column[0] for column in rows.description]
    for row in rows:
        instance = Instance(**dict(zip(names, row, strict=True)))
        if instance.is_alive:
            raise ConflictError(
                f"process {instance.pid} ({instance.kind}) is at work on the registry",
                hint="wait for its end, or stop it",
            )


def _close_log(path: Path) -> None:
    """Bring everything into the one file. The last one to close it removes the log."""
    with translated(path), closing(connect(path, "rw", timeout_seconds=0)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if path.with_name(f"{path.name}-wal").exists():
        raise ConflictError(
            f"another process has {path} open", hint="stop what uses it, such as: stoma web"
        )


def _move_away(path: Path, now: datetime) -> Path:
    """Keep a registry that this stoma can not copy, with its log, as it is."""
    folder = path.parent / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{path.stem}-kept-{now:%Y%m%dT%H%M%SZ}.db"
    for suffix in reversed(_SUFFIXES):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(kept.with_name(kept.name + suffix))
    return kept
