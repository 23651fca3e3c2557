#!/usr/bin/env python3
"""How long a search takes among many items, beside sqlite-utils with FTS on the same texts.

    python scripts/bench/search.py [--items 1000000] [--queries 400] [--keep FOLDER] [--no-peer]

Words are made up and as unequally common as in a language (Zipf), so some are in nearly every
text. Every query is asked once, in the same order, of both; prints JSON. Of each the time by the
clock is told, and that of the processor, which another program at work changes less.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import insert  # noqa: E402

from stoma.domain.item import Contributor, Item, ItemKind, Tag  # noqa: E402
from stoma.storage.database import Database  # noqa: E402
from stoma.storage.item_rows import item_columns  # noqa: E402
from stoma.storage.item_tables import ITEMS  # noqa: E402
from stoma.storage.read import reading  # noqa: E402
from stoma.storage.read_items import ItemFilter  # noqa: E402

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WORDS, AUTHORS, AT_ONCE = 200_000, 50_000, 5000
SYLLABLES = [c + v for c in "bcdfghjklmnprstvwz" for v in "aeiou"]
FILTERS = {
    "any": ItemFilter(),
    "source": ItemFilter(source="github"),
    "rare": ItemFilter(source="sec_edgar"),
    "recent": ItemFilter(since=NOW - timedelta(days=30)),
    "early": ItemFilter(until=NOW - timedelta(days=180)),
    "published": ItemFilter(published_since=NOW - timedelta(days=30)),
}


class Texts:
    """Made-up texts."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        made: dict[str, None] = {}
        while len(made) < WORDS:
            made["".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 5)))] = None
        self.words = list(made)
        self._common = list(accumulate(1 / (rank + 2.7) for rank in range(WORDS)))

    def text(self, count: int) -> list[str]:
        return self.random.choices(self.words, cum_weights=self._common, k=count)

    def items(self, count: int) -> Iterator[Item]:
        for number in range(count):
            body = self.text(130)
            people = self.random.choices(range(AUTHORS), k=3)
            yield Item(
                source="github" if number % 4 == 0 else "arxiv",
                kind=ItemKind.REPOSITORY if number % 4 == 0 else ItemKind.PAPER,
                natural_id=str(number),
                title=" ".join(body[:10]).capitalize(),
                url=f"https://example.org/{number}",
                version_key="v1",
                version_seq=1,
                summary=" ".join(body[10:]),
                published_at=NOW - timedelta(minutes=count - number),
                contributors=tuple(Contributor(name=f"A. {self.words[n]}") for n in people),
                tags=(Tag("arxiv-category", f"cs.{number % 40}", primary=True),),
            )

    def queries(self, count: int) -> list[str]:
        """One to three words each: of every ten thousand as likely as of every ten."""

        def word() -> str:
            return self.words[int(10 ** self.random.uniform(0.5, 4.5))]

        shapes: list[Callable[[], str]] = [
            word,
            lambda: f"{word()} {word()}",
            lambda: f"{word()} {word()} {word()}",
            lambda: " ".join(self.text(2)),
        ]
        return [shapes[number % len(shapes)]() for number in range(count)]

    def beginnings(self, count: int) -> list[str]:
        """The first three or four letters of words."""
        return [f"{query[: 3 + n % 2]}*" for n, query in enumerate(self.queries(count))]


def fill(path: Path, texts: Texts, count: int) -> None:
    database = Database(path)
    database.open(now=NOW)
    rows: list[dict[str, Any]] = []
    try:
        for number, item in enumerate(texts.items(count), 1):
            at = NOW - timedelta(minutes=count - number)
            seen = {"first_seen_at": at, "last_seen_at": at, "first_run_id": 1, "last_run_id": 1}
            rows.append(item_columns(item) | seen)
            if len(rows) == AT_ONCE or number == count:
                with database.write() as connection:
                    connection.execute(insert(ITEMS), rows)
                rows.clear()
    finally:
        database.close()


def fill_peer(path: Path, source: Path) -> None:
    """Give sqlite-utils the same rows."""
    import sqlite3

    import sqlite_utils

    texts = ["title", "summary", "contributors_text", "tags_text"]
    reader = sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)
    reader.row_factory = sqlite3.Row
    peer = sqlite_utils.Database(path)
    rows = reader.execute(f"SELECT id, {', '.join(texts)} FROM items")
    peer["items"].insert_all(map(dict, rows), pk="id", batch_size=AT_ONCE)
    peer["items"].enable_fts(texts, tokenize="unicode61 remove_diacritics 2")


def timed(search: Callable[[str], object], queries: list[str]) -> dict[str, float]:
    taken, worked = [], []
    for query in queries:
        start, busy = time.perf_counter(), time.process_time()
        search(query)
        taken.append((time.perf_counter() - start) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    found = {}
    for unit, spent in (("ms", taken), ("cpu_ms", worked)):
        hundredths = statistics.quantiles(spent, n=100)
        named = {"p50": hundredths[49], "p95": hundredths[94], "max": max(spent)}
        found |= {f"{name}_{unit}": round(value, 2) for name, value in named.items()}
    return found


def measure(folder: Path, count: int, texts: Texts, asked: int, *, peer: bool) -> dict[str, Any]:
    import sqlite3

    queries, beginnings = texts.queries(asked), texts.beginnings(asked // 4)
    found: dict[str, Any] = {
        "items": count,
        "queries": len(queries),
        "sqlite": sqlite3.sqlite_version,
    }
    with reading(folder / "stoma.db") as reader:
        assert reader is not None
        items = reader.items
        items.search("warm", ItemFilter(), limit=20)
        for name, wanted in FILTERS.items():
            found[f"stoma_{name}"] = timed(
                lambda q, w=wanted: items.search(q, w, limit=20), queries
            )
        found["stoma_prefix"] = timed(lambda q: items.search(q, ItemFilter(), limit=20), beginnings)
    if peer:
        import sqlite_utils

        table = sqlite_utils.Database(folder / "peer.db")["items"]
        list(table.search('"warm"', limit=20))
        found["sqlite_utils"] = timed(lambda q: list(table.search(q, limit=20)), queries)
        found["sqlite_utils_prefix"] = timed(lambda q: list(table.search(q, limit=20)), beginnings)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder to build in, or to find it built")
    parser.add_argument("--no-peer", action="store_true", help="leave sqlite-utils out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stoma-bench-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        built = time.perf_counter()
        if not (folder / "stoma.db").exists():
            fill(folder / "stoma.db", Texts(options.seed), options.items)
        if not options.no_peer and not (folder / "peer.db").exists():
            fill_peer(folder / "peer.db", folder / "stoma.db")
        built = time.perf_counter() - built
        texts = Texts(options.seed)
        found = measure(folder, options.items, texts, options.queries, peer=not options.no_peer)
        found["build_seconds"] = round(built, 1)
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
