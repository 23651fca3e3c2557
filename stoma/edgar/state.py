"""How far a collection has come: all of it is JSON, so that a checkpoint can keep it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from stoma.domain.task import Json
from stoma.edgar.asks import Ask
from stoma.edgar.ledger import Ledger, Met


@dataclass(slots=True, kw_only=True)
class State:
    """What is still to be asked, and what this run has met so far."""

    today: date  #: at the SEC, when the run began
    since: date  #: the first day of the window
    kept_from: date  #: filings of earlier days are not noted: no later run meets them again
    swept: date  #: the Saturday whose corrections are read, once the run is through
    queue: list[Ask] = field(default_factory=list)
    seen: Ledger = field(default_factory=Ledger)  #: kept, from whichever answer
    indexed: Ledger = field(default_factory=Ledger)  #: as the indexes have it
    read: set[date] = field(default_factory=set)  #: days whose index came
    newest: dict[str, str] = field(default_factory=dict)  #: by walk: the latest acceptance met
    dropped: list[Met] = field(default_factory=list)  #: no longer as it was indexed
    count: int = 0  #: filings kept
    limited: bool = False  #: there were more than asked for
    doubts: list[str] = field(default_factory=list)  #: why the end is not proven

    @classmethod
    def read_from(cls, written: Mapping[str, Json]) -> Self | None:
        """Return what `written` gave; None if it is of another making."""
        try:
            return cls._read(written)
        except ValueError:
            return None

    @classmethod
    def _read(cls, written: Mapping[str, Json]) -> Self:
        match written:
            case {
                "today": str(today),
                "since": str(since),
                "kept_from": str(kept_from),
                "swept": str(swept),
                "queue": list(queue),
                "read": list(read),
                "newest": dict(newest),
                "dropped": list(dropped),
                "count": int(count),
                "limited": bool(limited),
                "doubts": list(doubts),
            }:
                return cls(
                    today=date.fromisoformat(today),
                    since=date.fromisoformat(since),
                    kept_from=date.fromisoformat(kept_from),
                    swept=date.fromisoformat(swept),
                    queue=[Ask.read(each) for each in queue],
                    seen=Ledger.read(written.get("seen")),
                    indexed=Ledger.read(written.get("indexed")),
                    read={date.fromisoformat(str(day)) for day in read},
                    newest={form: str(moment) for form, moment in newest.items()},
                    dropped=[Met(*map(str, each)) for each in dropped if isinstance(each, list)],
                    count=count,
                    limited=limited,
                    doubts=[str(doubt) for doubt in doubts],
                )
        raise ValueError("no state")

    def written(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "today": self.today.isoformat(),
            "since": self.since.isoformat(),
            "kept_from": self.kept_from.isoformat(),
            "swept": self.swept.isoformat(),
            "queue": [ask.written() for ask in self.queue],
            "seen": self.seen.written(),
            "indexed": self.indexed.written(),
            "read": [day.isoformat() for day in sorted(self.read)],
            "newest": dict(self.newest),
            "dropped": [list(met) for met in self.dropped],
            "count": self.count,
            "limited": self.limited,
            "doubts": list(self.doubts),
        }
