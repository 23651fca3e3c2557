#!/usr/bin/env python3
"""Items per second through a collection, beside sqlite-utils on the same items; and its memory.

    python scripts/bench/collect.py [--items 10000] [--repeats 3] [--harvest 100000] [--cpu]

Papers as arXiv's query API writes them, of made-up words: an abstract of some 170 words, five
authors, three categories. They come in pages of 100. stoma reads each page with its normalizer
and stores items, versions, satellites, the raw answer and the resume point in one transaction per
page. sqlite-utils (`upsert_all`, full-text search by triggers, WAL, a transaction per page) gets
the same items, read by the same normalizer. The two take turns page by page, so that what else the
machine does falls on both. A second round stores what is known already. Prints JSON.

With --harvest a run of so many items goes through the whole pipeline, and the memory of the
process is noted ten times on the way.
"""

import argparse
import asyncio
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from stoma.app import App, open_app  # noqa: E402
from stoma.collectors.base import BaseCollector  # noqa: E402
from stoma.domain.collection import CollectRequest, CollectResult, Page  # noqa: E402
from stoma.domain.item import Item, RawAnswer  # noqa: E402
from stoma.domain.run import Run  # noqa: E402
from stoma.domain.task import Task  # noqa: E402
from stoma.httpclient import Gate  # noqa: E402
from stoma.normalizers.arxiv import ArxivNormalizer  # noqa: E402
from stoma.pipeline import Parts, collect  # noqa: E402
from stoma.scheduler.now import manual  # noqa: E402
from stoma.scheduler.placing import place  # noqa: E402
from stoma.settings import load_settings  # noqa: E402
from stoma.storage.items import PageToStore  # noqa: E402
from stoma.storage.known import KnownItems  # noqa: E402
from stoma.testing import PlayedClock, PlayedSource  # noqa: E402

CLOCK = time.perf_counter
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PAGE = 100
SYLLABLES = [c + v for c in "bcdfghjklmnprstvwz" for v in "aeiou"]
CATEGORIES = ["cs.AI", "cs.LG", "cs.CL", "cs.CV", "stat.ML", "math.OC", "eess.SP", "cs.RO"]
HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>"
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
    ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">'
)


def feeds(items: int, seed: int = 1) -> Iterator[bytes]:
    """Yield pages of papers; the same ones for the same seed."""
    made = random.Random(seed)
    words = ["".join(made.choices(SYLLABLES, k=made.randint(1, 4))) for _ in range(20_000)]

    def text(count: int) -> str:
        return " ".join(made.choices(words, k=count))

    for start in range(0, items, PAGE):
        entries = "".join(
            f"<entry><id>http://arxiv.org/abs/{2600 + number // 100_000}.{number % 100_000:05}v1"
            f"</id><title>{text(10).title()}</title><updated>2026-10-01T00:00:00Z</updated>"
            f"<published>2026-10-01T00:00:00Z</published><summary>{text(170)}</summary>"
            + "".join(f'<category term="{c}"/>' for c in made.sample(CATEGORIES, 3))
            + '<arxiv:primary_category term="cs.AI"/><arxiv:comment>12 pages</arxiv:comment>'
            + "".join(
                f"<author><name>{name.title()}</name></author>"
                for name in (text(2) for _ in range(made.randint(2, 8)))
            )
            + f'<link title="pdf" href="https://arxiv.org/pdf/{number}"/></entry>'
            for number in range(start, min(start + PAGE, items))
        )
        total = f"<opensearch:totalResults>{items}</opensearch:totalResults>"
        yield f"{HEAD}{total}{entries}</feed>".encode()


def answer(body: bytes) -> RawAnswer:
    return RawAnswer(
        source="arxiv",
        url="http://x/api/query",
        status=200,
        media_type="application/atom+xml",
        body=body,
        fetched_at=NOW,
    )


def opened(folder: Path) -> App:
    loaded = load_settings(home=folder, environ={})
    return open_app(loaded, clock=PlayedClock(NOW))  # type: ignore[return-value]


def started(app: App) -> tuple[Task, Run]:
    task = Task(id="t", name="t", type="arxiv", schedule="manual", config={"search_query": "a"})
    if app.tasks.find("t") is None:
        app.tasks.add(place(task, now=NOW, timezone="UTC"), now=NOW)
    run = app.runs.add(
        manual(app.tasks.get("t")), now=NOW, owner="bench", lease_until=NOW + timedelta(days=1)
    )
    return task, app.runs.start(run, now=NOW, log_path="")


