"""What a task asks of EDGAR."""

from dataclasses import dataclass

from stoma.edgar.filing import Filing
from stoma.edgar.forms import OWNERSHIP
from stoma.edgar.ledger import Met


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which filings, by whom, and how many of them."""

    forms: frozenset[str] = frozenset()  #: exactly these; empty: all
    days_back: int = 1
    ciks: tuple[str, ...] = ()  #: ten digits each
    tickers: tuple[str, ...] = ()
    query: str = ""
    limit: int = 10000
    parse_ownership: bool = True

    @property
    def recent(self) -> bool:
        """Whether the filings of everybody are wanted, whatever they say."""
        return not (self.ciks or self.tickers or self.query)

    def met(self, filing: Filing) -> list[Met]:
        """Return a filing under those of its forms that are wanted."""
        forms = (form for form in filing.forms if not self.forms or form in self.forms)
        return [Met(form, filing.accession) for form in forms]

    def to_parse(self, filing: Filing) -> str:
        """Return the ownership form that a filing is and that is to be read; empty if none is."""
        forms = filing.forms if self.parse_ownership else ()
        return next((form for form in forms if form in OWNERSHIP), "")
