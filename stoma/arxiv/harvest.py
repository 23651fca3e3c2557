"""Harvests arXiv's OAI-PMH lists: every record of some sets that changed since the last time.

https://info.arxiv.org/help/oa/ and https://www.openarchives.org/OAI/openarchivesprotocol.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from stoma import oai
from stoma.domain.arxiv_id import ArxivId
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.coverage import Days
from stoma.domain.item import RawAnswer
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError, RequestRefusedError, SourceFailedError
from stoma.strictxml import describe, moment

if TYPE_CHECKING:
    from stoma.httpclient import Gate

_DAY = timedelta(days=1)
#: Before the first paper.
_FIRST_DAY = date(1980, 1, 1)
#: How often in a row we wait when asked to. The gate decides whether it waits or defers the run.
_PATIENCE = 5
_PORTION = 500
#: What is said to a token that is no longer good. They last until midnight.
_LOST = frozenset({oai.TOKEN_REFUSED, oai.NOTHING_FOUND})
_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})


def set_name(category: str) -> str:
    """Return the set of *category*; one that is written as a set already stays as it is.

    >>> set_name("cs.AI"), set_name("hep-th"), set_name("astro-ph.GA"), set_name("math.*")
    ('cs:cs:AI', 'physics:hep-th', 'physics:astro-ph:GA', 'math:math')
    """
    if ":" in category:
        return category
    archive, _, subject = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    return ":".join(filter(None, (group, archive, subject.strip("*"))))


@dataclass(frozen=True, slots=True)
class Harvest:
    """How far a harvest has come: what its checkpoints keep."""

    sets: tuple[str, ...]  #: to be read, the one at hand first
    token: str = ""  #: where its list goes on; empty: at its start
    responded_at: str = ""  #: when arXiv wrote the very first answer

    @classmethod
    def begin(cls, checkpoint: Mapping[str, Json], sets: tuple[str, ...]) -> Self:
        """Return where *checkpoint* left off, or the start."""
        match checkpoint:
            case {"sets": [*left], "token": str(token), "responded_at": str(responded_at)} if left:
                return cls(tuple(map(str, left)), token, responded_at)
        return cls(sets)

    def checkpoint(self) -> dict[str, Json]:
        """Return what `begin` needs to go on here."""
        return {"sets": list(self.sets), "token": self.token, "responded_at": self.responded_at}

    def after(self, listing: oai.Listing) -> Self:
        """Return where to go on.

        The date of the first answer is the one that counts: what changes while later ones are
        fetched may be on neither side of them.
        """
        return replace(
            self,
            sets=self.sets if listing.token else self.sets[1:],
            token=listing.token,
            responded_at=self.responded_at or listing.response_date,
        )


class Harvester:
    """Asks the OAI-PMH interface at one address."""

    def __init__(self, url: str) -> None:
        """Harvest from *url*."""
        self._url = url

    def pages(
        self, sets: tuple[str, ...], since: str, request: CollectRequest, gate: "Gate"
    ) -> Iterator[Page]:
        """Yield the records of *sets* that changed since the last harvest.

        Args:
            sets: Their names.
            since: The day to begin at if there was no harvest before; empty: the first.
            request: What is asked for.
            gate: The way out.
        """
        past = request.past
        since = f"{past.start:%Y-%m-%d}" if past else _since(request.cursor) or since
        until = f"{past.end:%Y-%m-%d}" if past else ""
        harvest, restarted, note = Harvest.begin(request.checkpoint, sets), "", ""
        while harvest.sets:
            answer, listing = self._ask(harvest, (since, until), gate)
            if listing.error in _LOST and harvest.token and harvest.sets[0] != restarted:
                restarted = harvest.sets[0]
                note = f"arXiv lost the place in its list of {restarted}: it is read again"
                harvest = replace(harvest, token="")
                continue
            _check(listing, harvest)
            before, harvest = harvest, harvest.after(listing)
            *most, rest = _portions(listing)
            for some in most:
                yield Page(raw=answer, checkpoint=before.checkpoint(), only=some)
            yield Page(
                raw=answer,
                checkpoint=harvest.checkpoint(),
                only=rest,
                last=not harvest.sets,
                cursor={} if harvest.sets else {"responded_at": harvest.responded_at},
                expected=listing.total,
                note=note,
                zero_is_proven=True,
                covers=None if harvest.sets else _covered(since, until, harvest.responded_at),
            )
            note = ""

    def _ask(
        self, harvest: Harvest, days: tuple[str, str], gate: "Gate"
    ) -> tuple[RawAnswer, oai.Listing]:
        params = {"verb": "ListRecords"}
        if harvest.token:
            params["resumptionToken"] = harvest.token
        else:
            params |= {"metadataPrefix": "arXivRaw", "set": harvest.sets[0]}
            bounds = zip(("from", "until"), days, strict=True)
            params |= {name: day for name, day in bounds if day}
        answer = self._get(params, gate)
        try:
            return answer, oai.read_listing(answer.body)
        except BadAnswerError:
            gate.heed(answer)
            if answer.status == 400:
                raise RequestRefusedError(f"arXiv said only {describe(answer.body)}") from None
            raise

    def _get(self, params: Mapping[str, str], gate: "Gate") -> RawAnswer:
        # A busy archive says 503 and how long to wait: no failure, but its way to slow us down.
        for _ in range(_PATIENCE):
            try:
                return gate.get(self._url, params, allow=(400,))
            except SourceFailedError as error:
                if not error.retry_after_seconds:
                    raise
        return gate.get(self._url, params, allow=(400,))


def _portions(listing: oai.Listing) -> list[frozenset[str] | None]:
    """Return the papers of an answer, portion by portion; None: all of them.

    arXiv gives 3500 at a time: stored at once, they would keep every other writer waiting.
    """
    if len(listing.records) <= _PORTION:
        return [None]
    parsed = (ArxivId.parse(record.identifier) for record in listing.records)
    names = list(dict.fromkeys(found.base for found in parsed if found))
    return [frozenset(names[n : n + _PORTION]) for n in range(0, len(names), _PORTION)]


def _check(listing: oai.Listing, harvest: Harvest) -> None:
    if listing.error in _LOST and harvest.token:
        raise BadAnswerError(f"arXiv does not know the place it has given: {listing.words}")
    if listing.error and listing.error != oai.NOTHING_FOUND:
        raise RequestRefusedError(f"arXiv refuses the request: {listing.error}: {listing.words}")
    if listing.token and listing.token == harvest.token:
        raise BadAnswerError("arXiv's list does not go on: it gives the same token again")


def _covered(since: str, until: str, responded_at: str) -> Days | None:
    """Return the days of whose changes a harvest has read all: the day of the answer goes on."""
    last = moment(responded_at).date() - _DAY
    return Days.between(
        date.fromisoformat(since) if since else _FIRST_DAY,
        min(last, date.fromisoformat(until)) if until else last,
    )


def _since(cursor: Mapping[str, Json]) -> str:
    """Return the day before the last harvest: days are all that can be asked for."""
    responded_at = cursor.get("responded_at")
    if not isinstance(responded_at, str):
        return ""
    return f"{moment(responded_at) - _DAY:%Y-%m-%d}"
