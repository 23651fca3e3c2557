"""Raw answers of sources: which are kept, and what stays of the others."""

import zlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from stoma.storage.database import Database
from stoma.storage.item_tables import ITEM_VERSIONS, RAW_ANSWERS
from stoma.storage.items import ItemStore, PageToStore
from stoma.storage.retention import RetentionStore
from stoma.storage.runs import RunStore
from tests.fakes import START
from tests.makers import make_firing, make_item, make_raw

DAY = timedelta(days=1)
NOW = START + 100 * DAY


@pytest.fixture
def store(database: Database) -> RetentionStore:
    return RetentionStore(database)


def collect(database: Database, *bodies: bytes, **fields: Any) -> None:
    """Store one page per body; the first brings an item, the others bring nothing new."""
    runs, items = RunStore(database), ItemStore(database)
    claimed = runs.add(make_firing(), now=START, owner="me", lease_until=START)
    run = runs.start(claimed, now=START, log_path="")
    for body in bodies:
        items.store_page(run, PageToStore(raw=make_raw(body), items=[make_item()]), now=START)
    if fields:
        with database.write() as connection:
            connection.execute(update(RAW_ANSWERS).values(fields))


def kept_bytes(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(select(RAW_ANSWERS.c.kept_bytes)))


def test_an_old_answer_goes_and_one_an_item_came_from_keeps_its_row(
    database: Database, store: RetentionStore
) -> None:
    collect(database, b"first", b"second", fetched_at=START)
    hashes = [make_raw(body).sha256 for body in (b"first", b"second")]

    freed = sum(store.drop_answers(before=NOW, most_bytes=0))

    assert freed == len(zlib.compress(b"first")) + len(zlib.compress(b"second"))
    assert kept_bytes(database) == [0]
    with database.read() as connection:
        assert connection.scalar(select(RAW_ANSWERS.c.url)) == make_raw().url
        assert connection.scalars(select(ITEM_VERSIONS.c.raw_sha256)).all() == hashes[:1]
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    assert ItemStore(database).raw(hashes[0]) is None


def test_an_answer_that_comes_again_gets_its_body_back(
    database: Database, store: RetentionStore
) -> None:
    collect(database, b"again")
    list(store.drop_answers(before=NOW, most_bytes=0))

    collect(database, b"again")

    assert ItemStore(database).raw(make_raw(b"again").sha256) == b"again"


def test_answers_beyond_the_quota_go_oldest_first(
    database: Database, store: RetentionStore
) -> None:
    collect(database, *(b"%03d" % number for number in range(120)))
    one = len(zlib.compress(b"000"))
    with database.write() as connection:
        for number in range(120):
            own = RAW_ANSWERS.c.sha256 == make_raw(b"%03d" % number).sha256
            moment = START + number * DAY
            connection.execute(update(RAW_ANSWERS).where(own).values(fetched_at=moment))

    steps = list(store.drop_answers(before=None, most_bytes=10 * one))

    assert [step // one for step in steps] == [50, 50, 10]
    assert sum(kept_bytes(database)) == 10 * one
    assert ItemStore(database).raw(make_raw(b"110").sha256) == b"110"


def test_large_answers_go_in_small_transactions(database: Database, store: RetentionStore) -> None:
    collect(database, *(b"%d" % number for number in range(4)), kept_bytes=5_000_000)

    assert list(store.drop_answers(before=NOW, most_bytes=0)) == [5_000_000] * 4


def test_young_answers_within_the_quota_stay(database: Database, store: RetentionStore) -> None:
    collect(database, b"young")

    assert list(store.drop_answers(before=START - DAY, most_bytes=1000)) == []
