"""EDGAR on the loopback: its lists, indexes and filings, of companies that do not exist."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from stoma.collectors.sec_edgar import SecEdgarCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.httpclient import Gate
from tests.fakes import START
from tests.replay import ATOM, Answer, ReplayServer, body_beside

RECORDINGS = Path(__file__).parent / "recordings" / "sec_edgar"
LATEST = "/cgi-bin/browse-edgar"
SEARCH = "/LATEST/search-index"
TICKERS = "/files/company_tickers.json"

Who = tuple[str, int, str]
ACME: Who = ("Acme Doors, Inc.", 700001, "Filer")
MONDAY = "2026-03-02"


@dataclass(frozen=True)
class Made:
    """One filing, as the lists have it."""

    form: str
    number: int  #: makes the accession number
    filed: str = "2026-03-02"
    at: str = "2026-03-02T06:30:00-05:00"
    who: tuple[Who, ...] = (ACME,)
    items: tuple[str, ...] = ()

    @property
    def accession(self) -> str:
        return f"0000700001-26-{self.number:06}"


def report(number: int, filed: str = MONDAY, form: str = "8-K", hour: int = 6) -> Made:
    """Return a filing of an hour of a day, in New York."""
    return Made(form, number, filed=filed, at=f"{filed}T{hour:02}:00:00-05:00")


def insider(number: int, form: str = "4", filed: str = "2026-03-02") -> Made:
    """Return an ownership form of one owner."""
    owner = (f"Owner {number}", 800000 + number, "Reporting")
    return Made(form, number, filed, who=(owner, (ACME[0], ACME[1], "Issuer")))


def recorded(name: str) -> bytes:
    """Return a body of ours."""
    return (RECORDINGS / name).read_bytes()


def page(name: str, status: int = 200) -> Answer:
    """Return a page of ours that is no answer."""
    return Answer(recorded(name), status, {"Content-Type": "text/html"})


# --- the list of latest filings ---------------------------------------------------------------


def latest(entries: Iterable[str], title: str = "Latest Filings") -> bytes:
    """Return a page of the list."""
    return (
        '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{title}</title>{''.join(entries)}</feed>"
    ).encode("latin-1")


def entries(filings: Iterable[Made]) -> list[str]:
    """Return the entries of filings: one for each party."""
    return [_entry(filing, who) for filing in filings for who in filing.who]


def serve_latest(server: ReplayServer, form: str, filings: Iterable[Made], size: int = 100) -> None:
    """Let the list of a type have *filings*, from whichever entry it is asked for."""
    all_of_them = entries(filings)
    for start in range(len(all_of_them) + 1):
        body = latest(all_of_them[start : start + size])
        if not all_of_them:
            body = latest((), "Latest Filings - No recent filings")
        server.answer(
            LATEST, Answer(body, headers={"Content-Type": ATOM}), type=form, start=str(start)
        )


def _entry(filing: Made, who: Who) -> str:
    name, cik, role = who
    items = "".join(f"&lt;br&gt;Item {item}: Words" for item in filing.items)
    return (
        f"<entry><title>{filing.form} - {escape(name)} ({cik:010}) ({role})</title>"
        f'<summary type="html">&lt;b&gt;Filed:&lt;/b&gt; {filing.filed}{items}</summary>'
        f"<updated>{filing.at}</updated>"
        f'<category scheme="https://www.sec.gov/" label="form type" term="{filing.form}"/>'
        f"<id>urn:tag:sec.gov,2008:accession-number={filing.accession}</id></entry>"
    )


# --- indexes ----------------------------------------------------------------------------------


def index_path(day: str) -> str:
    """Return where a day's index is."""
    when = date.fromisoformat(day)
    quarter = (when.month + 2) // 3
    return f"/Archives/edgar/daily-index/{when.year}/QTR{quarter}/master.{when:%Y%m%d}.idx"


def index(filings: Iterable[Made]) -> bytes:
    """Return an index of filings."""
    rows = [
        f"{cik}|{name}|{filing.form}|{filing.filed.replace('-', '')}|"
        f"edgar/data/{cik}/{filing.accession}.txt\n"
        for filing in filings
        for name, cik, _ in filing.who
    ]
    head = "Description:           Daily Index\n\nCIK|Company Name|Form Type|Date Filed|File Name\n"
    return f"{head}{'-' * 80}\n{''.join(rows)}".encode()


def serve_index(server: ReplayServer, day: str, *readings: Iterable[Made]) -> None:
    """Let a day's index have these filings, reading by reading."""
    server.answer(index_path(day), *(Answer(index(filings)) for filings in readings))


# --- companies, searches, filings -------------------------------------------------------------


def company_path(cik: int) -> str:
    """Return where a company's list is."""
    return f"/submissions/CIK{cik:010}.json"


def company(filings: Iterable[Made], cik: int = 700001, **further: Json) -> Answer:
    """Return a company's list."""
    made = list(filings)
    recent: dict[str, Json] = {
        "accessionNumber": [filing.accession for filing in made],
        "filingDate": [filing.filed for filing in made],
        "form": [filing.form for filing in made],
        **further,
    }
    table = {"cik": str(cik), "name": f"Company {cik}", "filings": {"recent": recent, "files": []}}
    return Answer(json.dumps(table).encode())


