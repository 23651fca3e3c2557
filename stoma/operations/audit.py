"""Looking at the audit log. Light; `stoma.operations.audited` writes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from stoma.domain.audit import Entry, Mark, Verdict
from stoma.exceptions import StomaError, UsageError
from stoma.storage.read import Reader
from stoma.storage.read_audit import AuditFilter

#: What a command returns that found the log not to be what was written.
TAMPERED_EXIT_CODE = StomaError.exit_code
_NOTHING = Verdict(entries=0, start=Mark(), head=Mark())


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What became of a verification."""

    verdict: Verdict
    problem: str  #: empty: all is well


def list_entries(reader: Reader | None, wanted: AuditFilter, *, limit: int) -> list[Entry]:
    """Return the newest entries, newest first."""
    return reader.audit.newest(wanted, limit=limit) if reader else []


def export_entries(reader: Reader | None, wanted: AuditFilter) -> Iterator[Entry]:
    """Yield the entries in their order, however many there are."""
    return reader.audit.all(wanted) if reader else iter(())


def verify_log(reader: Reader | None, *, expected: str = "") -> Verified:
    """Go through the whole log; with *expected*, a hash kept elsewhere, see that it is in there.

    Raises:
        UsageError: *expected* can not be the hash of an entry.
    """
    if expected and (len(expected) < _SHORTEST or not set(expected) <= _HEX):
        raise UsageError(
            f"--expect is {expected!r}, which is no hash of an entry",
            hint="give what an earlier verify printed, or its first 12 letters at least",
        )
    verdict = reader.audit.verify() if reader else _NOTHING
    problem = verdict.problem
    cut_at = verdict.start.hash if verdict.start.entry_id else ""
    known = cut_at.startswith(expected) or (reader is not None and reader.audit.has(expected))
    if expected and not problem and not known:
        problem = f"no entry has the hash {expected}: the log was written anew, or shortened"
    return Verified(verdict=verdict, problem=problem)


_SHORTEST = 12
_HEX = set("0123456789abcdef")
