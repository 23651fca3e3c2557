"""The audit log: added to, cut off at its beginning, and never changed without being noticed."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from stoma.domain.audit import BEGINNING, Actor, Draft, Mark, chained, verify
from stoma.domain.task import Json
from stoma.storage.audit import AuditStore
from stoma.storage.checking import check
from stoma.storage.database import Database
from stoma.storage.read import reading
from stoma.storage.read_audit import AuditFilter
from tests.fakes import START

ADA = Actor("ada", "cli")


def draft(subject: str = "papers", after: Json = None, *, hours: float = 0) -> Draft:
    at = START + timedelta(hours=hours)
    return Draft(at=at, actor=ADA, action="edit-task", subject=subject, before=None, after=after)


@pytest.fixture
def path(database: Database) -> Path:
    """A registry with five changes, an hour apart."""
    for number in range(5):
        AuditStore(database).add([draft(f"t{number}", {"n": number}, hours=number)])
    return database.path


def verdict(path: Path) -> tuple[int | None, str]:
    with reading(path) as reader:
        assert reader is not None
        found = reader.audit.verify()
    return found.broken_at, found.problem


def tamper(path: Path, *statements: str) -> None:
    """Change the file as somebody would who knows what stands in the way."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER audit_is_not_changed")
        connection.execute("DROP TRIGGER audit_is_not_removed")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_entries_follow_each_other_and_are_found_good(database: Database, path: Path) -> None:
    newest = AuditStore(database).newest(2)

    assert [entry.id for entry in newest] == [5, 4]
    assert newest[0].draft == draft("t4", {"n": 4}, hours=4)
    assert verdict(path) == (None, "")


@pytest.mark.parametrize(
    ("statement", "broken_at", "problem"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE id = 3", 3, "entry 3 is not what was written"),
        ("UPDATE audit SET at = '2026-03-02 13:00:00.000001' WHERE id = 2", 2, "entry 2 is not"),
        ("UPDATE audit SET at = 'yesterday' WHERE id = 2", 2, "entry 2 is not what was written"),
        ("UPDATE audit SET after = '{\"n\": 9}' WHERE id = 4", 4, "entry 4 is not"),
        ("UPDATE audit SET after = 'no json' WHERE id = 4", 4, "entry 4 is not"),
        ("UPDATE audit SET hash = 'x' WHERE id = 1", 1, "entry 1 is not what was written"),
        ("DELETE FROM audit WHERE id = 3", 3, "entry 3 is missing: the next one there is 4"),
        ("DELETE FROM audit WHERE id = 1", 1, "entry 1 is missing"),
        ("DELETE FROM audit WHERE id >= 4", 4, "entry 4 is missing, and all up to 5"),
        ("DELETE FROM audit", 1, "entry 1 is missing, and all up to 5"),
        ("UPDATE audit_marks SET entry_id = 4", 5, "entry 5 was added by something else"),
        ("UPDATE audit_marks SET hash = 'x' WHERE name = 'head'", 5, "entry 5 is not the one"),
    ],
)
def test_whatever_is_changed_is_noticed_and_the_entry_named(
    path: Path, statement: str, broken_at: int, problem: str
) -> None:
    tamper(path, statement)

    found = verdict(path)

    assert found[0] == broken_at
    assert found[1].startswith(problem)