def hits(
    filings: Iterable[Made], total: int | None = None, relation: str = "eq", **further: Json
) -> Answer:
    """Return a page of the search."""
    found: list[Json] = [
        {
            "_id": f"{filing.accession}:a.htm",
            "_source": {
                "adsh": filing.accession,
                "form": filing.form,
                "file_date": filing.filed,
                "ciks": [f"{cik:010}" for _, cik, _ in filing.who],
                "display_names": [f"{name}  (CIK {cik:010})" for name, cik, _ in filing.who],
            },
        }
        for filing in filings
    ]
    value = len(found) if total is None else total
    table: dict[str, Json] = {
        "hits": {"total": {"value": value, "relation": relation}, "hits": found},
        **further,
    }
    return Answer(json.dumps(table).encode())


def text_path(filing: Made) -> str:
    """Return where an ownership form is asked for: under its issuer."""
    return f"/Archives/edgar/data/{filing.who[-1][1]}/{filing.accession}.txt"


def headers_path(filing: Made) -> str:
    """Return where the headers of another filing are."""
    folder = filing.accession.replace("-", "")
    return f"/Archives/edgar/data/{filing.who[0][1]}/{folder}/{filing.accession}-index-headers.html"


def submission(filing: Made) -> bytes:
    """Return an ownership form with one transaction."""
    owner, issuer = filing.who
    return (
        f"<SEC-DOCUMENT>{filing.accession}.txt : 20260302\n"
        f"<SEC-HEADER>{filing.accession}.hdr.sgml : 20260302\n"
        f"<ACCEPTANCE-DATETIME>{filing.at[:19].translate(str.maketrans('', '', '-:T'))}\n"
        f"ACCESSION NUMBER:\t\t{filing.accession}\nCONFORMED SUBMISSION TYPE:\t{filing.form}\n"
        f"CONFORMED PERIOD OF REPORT:\t20260226\nFILED AS OF DATE:\t\t{filing.filed}\n\n"
        f"REPORTING-OWNER:\t\n\n\tOWNER DATA:\t\n\t\tCOMPANY CONFORMED NAME:\t\t{owner[0]}\n"
        f"\t\tCENTRAL INDEX KEY:\t\t{owner[1]:010}\n\nISSUER:\t\t\n\n\tCOMPANY DATA:\t\n"
        f"\t\tCOMPANY CONFORMED NAME:\t\t{issuer[0]}\n\t\tCENTRAL INDEX KEY:\t{issuer[1]:010}\n"
        f"</SEC-HEADER>\n<DOCUMENT>\n<TYPE>{filing.form}\n<FILENAME>form4.xml\n<TEXT>\n<XML>\n"
        f"<ownershipDocument><documentType>{filing.form}</documentType><nonDerivativeTable>"
        "<nonDerivativeTransaction><securityTitle><value>Common</value></securityTitle>"
        "<transactionCoding><transactionCode>S</transactionCode></transactionCoding>"
        "</nonDerivativeTransaction></nonDerivativeTable></ownershipDocument>\n"
        "</XML>\n</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n"
    ).encode()


def serve_texts(server: ReplayServer, filings: Iterable[Made]) -> None:
    """Let ownership forms be there."""
    for filing in filings:
        server.answer(text_path(filing), Answer(submission(filing)))


def replay(server: ReplayServer, folder: Path = RECORDINGS) -> ReplayServer:
    """Answer as recorded in *folder*, for the very parameters in each `.meta.json`."""
    for meta in sorted(folder.glob("*.meta.json")):
        said = json.loads(meta.read_text())
        asked = urlsplit(said["url"])
        body = body_beside(meta).read_bytes()
        params = dict(parse_qsl(asked.query, keep_blank_values=True))
        server.answer(asked.path, Answer(body, said["status_code"], said["headers"]), **params)
    return server


# --- collecting -------------------------------------------------------------------------------


def collect(
    gate: Gate,
    config: Mapping[str, Json],
    *,
    cursor: Mapping[str, Json] | None = None,
    checkpoint: Mapping[str, Json] | None = None,
    page_size: int = 100,
    now: str = "",
) -> Iterator[Page]:
    """Collect from the server behind *gate*, on Monday 2026-03-02 at 07:00 Eastern or *now*."""
    url = gate.policy.base_url
    request = CollectRequest(
        task_id="t",
        config=config,
        now=START.fromisoformat(now) if now else START,
        cursor=cursor or {},
        checkpoint=checkpoint or {},
    )
    return SecEdgarCollector(url, url, url, page_size).collect(request, gate)


def kept(pages: Iterable[Page]) -> list[int]:
    """Return the numbers of the filings that pages keep, page by page."""
    return [int(name[-6:]) for page in pages for name in sorted(page.only or ())]


def asked(server: ReplayServer) -> list[str]:
    """Return what was asked, in short."""
    return [_short(seen.path, seen.params) for seen in server.seen]


def _short(path: str, params: Mapping[str, str]) -> str:
    name = path.rpartition("/")[2]
    if path == LATEST:
        return f"latest {params['type']} {params['start']}"
    if path == SEARCH:
        return f"search {params['startdt']} {params['enddt']} {params['from']}"
    return name.removeprefix("master.").removesuffix(".idx").removesuffix(".json")
