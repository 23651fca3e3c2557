"""What can be asked of EDGAR, and under which address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from stoma.domain.task import Json
from stoma.edgar.forms import OWNERSHIP

#: The list of latest filings ends here, with HTTP 503.
LIST_END = 5100
#: The search gives 100 hits at a time, and none beyond 10000.
LAST_SEARCH_START = 9900
#: How the archive answers for what is not there.
_ABSENT = (403, 404)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that is to be sent; as JSON a list, so that a checkpoint can keep it."""

    kind: str
    about: tuple[str, ...] = ()
    start: int = 0

    @classmethod
    def read(cls, written: Json) -> Self:
        """Return what `written` gave.

        Raises:
            ValueError: It is something else.
        """
        match written:
            case [str(kind), list(about), int(start)]:
                return cls(kind, tuple(str(each) for each in about), start)
        raise ValueError(f"no request: {written!r}")

    def written(self) -> Json:
        """Return it as JSON."""
        return [self.kind, list(self.about), self.start]


@dataclass(frozen=True, slots=True)
class Request:
    """An address, its parameters, and the statuses beside 200 that are an answer too."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sites:
    """Where EDGAR is."""

    base_url: str
    data_url: str
    search_url: str
    page_size: int

    def request(self, ask: Ask) -> Request:
        """Return how *ask* is asked."""
        match ask.kind, ask.about:
            case "latest", (form,):
                return self._latest(form, ask.start)
            case "search", (query, forms, ciks, first, last):
                return self._search(query, forms, ciks, (first, last), ask.start)
            case "text" | "check", (accession, cik, form):
                return self._filing(accession, int(cik), form)
            case "index", (day,):
                return Request(self.base_url + _index_path(date.fromisoformat(day)), {}, _ABSENT)
            case "tickers", _:
                return Request(f"{self.base_url}/files/company_tickers.json")
        name = ask.about[0] if ask.kind == "older" else f"CIK{ask.about[0]}.json"
        return Request(f"{self.data_url}/submissions/{name}", {}, (404,))

    def _filing(self, accession: str, cik: int, form: str) -> Request:
        """An ownership form as a whole, and of the others, which may be books, the headers."""
        name = f"{accession}.txt"
        if form not in OWNERSHIP:
            name = f"{accession.replace('-', '')}/{accession}-index-headers.html"
        return Request(f"{self.base_url}/Archives/edgar/data/{cik}/{name}", {}, _ABSENT)

    def _latest(self, form: str, start: int) -> Request:
        params = {
            "action": "getcurrent",
            "type": form,
            "owner": "only" if form in OWNERSHIP else "include",
            "start": str(start),
            "count": str(self.page_size),
            "output": "atom",
        }
        allow = (503,) if start >= LIST_END else ()
        return Request(f"{self.base_url}/cgi-bin/browse-edgar", params, allow)

    def _search(
        self, query: str, forms: str, ciks: str, days: tuple[str, str], start: int
    ) -> Request:
        params = {
            "q": query,
            "dateRange": "custom",
            "startdt": days[0],
            "enddt": days[1],
            "from": str(start),
        }
        params |= {"forms": forms} if forms else {}
        params |= {"ciks": ciks} if ciks else {}
        return Request(f"{self.search_url}/LATEST/search-index", params)


def _index_path(day: date) -> str:
    quarter = (day.month + 2) // 3
    return f"/Archives/edgar/daily-index/{day.year}/QTR{quarter}/master.{day:%Y%m%d}.idx"
