"""What people look at of a registry, where no command shows it."""

from dataclasses import replace
from pathlib import Path

from stoma.processes import this_process
from stoma.storage.database import Database
from stoma.storage.instances import InstanceStore
from stoma.storage.read import reading
from tests.fakes import START


def test_a_scheduler_that_died_without_a_word_is_not_at_work(
    database: Database, tmp_path: Path
) -> None:
    here = this_process("scheduler")
    store = InstanceStore(database)
    store.enter(replace(here, id="died", boot_id="another"), version="1", now=START)

    with reading(tmp_path / "stoma.db") as reader:
        assert reader is not None
        died = reader.scheduler()
        store.enter(here, version="1", now=START)
        at_work = reader.scheduler()

    assert died is None
    assert at_work is not None
    assert at_work.instance == here
