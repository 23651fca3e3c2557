"""The registry: is it whole, of this version, and is there a copy?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from stoma.doctor.findings import Finding, Ground, fault, note, ok, warning
from stoma.exceptions import OlderSchemaError
from stoma.operations import database
from stoma.storage.read import reading
from stoma.storage.schema import SCHEMA_VERSION

#: Larger than that, every page is only looked at when somebody asks for it.
_LARGE_BYTES: Final = 100_000_000
#: A log of changes that is longer than that is not written back as it should be.
_LOG_BYTES: Final = 200_000_000
_OLD: Final = timedelta(days=7)


def registry(ground: Ground) -> Iterator[Finding]:
    """See that the registry is whole, and of this version."""
    path = ground.paths.database
    if not path.exists():
        yield note(f"there is none yet at {path}", "begin with: stoma scheduler start")
        return
    size = path.stat().st_size
    try:
        with reading(path) as reader:
            if reader is None:
                yield note(f"{path} is empty", "begin with: stoma scheduler start")
                return
    except OlderSchemaError as error:
        yield warning(str(error), "stoma db migrate", partial(_migrate, ground))
        return
    if size > _LARGE_BYTES:
        yield note(f"{path} has {size // 1_000_000:,} MB; not every page was looked at", _CHECK)
    else:
        findings = database.check_registry(path)
        yield from (fault(text, "put a copy back: stoma db restore FILE") for text in findings)
        if not findings:
            yield ok(f"{path} is whole, schema version {SCHEMA_VERSION}")
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        yield warning(
            f"{log} has {log.stat().st_size // 1_000_000:,} MB: somebody reads for very long",
            "end what has the registry open: lsof, or fuser",
        )


_CHECK: Final = "to look at all of it: stoma db check"


def _migrate(ground: Ground) -> str:
    done = database.migrate(ground.paths.database, now=ground.clock.now())
    return f"brought to schema version {done.after}; what was there: {done.backup}"


def backups(ground: Ground) -> Iterator[Finding]:
    """See that there is a copy that is not too old."""
    if not ground.paths.database.exists():
        return
    copies = list(ground.paths.backups_dir.glob("*.db"))
    if not copies:
        yield note(f"stoma made no copy of the registry in {ground.paths.backups_dir}", _NIGHTLY)
        return
    newest = max(copies, key=_changed)
    age = ground.clock.now() - _changed(newest)
    days = f"{age.days} day(s) old"
    yield note(f"the newest copy is {days}", _NIGHTLY) if age > _OLD else ok(f"{newest}, {days}")


_NIGHTLY: Final = "unless you make copies elsewhere: stoma db backup FILE, each night"


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
