"""Folders and files: may we write them, and may nobody else?"""

import os
import pwd
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from stoma.doctor.findings import Finding, Ground, fault, ok, warning
from stoma.secrets import named_in
from stoma.settings import Paths
from stoma.settings.section import credentials_in

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CHANGE = stat.S_IWGRP | stat.S_IWOTH


def permissions(ground: Ground) -> Iterator[Finding]:
    """See that what is stoma's can be written by us, and changed by nobody else."""
    findings = [*_folders(ground.paths), *_registry(ground.paths), *_config(ground)]
    yield from findings or [ok("folders and files can be written, and by nobody else")]


def _folders(paths: Paths) -> Iterator[Finding]:
    for folder in (paths.data_dir, paths.logs_dir, paths.cache_dir):
        if not folder.exists():
            continue  # made when something is written
        if not os.access(folder, os.W_OK | os.X_OK):
            yield fault(
                f"{folder} can not be written by {_user(os.geteuid())}",
                f"it belongs to {_user(folder.stat().st_uid)}: use stoma as that user",
            )
        elif folder.stat().st_mode & stat.S_IWOTH and not folder.stat().st_mode & stat.S_ISVTX:
            yield warning(
                f"everybody may change what is in {folder}",
                f"chmod o-w {folder}",
                _without(folder, stat.S_IWOTH),
            )


def _registry(paths: Paths) -> Iterator[Finding]:
    if not paths.database.exists():
        return
    there = paths.database.stat()
    if there.st_uid != os.geteuid():
        yield warning(
            f"{paths.database} belongs to {_user(there.st_uid)}, and this is "
            f"{_user(os.geteuid())}: what is written now may not be writable for it",
            "use stoma as that user; of the service: sudo stoma-service ...",
        )
    for name in ("", "-wal", "-shm"):
        file = paths.database.with_name(f"{paths.database.name}{name}")
        if file.exists() and file.stat().st_mode & _CHANGE:
            yield warning(
                f"others may change {file}", f"chmod go-w {file}", _without(file, _CHANGE)
            )


def _config(ground: Ground) -> Iterator[Finding]:
    """See that nobody else reads a secret that stands in a file of settings."""
    if ground.loaded is None:
        return
    origins = ground.loaded.origins
    files = {
        Path(origins.get(key, "").rpartition(":")[0])
        for key, value in credentials_in(ground.loaded.settings)
        if named_in(value.get_secret_value()) is None
    }
    for file in sorted(files):
        if file.is_file() and file.stat().st_mode & _OTHERS:
            yield warning(
                f"{file} holds a secret, and others may read it",
                f"chmod 600 {file}; better: keep the secret apart, see keep-secrets.md",
                _without(file, _OTHERS),
            )


def _without(path: Path, bits: int) -> Callable[[], str]:
    return partial(_take_away, path, bits)


def _take_away(path: Path, bits: int) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode & ~bits)
    return f"{path}: mode was {mode:o}, is {mode & ~bits:o}"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
