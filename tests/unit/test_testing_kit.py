"""`stoma.testing` catches what naive collectors and normalizers do wrong, and names it."""

import json
import socket
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.collection import CollectRequest, CollectResult, Page
from stoma.domain.item import ItemKind
from stoma.exceptions import BadAnswerError, CollectError
from stoma.httpclient import Gate
from stoma.normalizers.base import BaseNormalizer
from stoma.testing import CollectorContract, NormalizerContract, PlayedClock, PlayedSource, check

SITE = "https://example.org"


def rows_in(body: bytes) -> list[Any]:
    try:
        rows = json.loads(body)
    except ValueError as error:
        raise BadAnswerError(f"no JSON: {error}") from None
    if not isinstance(rows, list):
        raise BadAnswerError("no list")
    return rows


class Rows(BaseNormalizer):
    async def normalize(self, result: CollectResult) -> Any:
        return [
            {"natural_id": str(row), "title": f"Row {row}", "url": f"{SITE}/{row}"}
            for row in rows_in(result.raw.body)
        ]


class Sound(BaseCollector):
    """Three pages of two rows each, read as they should be."""

    source: ClassVar[str] = "rows"
    kind: ClassVar[ItemKind] = ItemKind.OTHER
    normalizer: ClassVar[str] = "rows"

    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        begin = request.checkpoint.get("next", 0)
        assert isinstance(begin, int)
        for number in range(begin, 3):
            answer = gate.get(f"{SITE}/{number}")
            gate.heed(answer)
            rows_in(answer.body)
            yield Page(raw=answer, checkpoint={"next": number + 1}, last=number == 2)


class Promises(CollectorContract):
    collector = Sound
    normalizer = Rows

    def source(self) -> PlayedSource:
        source = PlayedSource(SITE)
        for number in range(3):
            source.answer(f"/{number}", json.dumps([2 * number, 2 * number + 1]).encode())
        return source


class SwallowsErrors(Sound):
    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        try:
            yield from super().collect(request, gate)
        except CollectError:
            yield Page(raw=None, last=True)


class ForgetsItsPlace(Sound):
    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        begin = request.checkpoint.get("next", 0)
        for number in range(2 if begin else 0, 3):
            answer = gate.get(f"{SITE}/{number}")
            yield Page(raw=answer, checkpoint={"next": 1}, last=number == 2)


class KeepsOddPlaces(Sound):
    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        checkpoint: Any = {"seen": (1, 2)}
        yield Page(raw=gate.get(f"{SITE}/0"), checkpoint=checkpoint, last=True)


class NeverEnds(Sound):
    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        yield Page(raw=gate.get(f"{SITE}/0"))


class GoesAround(Sound):
    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        with socket.socket() as own:
            own.connect(("127.0.0.1", 9))
        yield from super().collect(request, gate)


class SaysNothing(Sound):
    source = ""


class AnyConfig(CollectorConfig):
    model_config = {"extra": "ignore"}


class TakesAnyKey(Sound):
    config = AnyConfig


class Fails(Sound):
    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        yield Page(raw=gate.get("https://elsewhere.example"), last=True)


NAIVE: dict[type[BaseCollector], str] = {
    SwallowsErrors: "HTTP 429 as answer 1 of 3: taken for success, and rows/0, rows/1, rows/2 and",
    ForgetsItsPlace: "killed after page 1, it never collects rows/2, rows/3",
    KeepsOddPlaces: "comes back as {'seen': [1, 2]}",
    NeverEnds: "undisturbed it does not prove its end",
    GoesAround: "connects to ('127.0.0.1', 9) by itself",
    SaysNothing: "SaysNothing.source is missing",
    TakesAnyKey: "a key that nobody knows was accepted",
    Fails: "undisturbed it fails: 'https://elsewhere.example' does not belong",
}


def test_a_sound_collector_keeps_every_promise() -> None:
    check(Promises)


@pytest.mark.parametrize("naive", NAIVE, ids=lambda each: each.__name__)
def test_a_naive_collector_is_told_what_is_wrong(naive: type[BaseCollector]) -> None:
    contract = type("Naive", (Promises,), {"collector": naive})

    with pytest.raises(AssertionError) as caught:
        check(contract)

    assert NAIVE[naive] in str(caught.value)


def test_a_contract_without_a_source_says_so() -> None:
    contract = type("Empty", (CollectorContract,), {"collector": Sound, "normalizer": Rows})

    with pytest.raises(AssertionError, match="NotImplementedError: return a PlayedSource"):
        check(contract)


# --- normalizers ------------------------------------------------------------------------------


class Reads(NormalizerContract):
    normalizer = Rows
    source = "rows"
    answers = (b"[1, 2]", b"[3]")


class SeesNothing(BaseNormalizer):
    async def normalize(self, result: CollectResult) -> Any:
        return []


class Counts(BaseNormalizer):
    def __init__(self) -> None:
        COUNTED.append(1)
        self.read = len(COUNTED)

    async def normalize(self, result: CollectResult) -> Any:
        rows = await Rows().normalize(result)
        return [{**row, "summary": str(self.read)} for row in rows]


COUNTED: list[int] = []


class AsksAround(BaseNormalizer):
    async def normalize(self, result: CollectResult) -> Any:
        with socket.socket() as own:
            own.connect(("127.0.0.1", 9))
        return []


class Salvages(BaseNormalizer):
    async def normalize(self, result: CollectResult) -> Any:
        text = result.raw.body.decode("latin-1").strip("[]")
        given = [each for each in text.split(",") if each.strip().isdigit()]
        return [{"natural_id": row, "title": row, "url": SITE} for row in given]


@pytest.mark.parametrize(
    ("naive", "said"),
    [
        (SeesNothing, "no items in https://example.org/"),
        (SeesNothing, "b'' was read as an answer, and must be an error"),
        (Counts, "reading the same answers again gave other items"),
        (AsksAround, "by itself, and not through the gate"),
        (Salvages, "an answer cut off after 0 of 6 bytes was read as a whole one"),
    ],
)
def test_a_naive_normalizer_is_told_what_is_wrong(naive: type[BaseNormalizer], said: str) -> None:
    contract = type("Naive", (Reads,), {"normalizer": naive})

    with pytest.raises(AssertionError) as caught:
        check(contract)

    assert said in str(caught.value)


def test_a_sound_normalizer_keeps_every_promise() -> None:
    check(Reads)


def test_without_answers_nothing_is_promised() -> None:
    with pytest.raises(AssertionError, match="answers is empty"):
        check(type("Empty", (Reads,), {"answers": ()}))


def test_a_played_source_says_what_was_prepared_and_notes_what_was_asked() -> None:
    source = PlayedSource(SITE).answer("/a", b"one", b"two", page="1")
    clock = PlayedClock()
    gate = source.gate("rows", clock)

    said = [gate.get(f"{SITE}/a", {"page": "1"}).body for _ in range(3)]

    assert said == [b"one", b"two", b"two"]
    assert [asked.params for asked in source.seen] == [{"page": "1"}] * 3
    with pytest.raises(CollectError, match="HTTP 404"):
        gate.get(f"{SITE}/a")


def test_the_kit_needs_no_pytest() -> None:
    import stoma.testing.collectors
    import stoma.testing.normalizers

    for module in (stoma.testing.collectors, stoma.testing.normalizers):
        assert not hasattr(module, "pytest")
