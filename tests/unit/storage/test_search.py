"""A search finds what looking at every item finds, in the same order."""

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.domain.item import Contributor, Item, Tag
from stoma.storage.database import Database
from stoma.storage.item_conditions import narrowed
from stoma.storage.item_lines import ItemFilter
from stoma.storage.ranking import ranked
from stoma.storage.read_facets import FacetReader
from stoma.storage.read_items import ItemReader
from stoma.storage.search import (
    CANDIDATES,
    HIT_END,
    HIT_START,
    MOST_WORDS,
    match_expression,
    search_terms,
    snippets,
    spelled_out,
)
from tests.fakes import START
from tests.makers import make_item
from tests.unit.storage.stored import collected

WORDS = ["a", "ab", "abc", "abcd", "b", "ba", "bab", "c", "ca", "éa", "x1", "x-1"]
DAYS, A_DAY = 5, 140


class Stored:
    """A registry, and what is in it, in the order in which it came."""

    def __init__(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        self.connection, self.items = connection, items
        self.reader = ItemReader(connection)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """Items of a few words, as many on every day."""
    made = random.Random(1)
    items = [_made(made, str(number)) for number in range(DAYS * A_DAY)]
    path: Path = tmp_path_factory.mktemp("search") / "stoma.db"
    with closing(Database(path)) as database:
        database.open(now=START)
        for day in (0, 2, 1, 3, 4):  # the clock was set back once
            some = items[day * A_DAY : (day + 1) * A_DAY]
            collected(database, *some, now=START + timedelta(days=day))
    order = [day * A_DAY + n for day in (0, 2, 1, 3, 4) for n in range(A_DAY)]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield Stored(connection, [items[number] for number in order])


def _made(made: random.Random, name: str) -> Item:
    def text(most: int) -> str:
        return " ".join(made.choices(WORDS, weights=range(len(WORDS), 0, -1), k=most))

    return make_item(
        name,
        source=made.choice(("arxiv", "arxiv", "arxiv", "github")),
        title=text(2),
        summary=made.choice((None, text(made.randint(1, 9)))),
        contributors=(Contributor(name=text(1)),),
        tags=(Tag("x", text(1)),),
    )


def _columns(item: Item) -> tuple[str, str, str, str]:
    names = "\n".join(each.name for each in item.contributors)
    return item.title, names, " ".join(each.term for each in item.tags), item.summary or ""


def _has(text: str, term: str) -> bool:
    begin = r"(?<![^\W_])" + r"[\W_]+".join(re.findall(r"\w+", term.replace("é", "e")))
    return bool(re.search(begin + ("" if term.endswith("*") else r"(?![^\W_])"), text))


def _by_looking(items: Sequence[Item], text: str, wanted: ItemFilter, limit: int) -> list[str]:
    terms = search_terms(text)

    def fits(number: int) -> bool:
        at = START + timedelta(days=int(items[number].natural_id) // A_DAY)
        return (
            (wanted.source is None or items[number].source == wanted.source)
            and (wanted.since is None or at >= wanted.since)
            and (wanted.until is None or at < wanted.until)
        )

    def newest(columns: slice) -> list[int]:
        found = [
            number
            for number, item in enumerate(items)
            if fits(number)
            and all(
                any(_has(text.replace("é", "e"), term) for text in _columns(item)[columns])
                for term in terms
            )
        ]
        return found[-max(CANDIDATES, limit) :]

    every = newest(slice(4))
    if len(every) == max(CANDIDATES, limit):
        every += newest(slice(1))
    texts = {number: _columns(items[number]) for number in every}
    return [items[number].natural_id for number in ranked(terms, texts)[:limit]] if terms else []


_words = st.sampled_from([*WORDS, "a*", "ab*", "b*", "é*", "x-1*", "x*", "zz*", '"a b"', "++"])
_days = st.none() | st.integers(-1, DAYS + 1).map(lambda day: START + timedelta(days=day))
_filters = st.builds(
    ItemFilter, source=st.sampled_from([None, "arxiv", "github", "else"]), since=_days, until=_days
)


@given(st.lists(_words, max_size=3).map(" ".join), _filters, st.sampled_from([1, 20, 250]))
def test_a_search_gives_what_looking_at_every_item_gives(
    stored: Stored, text: str, wanted: ItemFilter, limit: int
) -> None:
    found = [line.natural_id for line in stored.reader.search(text, wanted, limit=limit)]

    assert found == _by_looking(stored.items, text, wanted, limit)


@given(st.lists(_words, min_size=1, max_size=3).map(" ".join).filter(search_terms))
def test_beginnings_spelled_out_find_the_same(stored: Stored, text: str) -> None:
    query = "SELECT rowid FROM items_fts WHERE items_fts MATCH ? ORDER BY rowid"
    matches = (match_expression(text), spelled_out(stored.connection, text))

    first, second = ([*map(tuple, stored.connection.execute(query, (m,)))] for m in matches)

    assert first == second


@given(st.lists(_words, min_size=1, max_size=3).map(" ".join).filter(search_terms))
def test_snippets_are_those_of_the_index(stored: Stored, text: str) -> None:
    match, some = str(match_expression(text)), dict(enumerate(stored.items[:30], 1))
    query = (
        "SELECT rowid, snippet(items_fts, -1, ?, ?, '…', 16) FROM items_fts"
        " WHERE items_fts MATCH ? AND rowid <= 30"
    )

    found = snippets(match, {number: _columns(item) for number, item in some.items()})

    assert found == dict(stored.connection.execute(query, (HIT_START, HIT_END, match)).fetchall())


def test_of_too_many_words_only_the_beginning_is_asked_for(database: Database) -> None:
    many = " ".join(f"many{number}" for number in range(MOST_WORDS))
    collected(database, make_item(summary=f"{many} fewer1 fewer2"))

    with closing(sqlite3.connect(database.path)) as connection:
        asked = [spelled_out(connection, text) for text in ("few*", "man*")]
        collected(database, make_item("2", summary="mane"))
        after = spelled_out(connection, "man* x")

    assert asked[0] == '("fewer1" OR "fewer2")'
    assert str(asked[1]).count(" OR ") == MOST_WORDS - 1
    assert after == '"man"* "x"'


@given(st.sampled_from(["", "a*", "ab"]), _filters, st.sampled_from([None, "c", "ab"]))
def test_facets_count_what_is_found(
    stored: Stored, text: str, wanted: ItemFilter, tag: str | None
) -> None:
    reader, facets = stored.reader, FacetReader(stored.connection)
    wanted = replace(wanted, tag=tag)
    without = replace(wanted, source=None)
    everything = len(stored.items)

    if text:
        found = reader.search(text, without, limit=everything)
    else:
        found = reader.newest(without, limit=everything)

    counted = Counter(line.source for line in found)
    groups = facets.facets(text, wanted)
    assert {each.name: each.items for each in groups["source"]} == counted
    assert sum(each.items for each in groups["kind"]) == facets.count(text, wanted)
    assert sum(each.items for each in groups["task_id"]) == facets.count(text, wanted)


def test_only_what_is_rare_is_looked_for_by_its_numbers() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, source TEXT)")
        sources = [("usual",)] * 10_000 + [("rare",), ("usual",), ("rare",)]
        connection.executemany("INSERT INTO items (source) VALUES (?)", sources)
        usual, rare, none = (
            narrowed(connection, ItemFilter(source=name)) for name in ("usual", "rare", "no")
        )

    assert usual == ("items.source = ?", ["usual"])
    assert rare[1] == [10_001, 10_003, "rare", "rare"]
    assert none == ("0", [])
