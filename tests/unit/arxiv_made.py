"""One invented paper as each of arXiv's answers tells it, and answers to put it in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from stoma.domain.collection import CollectResult
from stoma.domain.item import Item, RawAnswer
from stoma.normalizers.arxiv import ArxivNormalizer
from tests.fakes import START

RECORDINGS = Path(__file__).parents[1] / "recordings" / "arxiv"
_ATOM = (
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
    ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">'
)
_RSS = (
    '<rss xmlns:arxiv="http://arxiv.org/schemas/atom"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>'
)
_DAYS = "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What there is to know of a paper. Text is TeX, as its authors typed it."""

    id: str = "2601.00001"
    version: int = 1
    title: str = r"Doors of Schr\"odinger: $\omega$ and \v{S}"
    #: The same as the query API writes it.
    title_read: str = "Doors of Schrödinger: $ω$ and Š"
    abstract: str = r"We open {\'e}very \$10 door."
    abstract_read: str = "We open {é}very \\$10 door."
    authors: str = r"Jos\'e Ra\'ul Ejemplo (Univ. of Nowhere), Bo {\L}ampel"
    authors_read: tuple[str, ...] = ("José Raúl Ejemplo", "Bo Łampel")
    comment: str | None = r"7 p\'ages"
    comment_read: str | None = "7 páges"
    journal: str | None = None
    doi: str | None = None
    categories: str = "math.CO cs.DM"
    msc: str | None = "05C12 (Primary) 68R10"
    licence: str = "http://creativecommons.org/licenses/by/4.0/"
    withdrawn: bool = False

    def revised(self, **changes: object) -> "Paper":
        """Return the next version of it."""
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]

    def submitted_at(self, version: int) -> datetime:
        """Return when a version was submitted."""
        return datetime(2026, 1, version, 12, 30, 1, tzinfo=UTC)


def entry(paper: Paper) -> str:
    """Return *paper* as the query API has it."""
    authors = "".join(f"<author><name>{name}</name></author>" for name in paper.authors_read)
    terms = [*paper.categories.split(), *([paper.msc] if paper.msc else [])]
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.id}v{paper.version}</id>"
        f"<title>{paper.title_read}</title><summary>{paper.abstract_read}</summary>{authors}"
        f"<published>{paper.submitted_at(1):%Y-%m-%dT%H:%M:%SZ}</published>"
        f"<updated>{paper.submitted_at(paper.version):%Y-%m-%dT%H:%M:%SZ}</updated>"
        + "".join(f'<category term="{term}"/>' for term in terms)
        + f'<arxiv:primary_category term="{terms[0]}"/>'
        + _maybe("arxiv:comment", paper.comment_read)
        + _maybe("arxiv:journal_ref", paper.journal)
        + _maybe("arxiv:doi", paper.doi)
        + f'<link title="pdf" href="https://arxiv.org/pdf/{paper.id}v{paper.version}"/></entry>'
    )


def record(paper: Paper) -> str:
    """Return *paper* as a harvest has it, in the form arXivRaw."""
    source = "<source_type>I</source_type>" if paper.withdrawn else ""
    versions = "".join(
        f'<version version="v{n}">'
        f"<date>{format_datetime(paper.submitted_at(n), usegmt=True)}</date>"
        f"<size>0kb</size>{source}</version>"
        for n in range(1, paper.version + 1)
    )
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.id}</identifier>"
        "<datestamp>2026-03-01</datestamp></header><metadata>"
        f'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper.id}</id>'
        f"<submitter>X</submitter>{versions}{_said(paper)}"
        f"<authors>{paper.authors}</authors></arXivRaw></metadata></record>"
    )


def parsed_record(paper: Paper) -> str:
    """Return *paper* as a harvest has it, in the form arXiv."""
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.id}</identifier>"
        "<datestamp>2026-03-01</datestamp></header><metadata>"
        f'<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{paper.id}</id>'
        f"<created>2026-01-01</created>{_said(paper)}<authors><author><keyname>Ejemplo</keyname>"
        "</author></authors></arXiv></metadata></record>"
    )


def deleted(paper: Paper) -> str:
    """Return *paper* as a harvest has it when it is gone."""
    return (
        f'<record><header status="deleted"><identifier>oai:arXiv.org:{paper.id}</identifier>'
        "<datestamp>2026-03-01</datestamp></header></record>"
    )


def item(paper: Paper, kind: str = "new") -> str:
    """Return *paper* as the list of the day has it."""
    return (
        f"<item><title>{paper.title}</title><link>https://arxiv.org/abs/{paper.id}</link>"
        f"<description>arXiv:{paper.id}v{paper.version} Announce Type: {kind} \n"
        f"Abstract: {paper.abstract}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{paper.id}v{paper.version}</guid>'
        + "".join(f"<category>{each}</category>" for each in paper.categories.split())
        + "<pubDate>Mon, 02 Mar 2026 00:00:00 -0500</pubDate>"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type><dc:rights>{paper.licence}</dc:rights>"
        + _maybe("arxiv:DOI", paper.doi)
        + _maybe("arxiv:journal_reference", paper.journal)
        + f"<dc:creator>{paper.authors}</dc:creator></item>"
    )


def atom(*papers: Paper, total: int | None = None) -> bytes:
    """Return an answer of the query API."""
    total = len(papers) if total is None else total
    entries = "".join(map(entry, papers))
    said = f"<opensearch:totalResults>{total}</opensearch:totalResults>"
    return f"{_ATOM}{said}{entries}</feed>".encode()


def listing(*records: str, token: str = "", date: str = "2026-03-02T03:15:00Z") -> bytes:
    """Return an answer to a harvest."""
    end = f"<resumptionToken>{token}</resumptionToken>" if token else "<resumptionToken/>"
    return oai(f"<ListRecords>{''.join(records)}{end}</ListRecords>", date)


def oai(inside: str, date: str = "2026-03-02T03:15:00Z") -> bytes:
    """Return an answer of the OAI-PMH interface."""
    return (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{date}</responseDate><request/>{inside}</OAI-PMH>"
    ).encode()


def channel(*items: str, date: str = "Mon, 02 Mar 2026 00:00:00 -0500") -> bytes:
    """Return a list of the day."""
    return f"{_RSS}<pubDate>{date}</pubDate>{_DAYS}{''.join(items)}</channel></rss>".encode()


def normalized(body: bytes) -> Sequence[Item]:
    """Return what the normalizer makes of an answer."""
    raw = RawAnswer(
        source="arxiv", url="https://x", status=200, media_type="", body=body, fetched_at=START
    )
    return asyncio.run(ArxivNormalizer().normalize(CollectResult(raw=raw)))


def _said(paper: Paper) -> str:
    return (
        f"<title>{paper.title}</title><categories>{paper.categories}</categories>"
        + _maybe("comments", paper.comment)
        + _maybe("msc-class", paper.msc)
        + _maybe("journal-ref", paper.journal)
        + _maybe("doi", paper.doi)
        + f"<license>{paper.licence}</license><abstract>  {paper.abstract}\n</abstract>"
    )


def _maybe(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{text}</{name}>"
