"""Making a system what it is to be, and saying what changed. Done twice, it changes nothing."""

import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stoma.service.errors import NoPermissionError, ServiceError
from stoma.service.units import File, Folder, Owner, Target

#: Runs a command of the system.
Run = Callable[[Sequence[str]], None]


class Change(NamedTuple):
    """What was done, or would be."""

    verb: str  #: `create`, `update`, `remove`, `run`
    subject: str


def run(command: Sequence[str]) -> None:
    """Run a command of the system.

    Raises:
        ServiceError: It is not there, or failed.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise ServiceError(f"{command[0]} can not be run: {error.strerror}") from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise ServiceError(f"{' '.join(command)} failed ({done.returncode}): {said}")


def put(wanted: Folder | File, target: Target, *, dry: bool) -> Change | None:
    """Make a folder or file what it is to be; return what changed.

    Raises:
        ServiceError: Something else stands in its place, or it can not be written.
    """
    path = target.at(wanted.path)
    with _named(path):
        there = _status(path)
        if there is not None and isinstance(wanted, File) and wanted.keep:
            return None
        ids = None if target.staged or wanted.owner is None else _ids(wanted.owner, dry=dry)
        if there is not None and _is_as(wanted, path, there, ids):
            return None
        if not dry:
            _write(wanted, path)
            if ids:
                os.chown(path, *ids)
    return Change("update" if there else "create", str(wanted.path))


def remove(path: Path, target: Target, *, dry: bool) -> Change | None:
    """Remove a file, or a folder with all that is in it; return what changed."""
    place = target.at(path)
    with _named(place):
        there = _status(place)
        if there is None:
            return None
        if not dry:
            if stat.S_ISDIR(there.st_mode):
                shutil.rmtree(place)
            else:
                place.unlink()
                _drop_empty(place.parent)
    return Change("remove", str(path))


def _drop_empty(folder: Path) -> None:
    """Remove a folder of drop-ins that holds none any more."""
    if folder.name.endswith(".service.d") and not any(folder.iterdir()):
        folder.rmdir()


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_as(
    wanted: Folder | File, path: Path, there: os.stat_result, ids: tuple[int, int] | None
) -> bool:
    if isinstance(wanted, Folder) != stat.S_ISDIR(there.st_mode):
        raise ServiceError(
            f"{path} is no {'folder' if isinstance(wanted, Folder) else 'file'}",
            hint="move it away, and install again",
        )
    same = stat.S_IMODE(there.st_mode) == wanted.mode
    if wanted.owner is None and isinstance(wanted, Folder):
        return True  # a folder of the user's own stays as it is
    if ids is not None:
        same = same and (there.st_uid, there.st_gid) == ids
    if isinstance(wanted, File):
        same = same and path.read_text(encoding="utf-8", errors="replace") == wanted.text
    return same


def _write(wanted: Folder | File, path: Path) -> None:
    if isinstance(wanted, Folder):
        path.mkdir(parents=True, exist_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside it and then in its place: nobody ever reads half a unit.
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(wanted.text, encoding="utf-8")
        fresh.chmod(wanted.mode)
        fresh.replace(path)
    path.chmod(wanted.mode)


def _ids(owner: Owner, *, dry: bool) -> tuple[int, int] | None:
    try:
        return pwd.getpwnam(owner.user).pw_uid, grp.getgrnam(owner.group).gr_gid
    except KeyError:
        if dry:  # made before, when it is meant
            return None
        raise ServiceError(
            f"there is no user {owner.user!r} with group {owner.group!r}",
            hint="systemd-sysusers makes it; see sysusers.d(5)",
        ) from None


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say which path could not be dealt with."""
    try:
        yield
    except PermissionError as error:
        raise NoPermissionError(str(path)) from error
    except OSError as error:
        raise ServiceError(f"{path}: {error.strerror}") from error


def changes(found: Iterable[Change | None]) -> list[Change]:
    """Return what changed."""
    return [each for each in found if each is not None]
