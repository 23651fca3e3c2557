"""Reading kept answers again gives the same items, or new versions where a normalizer changed."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stoma.app import App
from stoma.domain.item import Item
from stoma.exceptions import NotFoundError
from stoma.operations.reparsing import Counts, reparse
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.item_lines import ItemFilter
from stoma.storage.item_tables import (
    CONTRIBUTORS,
    IDENTIFIERS,
    ITEM_VERSIONS,
    ITEMS,
    RELATIONS,
    TAGS,
)
from stoma.storage.read import reading
from stoma.storage.reparse import ReparseStore, Reread
from tests.fakes import START, FakeClock
from tests.feeds import serve_pages
from tests.makers import make_task
from tests.registries import opened_app
from tests.replay import ReplayServer
from tests.repositories import repository, said

ALL = ItemFilter()
TABLES = (ITEMS, ITEM_VERSIONS, CONTRIBUTORS, IDENTIFIERS, TAGS, RELATIONS)

OWN = """
from dataclasses import replace
from stoma.normalizers.arxiv import ArxivNormalizer

class Mine(ArxivNormalizer):
    async def normalize(self, result):
        found = await super().normalize(result)
        return [replace(each, title=each.title.upper()) for each in found][{first}:]
"""


def opened(home: Path, server: ReplayServer, clock: FakeClock) -> Any:
    environ = {
        "STOMA_SOURCES__ARXIV__BASE_URL": server.url,
        "STOMA_SOURCES__ARXIV__PAGE_SIZE": "3",
        "STOMA_SOURCES__ARXIV__INTERVAL_SECONDS": "0.001",
        "STOMA_SOURCES__GITHUB__BASE_URL": server.url,
        "STOMA_SOURCES__GITHUB__INTERVAL_SECONDS": "0.001",
    }
    return opened_app(load_settings(home=home, environ=environ), clock=clock)


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer, clock: FakeClock) -> Iterator[App]:
    with opened(tmp_path, server, clock) as app:
        yield app


def add(app: App, task_id: str = "papers", **fields: Any) -> None:
    now = app.clock.now()
    app.tasks.add(
        place(make_task(task_id, **fields), now=now, timezone="UTC", own=app.own), now=now
    )


def rows(app: App) -> list[Any]:
    with app.database.read() as connection:
        return [row for table in TABLES for row in connection.execute(select(table))]


def papers(app: App, server: ReplayServer, **config: Any) -> None:
    serve_pages(server, pages=2, size=3)
    add(app, config={"search_query": "testing", "max_results": 6, "sort_by": "relevance", **config})
    run_now(app, "papers")


def titles(app: App) -> list[str]:
    with app.database.read() as connection:
        return list(connection.scalars(select(ITEMS.c.title).order_by(ITEMS.c.id)))


def test_with_the_same_normalizer_every_byte_stays(app: App, server: ReplayServer) -> None:
    papers(app, server)
    before = rows(app)

    found = reparse(app, ALL)

    assert found == Counts(items=6, same=6, answers=2)
    assert rows(app) == before


def test_a_history_of_whole_and_partial_answers_reads_the_same(
    app: App, server: ReplayServer, clock: FakeClock
) -> None:
    add(app, "repos", type="github", config={"repositories": ["owner/repo-1"], "releases": 0})
    told = [{"description": "One."}, {"description": "Two."}, {"language": "C"}]
    answers = [said(repository(1, **each)) for each in told]
    gone = said({"message": "Not Found"}, 404)
    server.answer("/repos/owner/repo-1", answers[0], gone)
    server.answer("/repositories/1", *answers[1:], gone)
    for _ in range(4):
        run_now(app, "repos")
        clock.sleep(86400)
    before = rows(app)

    found = reparse(app, ItemFilter(source="github"))

    assert (found.same, found.changed, found.changed_items) == (4, 0, 0)
    assert rows(app) == before


def test_where_an_answer_was_dropped_its_versions_stay(app: App, server: ReplayServer) -> None:
    papers(app, server)
    with app.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE raw_answers SET body = x'', kept_bytes = 0 WHERE url LIKE '%start=3%'"
        )

    assert reparse(app, ALL) == Counts(items=6, same=3, dropped=3, answers=1)


def test_a_run_that_is_gone_leaves_the_usual_normalizer(app: App, server: ReplayServer) -> None:
    papers(app, server)
    with app.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM runs")

    assert reparse(app, ALL).same == 6


def test_an_answer_that_is_none_any_more_changes_nothing(app: App, server: ReplayServer) -> None:
    papers(app, server)
    with app.database.write() as connection:  # as if it had been believed by mistake
        connection.exec_driver_sql(
            "UPDATE raw_answers SET body = ? WHERE url LIKE '%start=3%'", (zlib.compress(b"no"),)
        )

    assert reparse(app, ALL) == Counts(items=6, same=3, unread=3, answers=2)


def own(home: Path, *, first: int = 0, upper: bool = True) -> None:
    text = OWN.format(first=first)
    (home / "mine.py").write_text(text if upper else text.replace(".upper()", ""))


def read_again(
    home: Path, server: ReplayServer, clock: FakeClock, *, dry_run: bool = False
) -> Counts:
    with opened(home, server, clock) as app:
        return reparse(app, ALL, dry_run=dry_run)


def test_a_changed_normalizer_makes_new_versions_and_takes_nothing_away(
    tmp_path: Path, server: ReplayServer, clock: FakeClock
) -> None:
    own(tmp_path, upper=False)
    with opened(tmp_path, server, clock) as app:
        papers(app, server, normalizer="mine.py:Mine")
        before = titles(app)
    own(tmp_path)

    counts = [
        read_again(tmp_path, server, clock, dry_run=True),
        read_again(tmp_path, server, clock),
        read_again(tmp_path, server, clock),
    ]

    changed = Counts(items=6, changed_items=6, changed=6, answers=2)
    assert counts == [changed, changed, Counts(items=6, same=6, answers=2)]
    with reading(tmp_path / "stoma.db") as reader:
        assert reader is not None
        found = [reader.items.find(str(number)) for number in (1, 2)]
    for item, title in zip(found, before, strict=False):
        assert item is not None
        assert item.line.title == title.upper()
        old, new = item.versions
        assert (old.raw_sha256, old.run_id) == (new.raw_sha256, new.run_id)
        assert old.reparsed_at is None
        assert new.reparsed_at is not None


def test_what_an_answer_no_longer_has_stays_as_it_was(
    tmp_path: Path, server: ReplayServer, clock: FakeClock
) -> None:
    own(tmp_path)
    with opened(tmp_path, server, clock) as app:
        papers(app, server, normalizer="mine.py:Mine")
        before = rows(app)
    own(tmp_path, first=1)

    assert read_again(tmp_path, server, clock) == Counts(items=6, same=4, unread=2, answers=2)
    with opened(tmp_path, server, clock) as app:
        assert rows(app) == before


def test_only_what_was_chosen_is_read(app: App, server: ReplayServer) -> None:
    papers(app, server)

    assert reparse(app, ItemFilter(source="github")) == Counts()
    with pytest.raises(NotFoundError):
        reparse(app, ItemFilter(task_id="nobody"))


def test_what_an_older_version_reads_as_now_only_joins_the_history(
    app: App, server: ReplayServer
) -> None:
    papers(app, server)
    store = ReparseStore(app.database)
    (items,) = store.items(ALL)
    version = items[0].versions[0]
    other = replace(items[0].as_of(version), title="Other")

    saved = store.save(
        [Reread(item=items[0], versions=[(version, other)], current=None)], now=START
    )

    (again,) = store.items(ALL)
    assert (saved, [each.reparsed for each in again[0].versions]) == (0, [False, True])
    assert "Other" not in titles(app)


def test_an_item_that_was_collected_meanwhile_keeps_what_it_is(
    app: App, server: ReplayServer
) -> None:
    papers(app, server)
    store = ReparseStore(app.database)
    (items,) = store.items(ALL)
    seen = replace(items[0], content_hash="another")
    other: Item = replace(seen.as_of(seen.versions[0]), title="Other")

    saved = store.save([Reread(item=seen, versions=[], current=other)], now=START)

    assert saved == 0
    assert "Other" not in titles(app)