class Peer:
    """sqlite-utils, with the same facts about an item in one table."""

    def __init__(self, folder: Path) -> None:
        from sqlite_utils import Database

        self.database = Database(folder / "peer.db")
        self.database.enable_wal()
        self.table: Any = self.database["items"]

    def store(self, items: Sequence[Item]) -> None:
        self.table.upsert_all((self.row(item) for item in items), pk="id")
        if self.table.detect_fts() is None:
            self.table.enable_fts(
                ["title", "summary", "contributors", "tags"],
                tokenize="unicode61 remove_diacritics 2",
                create_triggers=True,
            )

    def row(self, item: Item) -> dict[str, Any]:
        return {
            "id": f"{item.source}:{item.natural_id}",
            "kind": item.kind.value,
            "url": item.url,
            "title": item.title,
            "summary": item.summary,
            "version": item.version_key,
            "published_at": item.published_at and item.published_at.isoformat(),
            "updated_at": item.source_updated_at and item.source_updated_at.isoformat(),
            "contributors": json.dumps([each.name for each in item.contributors]),
            "tags": json.dumps([each.term for each in item.tags]),
            "extra": json.dumps(dict(item.extra)),
            "seen_at": NOW.isoformat(),
        }


def timed(spent: list[float], work: Callable[[], Any]) -> Any:
    begin = CLOCK()
    found = work()
    spent.append(CLOCK() - begin)
    return found


def round_of(app: App, run: Run, peer: Peer, bodies: Sequence[bytes]) -> dict[str, float]:
    """Store all pages in both; return the seconds each part took."""
    read: list[float] = []
    ours: list[float] = []
    theirs: list[float] = []
    normalizer = ArxivNormalizer()
    with asyncio.Runner() as runner:
        for number, body in enumerate(bodies):
            raw = answer(body)
            result = CollectResult(raw=raw)
            items = timed(read, lambda: runner.run(normalizer.normalize(result)))  # noqa: B023
            page = PageToStore(raw=raw, items=items, checkpoint={"start": number}, requests=1)
            turns = [
                lambda: timed(ours, lambda: app.items.store_page(run, page, now=NOW)),  # noqa: B023
                lambda: timed(theirs, lambda: peer.store(items)),  # noqa: B023
            ]
            for turn in turns if number % 2 else reversed(turns):
                turn()
    return {"normalize": sum(read), "stoma": sum(ours), "sqlite_utils": sum(theirs)}


def compare(count: int, repeats: int) -> dict[str, Any]:
    bodies = list(feeds(count))
    found: dict[str, list[dict[str, float]]] = {"new": [], "unchanged": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as app:
            _, run = started(app)
            peer = Peer(Path(folder))
            for each in found:
                found[each].append(round_of(app, run, peer, bodies))
    return {name: summary(count, rounds) for name, rounds in found.items()}


def summary(count: int, rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    whole = {name: middle["normalize"] + middle[name] for name in ("stoma", "sqlite_utils")}
    return {
        **{f"{name}_ms_per_item": round(1000 * s / count, 3) for name, s in middle.items()},
        "stoma_items_per_second": round(count / whole["stoma"]),
        "sqlite_utils_items_per_second": round(count / whole["sqlite_utils"]),
        "ratio_with_normalizing": round(whole["stoma"] / whole["sqlite_utils"], 2),
        "ratio_of_storing": round(middle["stoma"] / middle["sqlite_utils"], 2),
    }


class Endless(BaseCollector):
    """Yields prepared pages; no network."""

    def __init__(self, count: int) -> None:
        self.count = count

    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        last = self.count // PAGE
        for number, body in enumerate(feeds(self.count), 1):
            yield Page(raw=answer(body), checkpoint={"start": number}, last=number == last)


def harvest(count: int) -> dict[str, Any]:
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as app:
        task, run = started(app)
        clock = PlayedClock(NOW)
        parts = Parts(
            collector=Endless(count),
            normalizer=ArxivNormalizer(),
            gate=PlayedSource("https://x.example").gate("arxiv", clock),
            items=app.items,
            known=KnownItems(app.database),
            clock=clock,
        )
        every, seen = count // 10, 0

        def look(progress: Any) -> None:
            nonlocal seen
            seen += len(progress.page.changes)
            if seen >= every * (len(memory) + 1):
                memory.append(resident_mb())

        begin = time.perf_counter()
        outcome = collect(task, run, parts, checkpoint={}, on_page=look)
        seconds = time.perf_counter() - begin
    return {
        "items": count,
        "outcome": str(outcome),
        "items_per_second": round(count / seconds),
        "rss_mb": memory,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--harvest", type=int, default=0)
    parser.add_argument("--cpu", action="store_true", help="count the processor's time only")
    chosen = parser.parse_args()
    if chosen.cpu:
        global CLOCK
        CLOCK = time.process_time
    if chosen.harvest:
        print(json.dumps(harvest(chosen.harvest), indent=2))
    else:
        print(json.dumps(compare(chosen.items, chosen.repeats), indent=2))


if __name__ == "__main__":
    main()
