"""arXiv's answers to papers, whichever of its three ways they came."""

from collections.abc import Callable, Mapping, Sequence

from stoma import oai
from stoma.arxiv.announcements import read_announcement
from stoma.arxiv.entries import read_entry
from stoma.arxiv.fitting import fitted
from stoma.arxiv.records import read_record
from stoma.atom import read_feed
from stoma.domain.collection import CollectResult
from stoma.domain.item import Item
from stoma.exceptions import BadAnswerError
from stoma.normalizers.base import BaseNormalizer
from stoma.rss import read_channel


class ArxivNormalizer(BaseNormalizer):
    """Reads everything in an answer, or nothing: what lacks its id or date fails all of it.

    An answer is told by its own form, so that what was kept can be read again at any time.
    """

    async def normalize(self, result: CollectResult) -> Sequence[Item]:
        """Return the papers in *result*, in the order of the answer.

        Raises:
            BadAnswerError: The answer is none of arXiv's, or something in it is not a paper.
        """
        return _reader(result.raw.body)(result.raw.body)

    def fit(self, known: Item, found: Item) -> Item:
        """Return what a known paper is after *found*; see `stoma.arxiv.fitting`."""
        return fitted(known, found)


def _entries(body: bytes) -> Sequence[Item]:
    found = read_feed(body).entries
    return [read_entry(entry, f"entry {number}") for number, entry in enumerate(found, 1)]


def _records(body: bytes) -> Sequence[Item]:
    listing = oai.read_listing(body)
    if listing.error and listing.error != oai.NOTHING_FOUND:
        raise BadAnswerError(f"the answer is an error: {listing.error}: {listing.words}")
    found = listing.records
    return [read_record(record, f"record {number}") for number, record in enumerate(found, 1)]


def _announcements(body: bytes) -> Sequence[Item]:
    found = read_channel(body).items
    return [read_announcement(item, f"item {number}") for number, item in enumerate(found, 1)]


#: What the beginning of an answer has, and how it is read.
_READERS: Mapping[bytes, Callable[[bytes], Sequence[Item]]] = {
    b"<OAI-PMH": _records,
    b"<rss": _announcements,
}


def _reader(body: bytes) -> Callable[[bytes], Sequence[Item]]:
    start = body[:1024]
    return next((read for mark, read in _READERS.items() if mark in start), _entries)
