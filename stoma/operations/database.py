"""Care for the registry: check it, copy it, put a copy back, bring it up to date."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stoma.exceptions import ConflictError, NotFoundError, SchedulerRunningError, UsageError
from stoma.scheduler.lock import only_scheduler
from stoma.settings import Paths
from stoma.storage import checking, copying, maintenance
from stoma.storage.copying import OnPages
from stoma.storage.database import Database
from stoma.storage.schema import check_file, check_version, last_backup, translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that was made, or put in place."""

    path: Path
    version: int  #: of its schema
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A registry that was put back."""

    copy: Copied
    kept: Path | None  #: where the one that was there is now


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """A registry that was brought up to date."""

    before: int  #: its schema version; 0: there was none
    after: int
    backup: str | None  #: the copy made before, if one was needed


def check_registry(path: Path) -> list[str]:
    """Return what is wrong with the registry at *path*; nothing, if all is well.

    Raises:
        NewerSchemaError: Written by a newer stoma.
        RegistryError: It can not be read now.
    """
    return checking.check(path)


def back_up(path: Path, target: Path, on_pages: OnPages, *, force: bool = False) -> Copied:
    """Copy the registry at *path*, which may be in use, to the file *target*.

    Raises:
        NotFoundError: There is no registry.
        ConflictError: There is such a file already, and *force* was not given.
        UsageError: The target can not be such a file.
        RegistryError: The registry is damaged, or one of the files can not be used.
    """
    if not path.exists():
        raise NotFoundError("registry", str(path))
    if target.exists():
        if target.is_dir():
            raise UsageError(f"{target} is a folder", hint="name the file that is to be written")
        if target.samefile(path):
            raise UsageError(f"{target} is the registry itself", hint="name another file")
        if not force:
            raise ConflictError(f"{target} exists already", hint="to replace it: --force")
    copying.copy(path, target, on_pages=on_pages)
    return _copied(target)


def restore(paths: Paths, source: Path, on_pages: OnPages, *, now: datetime) -> Restored:
    """Put a copy of the registry in the file *source* in the place of the present one.

    Raises:
        NotFoundError: There is no such file.
        ConflictError: A scheduler, or another process, works on the registry.
        RegistryError: The file is no good registry. Nothing was changed.
    """
    try:
        with only_scheduler(paths.lock_file, paths.database):
            kept = maintenance.restore(paths.database, source, now=now, on_pages=on_pages)
    except SchedulerRunningError as error:
        raise ConflictError(str(error), hint="stop it, then restore") from error
    return Restored(copy=_copied(paths.database), kept=kept)


def migrate(path: Path, *, now: datetime) -> Migrated:
    """Create the registry, or bring it to this version's schema, keeping a copy of an older one.

    Raises:
        RegistryError: It can not be used as it is.
    """
    before = _version(path) if path.exists() else 0
    database = Database(path)
    try:
        database.open(now=now)
    finally:
        database.close()
    after = _version(path)
    return Migrated(
        before=before, after=after, backup=last_backup(path) if 0 < before < after else None
    )


def _copied(path: Path) -> Copied:
    return Copied(path=path, version=_version(path), bytes=path.stat().st_size)


def _version(path: Path) -> int:
    check_file(path)
    with translated(path), closing(copying.connect(path, "ro")) as connection:
        return check_version(connection, path)
