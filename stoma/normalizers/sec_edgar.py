"""EDGAR's lists, indexes, searches and filings to filings."""

import re
from collections.abc import Iterator, Sequence

from stoma.domain.collection import CollectResult
from stoma.domain.item import (
    Contributor,
    Identifier,
    Item,
    ItemKind,
    ItemStatus,
    RawAnswer,
    Relation,
    Tag,
)
from stoma.edgar.blocks import says_absent
from stoma.edgar.company import is_company, read_company
from stoma.edgar.feed import read_latest
from stoma.edgar.filing import ACCESSION, Filing
from stoma.edgar.forms import caption, is_8k
from stoma.edgar.index import is_index, read_index
from stoma.edgar.ownership import positions_held, told
from stoma.edgar.search import is_search, read_hits
from stoma.edgar.submission import is_submission, read_submission
from stoma.edgar.table import read_object
from stoma.exceptions import BadAnswerError, RequestRefusedError
from stoma.normalizers.base import BaseNormalizer

#: How a party is called whose role the answer does not say.
_UNTOLD = "party"


class SecEdgarNormalizer(BaseNormalizer):
    """Tells the answers apart by their bytes; every filing in one becomes an item.

    Lists say little of a filing: their items are thin. The filing itself says all.
    """

    async def normalize(self, result: CollectResult) -> Sequence[Item]:
        """Return the filings in *result*, each once, in the order of the answer.

        Raises:
            BadAnswerError: The answer is none of EDGAR's, or a filing in it can not be read.
        """
        if says_absent(result.raw.status, result.raw.body):
            return [_gone(result.raw)]
        return [_item(filing) for filing in _filings(result.raw)]


def _filings(raw: RawAnswer) -> Sequence[Filing]:
    body = raw.body
    if is_index(body):
        return read_index(body)
    if is_submission(body):
        return [read_submission(body)]
    if body.lstrip()[:1] != b"{":
        return read_latest(body).filings
    table = read_object(body)
    if is_company(table):
        return read_company(body, raw.url).filings
    if not is_search(table):
        raise BadAnswerError("the answer is JSON, but not with filings")
    try:
        return read_hits(body).filings
    except RequestRefusedError as error:
        raise BadAnswerError(str(error)) from error


def _item(filing: Filing) -> Item:
    period = f" ({filing.period})" if filing.period else ""
    positions = positions_held(filing.ownership) if filing.ownership else {}
    return Item(
        source="sec_edgar",
        kind=ItemKind.FILING,
        natural_id=filing.accession,
        title=f"{' + '.join(filing.forms)} \N{EM DASH} {_entity(filing)}{period}",
        url=filing.url,
        version_key=filing.accession,
        summary=_summary(filing),
        published_at=filing.accepted_at,
        contributors=tuple(
            Contributor(
                name=party.name,
                role=party.role or _UNTOLD,
                external_id=party.cik or None,
                affiliations=positions.get(party.cik, ()),
            )
            for party in filing.parties
            if party.name
        ),
        identifiers=tuple(_identifiers(filing)),
        tags=tuple(_tags(filing)),
        relations=(Relation("amends", filing.amends),) if filing.amends else (),
        extra={
            "filing_date": filing.filed.isoformat() if filing.filed else None,
            "period": filing.period,
            "items": list(filing.items) or None,
            "document": filing.document,
            "ownership": dict(filing.ownership) if filing.ownership else None,
            "problem": filing.problem,
        },
        thin=not filing.whole,
    )


def _gone(raw: RawAnswer) -> Item:
    """Return the mark on a filing that was asked for and is not there any more."""
    found = re.search(rf"({ACCESSION.pattern})(\.txt|-index-headers\.html)$", raw.url)
    if found is None:
        raise BadAnswerError("the answer is HTTP 404, and not about a filing")
    return Item(
        source="sec_edgar",
        kind=ItemKind.FILING,
        natural_id=found[1],
        title="",
        url=Filing(accession=found[1], forms=()).url,
        status=ItemStatus.DELETED,
        status_reason="the SEC has taken it out of the daily index and of its archive",
        thin=True,
    )


def _entity(filing: Filing) -> str:
    main = filing.main
    if main is None:
        return filing.accession
    return main.name or f"CIK {main.cik}"


def _summary(filing: Filing) -> str | None:
    if filing.ownership:
        return told(filing.ownership)
    if any(map(is_8k, filing.forms)):
        return "; ".join(caption(item) for item in filing.items) or None
    return None


def _identifiers(filing: Filing) -> Iterator[Identifier]:
    yield Identifier("accession", filing.accession)
    yield from (Identifier("cik", party.cik) for party in filing.parties if party.cik)
    yield from (Identifier("file_number", number) for number in filing.file_numbers)


def _tags(filing: Filing) -> Iterator[Tag]:
    yield from (Tag("form", form) for form in filing.forms)
    if any(map(is_8k, filing.forms)):
        yield from (Tag("8k-item", item) for item in filing.items)
    yield from (Tag("sic", sic) for sic in filing.sics)
