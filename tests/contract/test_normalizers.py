"""The promise of every normalizer: no I/O, the same bytes give the same items."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from stoma.collectors import COLLECTORS
from stoma.domain.collection import CollectResult
from stoma.domain.item import Item, ItemKind, RawAnswer
from stoma.exceptions import BadAnswerError
from stoma.normalizers import NORMALIZERS
from stoma.normalizers.base import BaseNormalizer
from tests.fakes import START
from tests.replay import body_beside

OURS = Path(__file__).parents[1] / "recordings"
REAL = Path(__file__).parents[3] / "shared" / "recordings"


def _recordings() -> Iterator[tuple[str, Path]]:
    for name in NORMALIZERS:
        for root in (OURS, REAL):
            for meta in sorted((root / name).glob("*.meta.json")):
                yield name, body_beside(meta)


def bodies(name: str) -> list[Path]:
    """Return our recordings of a source."""
    return [body_beside(meta) for meta in sorted((OURS / name).glob("*.meta.json"))]


RECORDINGS = list(_recordings())
NAMES = list(NORMALIZERS)
#: The kinds of items of a source that has more than the kind of its collector.
KINDS = {"github": {ItemKind.REPOSITORY, ItemKind.RELEASE}}


def read(name: str, body: bytes) -> Sequence[Item] | str:
    """Return the items in *body*, or the words of the error."""
    raw = RawAnswer(
        source=name,
        url="https://example.org",
        status=200,
        media_type="",
        body=body,
        fetched_at=START,
    )
    try:
        return asyncio.run(NORMALIZERS.get(name)().normalize(CollectResult(raw=raw)))
    except BadAnswerError as error:
        return str(error)


@pytest.mark.parametrize(("name", "file"), RECORDINGS, ids=lambda value: Path(value).name)
def test_the_same_bytes_give_the_same_items(name: str, file: Path) -> None:
    body = file.read_bytes()

    once, again = read(name, body), read(name, body)

    assert once == again
    if not isinstance(once, str):
        assert [item.content_hash for item in once] == [
            item.content_hash for item in again if isinstance(item, Item)
        ]


@pytest.mark.parametrize(("name", "file"), RECORDINGS, ids=lambda value: Path(value).name)
def test_items_are_fit_to_be_stored(name: str, file: Path) -> None:
    items = read(name, file.read_bytes())

    for item in items if not isinstance(items, str) else ():
        assert item.source == name
        assert item.kind in KINDS.get(name, {COLLECTORS.get(name).kind})
        assert item.natural_id
        assert item.url.startswith("https://")
        for moment in (item.published_at, item.source_updated_at):
            assert moment is None or moment.utcoffset() is not None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", [b"", b"<html></html>", b"Rate exceeded.", b"\x00\xff"])
def test_what_is_no_answer_of_the_source_is_an_error(name: str, body: bytes) -> None:
    assert isinstance(read(name, body), str)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_cut_anywhere_is_an_error(name: str) -> None:
    for file in bodies(name):
        body = file.read_bytes().rstrip()
        for keep in range(0, len(body), 97):
            assert isinstance(read(name, body[:keep]), str), f"{file.name} cut after {keep} bytes"


@pytest.mark.parametrize("name", NAMES)
def test_reading_opens_no_connection(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a normalizer has no business on the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    for file in bodies(name):
        read(name, file.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_a_normalizer_is_of_its_family(name: str) -> None:
    assert issubclass(NORMALIZERS.get(name), BaseNormalizer)
    assert any(OURS.joinpath(name).glob("*.meta.json")), "every normalizer has recordings of ours"
