"""The contract of a normalizer: the same bytes give the same items, and no others do."""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from stoma.domain.collection import CollectResult
from stoma.domain.given import items_of
from stoma.domain.item import Item, ItemKind, RawAnswer
from stoma.domain.task import Json
from stoma.exceptions import StomaError
from stoma.normalizers.base import BaseNormalizer
from stoma.testing.played import START
from stoma.testing.promises import must, no_connections

Answer: TypeAlias = bytes | Path | RawAnswer


def read(
    normalizer: BaseNormalizer,
    raw: RawAnswer,
    *,
    kind: ItemKind = ItemKind.OTHER,
    config: Mapping[str, Json] | None = None,
) -> tuple[Item, ...]:
    """Return the items that *normalizer* finds in *raw*, as a collection would."""

    async def found() -> object:
        result: Any = normalizer.normalize(CollectResult(raw=raw, config=config or {}))
        return await result if inspect.isawaitable(result) else result

    return items_of(asyncio.run(found()), source=raw.source, kind=kind)


class NormalizerContract:
    """Derive a class `Test...` from it that says what is tested, and with which answers."""

    normalizer: ClassVar[type[BaseNormalizer]]
    #: Whole answers of the source, as it sends them: bytes, files, or with their address.
    answers: ClassVar[Sequence[Answer]] = ()
    #: What is no answer of the source, whatever it is.
    refused: ClassVar[Sequence[bytes]] = (b"", b"<html></html>", b"Rate exceeded.", b"\x00\xff")
    source: ClassVar[str] = "source"
    kind: ClassVar[ItemKind] = ItemKind.OTHER
    config: ClassVar[Mapping[str, Json]] = {}
    url: ClassVar[str] = "https://example.org/"
    fetched_at: ClassVar[datetime] = START
    #: How many places an answer is cut at.
    cuts: ClassVar[int] = 40

    def test_there_are_answers_to_test_with(self) -> None:
        """Without answers nothing is promised."""
        must(self.answers, f"{type(self).__name__}.answers is empty")

    def test_the_same_answer_gives_the_same_items(self) -> None:
        """Whoever reads an answer again finds the same, whatever was read in between."""
        first = [self.items(raw) for raw in self._raws()]
        again = [self.items(raw) for raw in reversed(self._raws())]
        must(first == again[::-1], "reading the same answers again gave other items")
        hashes = [[item.content_hash for item in items] for items in first]
        must(
            hashes == [[item.content_hash for item in items] for items in again[::-1]],
            "the same items have other content hashes: something in them is not plain data",
        )

    def test_items_can_be_stored(self) -> None:
        """Every item says what it is, under which name and where."""
        for raw in self._raws():
            names = [(item.source, item.natural_id) for item in self.items(raw)]
            must(names or not self._finds_nothing_only(), f"no items in {raw.url}")

    def test_what_is_no_answer_is_an_error(self) -> None:
        """A page for people, or nothing, is never "no items"."""
        for body in self.refused:
            must(self._refuses(body), f"{body!r:.60} was read as an answer, and must be an error")

    def test_an_answer_cut_off_is_an_error(self) -> None:
        """Half an answer is never a small one."""
        for raw in self._raws():
            body = raw.body.rstrip()
            for keep in range(0, len(body), max(1, len(body) // self.cuts)):
                must(
                    self._refuses(body[:keep]),
                    f"an answer cut off after {keep} of {len(body)} bytes was read as a whole one",
                )

    def test_reading_opens_no_connection(self) -> None:
        """All that there is to read is in the answer."""
        with no_connections():
            for raw in self._raws():
                self.items(raw)

    def items(self, raw: RawAnswer) -> tuple[Item, ...]:
        """Return the items in *raw*, read by a normalizer that has read nothing before."""
        return read(self.normalizer(), raw, kind=self.kind, config=self.config)

    def _finds_nothing_only(self) -> bool:
        return not any(self.items(raw) for raw in self._raws())

    def _refuses(self, body: bytes) -> bool:
        try:
            self.items(self._raw(body))
        except (StomaError, ValueError, LookupError, TypeError, AttributeError, SyntaxError):
            return True
        return False

    def _raws(self) -> list[RawAnswer]:
        return [self._raw(answer) for answer in self.answers]

    def _raw(self, answer: Answer) -> RawAnswer:
        if isinstance(answer, RawAnswer):
            return answer
        return RawAnswer(
            source=self.source,
            url=self.url,
            status=200,
            media_type="",
            body=answer.read_bytes() if isinstance(answer, Path) else answer,
            fetched_at=self.fetched_at,
        )
