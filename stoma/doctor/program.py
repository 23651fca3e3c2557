"""The program itself: versions, and what it needs to run."""

import platform
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, requires, version

from stoma.doctor.findings import Finding, Ground, fault, ok
from stoma.version import __version__


def versions(ground: Ground) -> Iterator[Finding]:
    """See that everything stoma needs is there."""
    yield ok(
        f"stoma {__version__}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.release()}"
    )
    missing = _missing()
    if missing:
        yield fault(f"not installed: {', '.join(missing)}", "pip install --upgrade stoma")
    if not _searchable():
        yield fault(
            "this SQLite has no full-text search (FTS5)",
            "use a Python whose sqlite3 module has it; that of python.org and Debian do",
        )


def _missing() -> list[str]:
    """Return what stoma needs and does not find; extras do not count."""
    try:
        wanted = requires("stoma") or []
    except PackageNotFoundError:  # run from its sources
        return []
    names = [
        re.match(r"[\w.-]+", each)[0]  # type: ignore[index]
        for each in wanted
        if "extra ==" not in each
    ]
    return [name for name in names if not _installed(name)]


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _searchable() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
        except sqlite3.Error:
            return False
    return True
