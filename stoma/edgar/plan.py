"""What to ask EDGAR next, and which filings of an answer to keep.

A plan is a queue of requests. Each answer is read in turn and may put others first: the next page,
the filings whose ownership forms are to be read. When the queue is empty, the cursor is proven.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from stoma.domain.coverage import Days
from stoma.domain.item import RawAnswer
from stoma.domain.task import Json
from stoma.edgar.asks import LAST_SEARCH_START, LIST_END, Ask
from stoma.edgar.blocks import says_absent
from stoma.edgar.company import read_company, read_tickers, ticker
from stoma.edgar.cursor import Cursor, company_asks
from stoma.edgar.feed import Latest, read_latest
from stoma.edgar.filing import Filing
from stoma.edgar.forms import AMENDED
from stoma.edgar.index import read_index
from stoma.edgar.ledger import Met
from stoma.edgar.search import Hits, read_hits
from stoma.edgar.state import State
from stoma.edgar.submission import read_submission
from stoma.edgar.wanted import Wanted
from stoma.edgar.window import Today, through_weekend, unread_from
from stoma.exceptions import BadAnswerError, RequestRefusedError

#: Entries come out of order by minutes, and some are listed late.
_OVERLAP = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """What an answer brought."""

    only: frozenset[str] = frozenset()  #: accession numbers of what to keep of it
    empty: bool = False  #: nothing in it is worth keeping, the answer included
    note: str = ""


class Plan:
    """The collection of one run, from its beginning or from a checkpoint."""

    def __init__(
        self,
        wanted: Wanted,
        page_size: int,
        *,
        cursor: Mapping[str, Json],
        checkpoint: Mapping[str, Json],
        today: Today,
    ) -> None:
        self._wanted = wanted
        self._page_size = page_size
        self._cursor = Cursor.read(cursor)
        begun = State.read_from(checkpoint)
        self._state = begun or self._cursor.begin(wanted, today)
        self._until = today.day if today.past else date.max

    @property
    def done(self) -> bool:
        """Whether nothing is left to be asked."""
        return not self._state.queue

    @property
    def partial(self) -> str:
        """Why the end is not proven; empty if it is."""
        return "; ".join(self._state.doubts)

    def asks(self) -> Iterator[Ask]:
        """Yield what to ask, one after the other; between two the answer is to be read."""
        while self._state.queue:
            yield self._state.queue[0]

    def checkpoint(self) -> dict[str, Json]:
        """Return where a later attempt goes on."""
        return self._state.written()

    def cursor(self) -> dict[str, Json]:
        """Return how far the end of this plan proves the source to be read."""
        return self._cursor.after(self._state, recent=self._wanted.recent).written()

    def covers(self) -> Days | None:
        """Return the days of which the end of this plan proves that every filing was met."""
        state, wanted = self._state, self._wanted
        if state.limited or state.doubts:
            return None
        first = self._cursor.unread_from or state.since
        if wanted.recent:
            return Days.between(first, through_weekend(unread_from(first, state.today, state.read)))
        over = state.today if self._until < date.max else state.today - _DAY
        return Days.between(first, over)

    def read(self, ask: Ask, answer: RawAnswer) -> Step:
        """Return what the answer to the first request brought, and go on to the next.

        Raises:
            BadAnswerError: It is not what was asked for; the plan stays where it is.
            RequestRefusedError: It says that the request can not be met.
        """
        readers = {
            "latest": self._latest,
            "index": self._index,
            "tickers": self._tickers,
            "company": self._company,
            "older": self._company,
            "search": self._search,
            "text": self._text,
            "original": self._original,
            "check": self._check,
        }
        return readers[ask.kind](ask, answer)

    # --- lists ----------------------------------------------------------------------------------

    def _latest(self, ask: Ask, answer: RawAnswer) -> Step:
        (form,) = ask.about
        if answer.status == 503:
            self._go_on()
            return Step(empty=True, note=f"the list of latest filings ends at entry {LIST_END}")
        page = read_latest(answer.body)
        if not page.size and not ask.start and not page.says_none:
            raise BadAnswerError("the list of latest filings is empty, and does not say why")
        filings, onward = self._onward(page, ask.start)
        more = []
        if onward and not all(self._is_old(filing, form) for filing in filings):
            more = [Ask("latest", (form,), onward)]
        moments = [filing.accepted_at.isoformat() for filing in filings if filing.accepted_at]
        newest = max([self._state.newest.get(form, ""), *moments])
        if newest:
            self._state.newest[form] = newest
        since = self._state.since
        return self._keep([f for f in filings if f.filed is None or f.filed >= since], more)

    def _onward(self, page: Latest, start: int) -> tuple[tuple[Filing, ...], int]:
        """Return the filings that are whole on a page, and where to go on; 0 if it is the last.

        The last filing of a full page may have further parties on the next, which then begins
        with it. No filing is split where the list itself ends.
        """
        last = LIST_END - self._page_size
        if page.size < self._page_size:
            return page.filings, 0
        if start >= last:
            return page.filings, LIST_END
        if not page.tail:
            return page.filings, min(start + page.size, last)
        return page.filings[:-1], min(start + page.tail, last)

    def _is_old(self, filing: Filing, form: str) -> bool:
        """Whether an earlier run has met a filing and all before it, or nobody wants them."""
        if filing.filed is not None and filing.filed < self._state.since:
            return True
        # Both are ISO 8601 in UTC, which sorts as text.
        accepted_at, known = filing.accepted_at, self._cursor.newest.get(form, "")
        return accepted_at is not None and (accepted_at + _OVERLAP).isoformat() <= known

    def _index(self, ask: Ask, answer: RawAnswer) -> Step:
        (day,) = ask.about
        if answer.status != 200:
            self._go_on()
            return Step(empty=True)  # a holiday, or not published yet
        filings = read_index(answer.body)
        met = {each: _cik(filing) for filing in filings for each in self._wanted.met(filing)}
        checks = [
            Ask("check", (gone.accession, cik, gone.form))
            for gone, cik in sorted(self._cursor.indexed[day].items())
            if gone not in met
        ]
        step = self._keep(filings, checks)
        if not self._state.limited:
            self._state.read.add(date.fromisoformat(day))
            if day >= self._state.kept_from.isoformat():
                self._state.indexed.add(day, met)
        return step

    def _tickers(self, ask: Ask, answer: RawAnswer) -> Step:
        known = read_tickers(answer.body)
        asked = {name: known.get(ticker(name)) for name in self._wanted.tickers}
        unknown = ", ".join(repr(name) for name, cik in asked.items() if not cik)
        ciks = dict.fromkeys((*self._wanted.ciks, *(cik for cik in asked.values() if cik)))
        if not ciks:
            raise RequestRefusedError(f"EDGAR knows no company with the ticker {unknown}")
        self._go_on(company_asks(self._wanted, ciks, self._state))
        note = f"EDGAR knows no company with the ticker {unknown}" if unknown else ""
        return Step(empty=True, note=note)

    def _company(self, ask: Ask, answer: RawAnswer) -> Step:
        (name,) = ask.about
        if answer.status == 404:
            self._go_on()
            return Step(empty=True, note=f"EDGAR has no company with the CIK {name}")
        company, since = read_company(answer.body, answer.url), self._state.since
        more = [Ask("older", (page.name,)) for page in company.older if page.last >= since]
        return self._keep([f for f in company.filings if f.filed and f.filed >= since], more)

    def _search(self, ask: Ask, answer: RawAnswer) -> Step:
        hits = read_hits(answer.body)
        *about, first, last = ask.about
        if not hits.exact and first < last:
            middle = date.fromordinal(_ordinals(first, last) // 2).isoformat()
            after = (date.fromisoformat(middle) + _DAY).isoformat()
            halves = [Ask("search", (*about, first, middle)), Ask("search", (*about, after, last))]
            return self._keep(hits.filings, halves)
        return self._keep(hits.filings, self._further(ask, hits))

    def _further(self, ask: Ask, hits: Hits) -> list[Ask]:
        """Return the next page of a search; note a doubt where there is more than can be had."""
        onward = ask.start + hits.size
        if onward < hits.total and not hits.size:
            raise BadAnswerError(f"the hits from {ask.start} are none, but a total of {hits.total}")
        beyond = onward < hits.total and onward > LAST_SEARCH_START
        if beyond or not hits.exact:
            doubt = (
                "EDGAR gives only a part of what the search finds: narrow the query or the forms"
            )
            if doubt not in self._state.doubts:
                self._state.doubts.append(doubt)
        return [Ask("search", ask.about, onward)] if onward < hits.total and not beyond else []

    # --- single filings -------------------------------------------------------------------------

    def _text(self, ask: Ask, answer: RawAnswer) -> Step:
        accession, _, form = ask.about
        if answer.status != 200:  # listed, but not there yet: the next run meets it again
            for ledger in (self._state.seen, self._state.indexed):
                ledger.drop(Met(form, accession))
            self._go_on()
            return Step(empty=True, note=f"filing {accession} is not there yet")
        filing = _asked_for(read_submission(answer.body), accession)
        self._go_on(_original(filing) if form.endswith(AMENDED) else ())
        return Step(frozenset({accession}), note=filing.problem or "")

    def _original(self, ask: Ask, answer: RawAnswer) -> Step:
        _, accession = ask.about
        found = () if answer.status == 404 else read_company(answer.body, answer.url).filings
        self._go_on()
        known = any(each.accession == accession and each.amends for each in found)
        return Step(frozenset({accession}), empty=not known)

    def _check(self, ask: Ask, answer: RawAnswer) -> Step:
        accession, _, form = ask.about
        gone = says_absent(answer.status, answer.body)
        if not gone and answer.status != 200:
            self._go_on()
            return Step(empty=True, note=f"whether filing {accession} is gone can not be told")
        if not gone:
            _asked_for(read_submission(answer.body), accession)
        self._state.dropped.append(Met(form, accession))
        self._go_on()
        return Step(frozenset({accession}), note=f"filing {accession} is gone" if gone else "")

    # --- the queue ------------------------------------------------------------------------------

    def _go_on(self, more: Iterable[Ask] = ()) -> None:
        self._state.queue[:1] = more

    def _keep(self, filings: Iterable[Filing], more: Iterable[Ask]) -> Step:
        """Keep what this task has not met, up to the limit; then its texts, then *more*."""
        state, wanted = self._state, self._wanted
        due = [filing for filing in filings if not filing.filed or filing.filed <= self._until]
        new = [filing for filing in due if any(map(self._is_new, wanted.met(filing)))]
        room = wanted.limit - state.count
        state.limited = len(new) > room
        texts = []
        for filing in new[:room]:
            state.count += 1
            day = (filing.filed or state.today).isoformat()
            if day >= state.kept_from.isoformat():
                state.seen.add(day, dict.fromkeys(wanted.met(filing), _cik(filing)))
            if form := wanted.to_parse(filing):
                texts.append(Ask("text", (filing.accession, _cik(filing), form)))
        only = frozenset(filing.accession for filing in new[:room])
        if state.limited:
            state.queue[:] = texts
            return Step(only, note=f"stopped at the limit of {wanted.limit} filings")
        self._go_on([*texts, *more])
        return Step(only)

    def _is_new(self, met: Met) -> bool:
        known = (self._cursor.seen, self._cursor.indexed, self._state.seen, self._state.indexed)
        return not any(met in ledger for ledger in known)


def _cik(filing: Filing) -> str:
    return (filing.main.cik if filing.main else "") or filing.accession[:10]


def _asked_for(filing: Filing, accession: str) -> Filing:
    if filing.accession != accession:
        raise BadAnswerError(f"asked for filing {accession}, and got {filing.accession}")
    return filing


def _original(filing: Filing) -> list[Ask]:
    """Return how to find what an ownership form amends: its owner's list has both."""
    owners = [party.cik for party in filing.parties if party.role == "reporting_owner"]
    return [Ask("original", (owners[0], filing.accession))] if owners else []


def _ordinals(first: str, last: str) -> int:
    return date.fromisoformat(first).toordinal() + date.fromisoformat(last).toordinal()
