"""Filings from SEC EDGAR: the latest of everybody, of some companies, or with some words in them.

What is asked in which order is planned by `stoma.edgar`; here is what a task may say, and the
sending. https://www.sec.gov/about/developer-resources says how EDGAR wants to be asked.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.item import ItemKind, RawAnswer
from stoma.edgar.asks import Request, Sites
from stoma.edgar.blocks import block_words
from stoma.edgar.filing import padded
from stoma.edgar.forms import wanted_forms
from stoma.edgar.plan import Plan
from stoma.edgar.wanted import Wanted
from stoma.edgar.window import Today
from stoma.exceptions import SourceBlockedError

if TYPE_CHECKING:
    from stoma.httpclient import Gate

_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 &/.-]{0,19}")
_CIK = re.compile(r"[0-9]{1,10}")
_TICKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,9}")
#: Of everybody's filings, one request for each day: further back than this, ask for companies.
_MOST_DAYS = 366
_ALL_DAYS = 15000  #: EDGAR begins in 1993


class SecEdgarConfig(CollectorConfig):
    """Which forms, by whom, and how far back."""

    days_back: int = Field(1, ge=1, le=_ALL_DAYS)  #: the window begins so many days ago
    filing_type: str | list[str] = ""  #: exact forms such as `8-K`; empty: all
    include_amendments: bool = False  #: `8-K` brings 8-K/A too
    ciks: list[str] = Field([], max_length=500)  #: companies by number
    tickers: list[str] = Field([], max_length=500)  #: companies by ticker
    query: str = Field("", max_length=1000)  #: words of the full-text search
    limit: int = Field(10000, ge=0)  #: 0 means none
    parse_ownership: bool = True  #: read forms 3, 4 and 5: one more request for each

    @field_validator("filing_type", mode="before")
    @classmethod
    def _is_a_form_or_several(cls, given: object) -> object:
        for form in given if isinstance(given, list) else [given]:
            if not isinstance(form, str) or (form and not _FORM.fullmatch(form)):
                raise ValueError("must be a form such as '8-K', or a list of forms")
            if form.lower().startswith("form "):
                raise ValueError(f"{form!r} is written {form[5:]!r}")
        return given

    @field_validator("ciks")
    @classmethod
    def _are_ciks(cls, numbers: list[str]) -> list[str]:
        for number in numbers:
            if not _CIK.fullmatch(number) or not int(number):
                raise ValueError(f"{number!r} is not a CIK such as '320193' or '0000320193'")
        return numbers

    @field_validator("tickers")
    @classmethod
    def _are_tickers(cls, names: list[str]) -> list[str]:
        for name in names:
            if not _TICKER.fullmatch(name):
                raise ValueError(f"{name!r} is not a ticker such as 'AAPL' or 'BRK-B'")
        return names

    @model_validator(mode="after")
    def _looks_back_as_far_as_can_be(self) -> Self:
        if self.wanted.recent and self.days_back > _MOST_DAYS:
            raise ValueError(
                f"days_back is {self.days_back}; without ciks, tickers or a query it can be "
                f"{_MOST_DAYS} at most"
            )
        return self

    @property
    def wanted(self) -> Wanted:
        """What to look for, in EDGAR's own terms."""
        given = [self.filing_type] if isinstance(self.filing_type, str) else self.filing_type
        return Wanted(
            forms=wanted_forms(filter(None, given), amendments=self.include_amendments),
            days_back=self.days_back,
            ciks=tuple(dict.fromkeys(padded(cik) for cik in self.ciks)),
            tickers=tuple(self.tickers),
            query=self.query.strip(),
            limit=self.limit,
            parse_ownership=self.parse_ownership,
        )


class SecEdgarCollector(BaseCollector):
    """Carries out a plan, one request after the other; each answer is a page."""

    source: ClassVar[str] = "sec_edgar"
    kind: ClassVar[ItemKind] = ItemKind.FILING
    normalizer: ClassVar[str] = "sec_edgar"
    config: ClassVar[type[CollectorConfig]] = SecEdgarConfig
    pause_seconds: ClassVar[float] = 600.0  #: so long the SEC keeps out who was too fast

    def __init__(
        self,
        base_url: str = "https://www.sec.gov",
        data_url: str = "https://data.sec.gov",
        search_url: str = "https://efts.sec.gov",
        page_size: int = 100,
    ) -> None:
        """Collect from these hosts, or mirrors of them."""
        self._sites = Sites(
            base_url.rstrip("/"), data_url.rstrip("/"), search_url.rstrip("/"), page_size
        )

    @classmethod
    def needs(cls, settings: Mapping[str, object]) -> str:
        """Return what must be set: the SEC refuses programs that leave no address."""
        if settings.get("contact"):
            return ""
        return (
            "sec_edgar needs a contact address: stoma config set sources.contact you@example.org, "
            "or the variable STOMA_SOURCES__CONTACT"
        )

    def collect(self, request: CollectRequest, gate: "Gate") -> Iterator[Page]:
        """Yield the pages that answer *request*; see `BaseCollector`."""
        wanted = SecEdgarConfig.read(request.task_id, request.config).wanted
        if not wanted.limit:
            yield Page(raw=None, last=True, cursor=request.cursor, expected=0)
            return
        past = request.past
        if past is not None:  # a gap may be longer than what a usual run looks back
            days = (past.end - past.start).days
            wanted = replace(wanted, days_back=max(wanted.days_back, days))
        plan = Plan(
            wanted,
            self._sites.page_size,
            cursor=request.cursor,
            checkpoint=request.checkpoint,
            today=Today.then(request.past.end if request.past else request.now, request.now),
        )
        for ask in plan.asks():
            answer = _answer(self._sites.request(ask), gate)
            step = plan.read(ask, answer)
            last = plan.done
            yield Page(
                raw=None if step.empty else answer,
                only=step.only,
                checkpoint=plan.checkpoint(),
                last=last,
                cursor=plan.cursor() if last else {},
                partial=plan.partial if last else "",
                covers=plan.covers() if last else None,
                zero_is_proven=not wanted.query,  # a list names filings, if only older ones
                note=step.note,
            )


def _answer(request: Request, gate: "Gate") -> RawAnswer:
    """Ask, and stay away if the answer is a page that says so, whatever its status."""
    answer = gate.get(request.url, request.params, allow=request.allow)
    words = block_words(answer.body, answer.status)
    if words:
        pause = gate.hold_off(gate.policy.blocked_seconds)
        raise SourceBlockedError(
            f"EDGAR keeps us out, with HTTP {answer.status} and the words {words!r}",
            hint=f"nothing is sent to sec_edgar for {pause:.0f} s; "
            "check sources.contact, and ask less often",
            retry_after_seconds=pause,
        )
    return answer
