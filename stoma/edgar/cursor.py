"""How far EDGAR is provably read, between two runs; and how a run begins from there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Self

from stoma.domain.task import Json
from stoma.edgar.asks import Ask
from stoma.edgar.filing import iso_date
from stoma.edgar.forms import root, walks
from stoma.edgar.ledger import Ledger
from stoma.edgar.state import State
from stoma.edgar.wanted import Wanted
from stoma.edgar.window import CORRECTED_DAYS, Today, unread_from

_CORRECTED = timedelta(days=CORRECTED_DAYS)
#: How long a filing is remembered that no later window holds: for the corrections of a Saturday
#: that may be read up to a week after it.
_REMEMBERED = _CORRECTED + timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """What the runs so far have read."""

    unread_from: date | None = None  #: the first day that is not read to its end
    swept: date | None = None  #: the Saturday whose corrections are read
    newest: Mapping[str, str] = field(default_factory=dict)  #: by walk: the latest acceptance met
    seen: Ledger = field(default_factory=Ledger)  #: collected, and not yet in an index
    indexed: Ledger = field(default_factory=Ledger)  #: by day, as its index had it

    @classmethod
    def read(cls, written: Mapping[str, Json]) -> Self:
        """Return what `written` gave; what is of another making counts as not read."""
        newest = written.get("newest")
        return cls(
            unread_from=iso_date(written.get("unread_from")),
            swept=iso_date(written.get("swept")),
            newest={k: str(v) for k, v in newest.items()} if isinstance(newest, dict) else {},
            seen=Ledger.read(written.get("seen")),
            indexed=Ledger.read(written.get("indexed")),
        )

    def written(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "unread_from": self.unread_from.isoformat() if self.unread_from else None,
            "swept": self.swept.isoformat() if self.swept else None,
            "newest": dict(self.newest),
            "seen": self.seen.written(),
            "indexed": self.indexed.written(),
        }

    def begin(self, wanted: Wanted, today: Today) -> State:
        """Return the state of a run that has asked nothing yet."""
        since = today.since(wanted.days_back)
        unread = self.unread_from or since
        remembered = today.day - _REMEMBERED
        state = State(
            today=today.day,
            since=min(since, unread),
            kept_from=remembered if wanted.recent else min(remembered, since, unread),
            swept=today.saturday,
        )
        if wanted.tickers:
            state.queue.append(Ask("tickers"))
        elif wanted.recent:
            walked = () if today.past else walks(wanted.forms)
            state.queue.extend(Ask("latest", (form,)) for form in walked)
            days = [*today.to_index(unread), *self._corrected(today, unread)]
            state.queue.extend(Ask("index", (day.isoformat(),)) for day in days)
        else:
            state.queue.extend(company_asks(wanted, wanted.ciks, state))
        return state

    def after(self, state: State, *, recent: bool) -> "Cursor":
        """Return the cursor that the end of a run proves."""
        since = state.kept_from.isoformat()
        indexed = self.indexed.joined(state.indexed, since=since)
        for gone in state.dropped:
            indexed.drop(gone)
        seen = self.seen.joined(state.seen, since=since)
        for met in indexed:
            seen.drop(met)
        if state.limited:  # what was left out is still to come
            return Cursor(
                unread_from=self.unread_from,
                swept=self.swept,
                newest=self.newest,
                seen=seen,
                indexed=indexed,
            )
        first = self.unread_from or state.since
        return Cursor(
            unread_from=unread_from(first, state.today, state.read) if recent else state.today,
            swept=state.swept,
            newest={**self.newest, **state.newest},
            seen=seen,
            indexed=indexed,
        )

    def _corrected(self, today: Today, unread: date) -> Iterable[date]:
        """Return the days whose index is to be read again, for what a Saturday corrected."""
        if self.swept is None or self.swept >= today.saturday:
            return ()
        known = (date.fromisoformat(day) for day in self.indexed.days)
        first = today.saturday - _CORRECTED
        return sorted((day for day in known if first <= day < unread), reverse=True)


def company_asks(wanted: Wanted, ciks: Iterable[str], state: State) -> Iterator[Ask]:
    """Yield how the filings of some companies are asked for, or all that contain some words."""
    if wanted.query:
        forms = ",".join(sorted({root(form) for form in wanted.forms}))
        days = (state.since.isoformat(), state.today.isoformat())
        yield Ask("search", (wanted.query, forms, ",".join(ciks), *days))
    else:
        yield from (Ask("company", (cik,)) for cik in ciks)