def test_a_check_of_a_registry_without_the_log_says_so_once(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE audit_marks")
        connection.commit()

    assert check(path) == ["table audit_marks is missing"]


def test_a_check_finds_a_broken_chain_where_the_guards_are_gone_too(path: Path) -> None:
    tamper(path, "DELETE FROM audit WHERE id = 2")

    found = check(path)

    assert len(found) == 3
    assert "the audit log is broken: entry 2 is missing: the next one there is 3;" in found[2]


def test_a_check_of_the_registry_finds_it_too(path: Path) -> None:
    good = check(path)

    with closing(sqlite3.connect(path)) as connection:  # and leaves no trace of it
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_is_%'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit SET actor = 'eve' WHERE id = 3")
        for _, statement in triggers:
            connection.execute(statement)
        connection.commit()

    (found,) = check(path)
    assert good == []
    assert found == (
        "the audit log is broken: entry 3 is not what was written; see: stoma audit verify"
    )


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"])
def test_sqlite_itself_refuses_changes(path: Path, statement: str) -> None:
    refused = pytest.raises(sqlite3.IntegrityError, match="append-only")
    with closing(sqlite3.connect(path)) as connection, refused:
        connection.execute(statement)


@pytest.mark.parametrize("value", [60.0, 60, "60", "", True, [], {}, None, "null", 1e300])
def test_a_value_comes_back_as_it_was(database: Database, value: Json) -> None:
    AuditStore(database).add([draft(after=value)])

    assert repr(AuditStore(database).newest(1)[0].draft.after) == repr(value)
    assert verdict(database.path) == (None, "")


def test_old_entries_go_and_what_is_left_is_still_proven(database: Database, path: Path) -> None:
    store = AuditStore(database)
    said = draft("audit", hours=5)

    gone = store.prune(START + timedelta(hours=3), said)

    assert gone == 3
    assert [entry.id for entry in store.newest(9)] == [6, 5, 4]
    assert store.newest(1)[0].draft == said
    assert verdict(path) == (None, "")
    assert store.prune(START + timedelta(hours=3), said) == 0


def test_all_entries_may_be_old(database: Database, path: Path) -> None:
    assert AuditStore(database).prune(START + timedelta(days=9), draft(hours=999)) == 5
    assert verdict(path) == (None, "")


def test_a_cut_that_retention_did_not_make_is_noticed(database: Database, path: Path) -> None:
    AuditStore(database).prune(START + timedelta(hours=2), draft(hours=5))
    tamper(path, "DELETE FROM audit WHERE id = 3")

    assert verdict(path)[0] == 3


def test_entries_are_written_with_the_change_or_not_at_all(database: Database) -> None:
    store = AuditStore(database)

    def cut_off() -> None:
        with database.together():
            store.add([draft()])
            assert len(store.newest(9)) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()

    assert store.newest(9) == []
    assert store.add([]) == []


def test_a_write_that_fails_inside_is_undone_alone(database: Database) -> None:
    store = AuditStore(database)

    def half() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE audit_marks SET entry_id = 7")
            connection.exec_driver_sql("UPDATE audit SET actor = 'eve'")

    with database.together(), database.together():
        store.add([draft("kept")])
        with pytest.raises(IntegrityError):
            half()

    assert [entry.draft.subject for entry in store.newest(9)] == ["kept"]
    assert verdict(database.path) == (None, "")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(subject="t2"), [3]),
        (AuditFilter(actor="eve"), []),
        (AuditFilter(action="edit-task", since=START + timedelta(hours=3)), [5, 4]),
    ],
)
def test_entries_are_found_by_what_they_say(
    path: Path, wanted: AuditFilter, found: list[int]
) -> None:
    with reading(path) as reader:
        assert reader is not None
        assert [entry.id for entry in reader.audit.newest(wanted, limit=9)] == found
        assert [entry.id for entry in reader.audit.all(wanted)] == found[::-1]
        assert not reader.audit.has("0" * 12)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.text(), json_values), min_size=1, max_size=6), st.data())
def test_one_changed_entry_breaks_the_chain_there(
    contents: list[tuple[str, Json]], data: st.DataObject
) -> None:
    mark, entries = Mark(), []
    for subject, after in contents:
        entry = chained(mark, draft(subject, after))
        mark = Mark(entry.id, entry.hash)
        entries.append(entry)
    assert verify(entries, Mark(0, BEGINNING), mark).problem == ""

    number = data.draw(st.integers(0, len(entries) - 1))
    forged = chained(Mark(number, "another"), entries[number].draft)
    entries[number] = forged

    assert verify(entries, Mark(), mark).broken_at == number + 1
