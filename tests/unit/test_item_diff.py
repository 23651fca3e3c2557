"""What differs between two versions, and how a number grew."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.domain.growth import DayOfGrowth, per_day
from stoma.domain.item import Contributor, Identifier, Relation, Tag
from stoma.domain.item_diff import FieldChange, Op, Piece, changes, shortened
from tests.makers import make_item

DAY = date(2026, 3, 2)


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[FieldChange]:
    return changes(make_item(**before).content(), make_item(**after).content())


def test_equal_versions_differ_in_nothing() -> None:
    assert differing({}, {"title": "On  Testing"}) == []


def test_fields_come_in_their_order_with_what_was_and_is() -> None:
    found = differing(
        {"extra": {"comment": "5 pages", "pages": 5}, "summary": None},
        {"title": "On Testing, Again", "extra": {"comment": "6 pages", "pages": 5}},
    )

    assert [(each.field, each.before, each.after) for each in found] == [
        ("title", "On Testing", "On Testing, Again"),
        ("summary", None, "We test."),
        ("extra.comment", "5 pages", "6 pages"),
    ]
    assert found[1].pieces == ()


@pytest.mark.parametrize(
    ("field", "before", "after", "removed", "added"),
    [
        (
            "contributors",
            (Contributor(name="A"), Contributor(name="B", affiliations=("X", "Y"))),
            (Contributor(name="A"), Contributor(name="C", role="filer", external_id="7")),
            ["B (X; Y)"],
            ["C (filer, 7)"],
        ),
        ("tags", (Tag("t", "a", primary=True),), (Tag("t", "a"),), ["a (t, primary)"], ["a (t)"]),
        ("identifiers", (), (Identifier("doi", "10.1/a"),), [], ["doi: 10.1/a"]),
        ("relations", (Relation("forkOf", "1"),), (), ["forkOf 1"], []),
    ],
)
def test_lists_say_what_left_and_what_came(
    field: str, before: Any, after: Any, removed: list[str], added: list[str]
) -> None:
    (change,) = differing({field: before}, {field: after})

    assert (change.field, change.is_list) == (field, True)
    assert (change.removed, change.added) == (removed, added)


def test_another_order_is_a_change_without_words() -> None:
    a, b = Contributor(name="A"), Contributor(name="B")

    (change,) = differing({"contributors": (a, b)}, {"contributors": (b, a)})

    assert (change.removed, change.added) == ([], [])


def test_what_is_stored_otherwise_is_shown_as_it_is() -> None:
    (change,) = changes({"tags": ["odd"]}, {"tags": []})

    assert change.removed == ["odd"]
    assert changes({"tags": None}, {"tags": "x"})[0].added == []


def test_texts_differ_word_by_word() -> None:
    (change,) = differing(
        {"summary": "We test all of it."}, {"summary": "We measure all of it now."}
    )

    assert change.pieces == [
        Piece(Op.KEPT, "We"),
        Piece(Op.REMOVED, "test"),
        Piece(Op.ADDED, "measure"),
        Piece(Op.KEPT, "all of"),
        Piece(Op.REMOVED, "it."),
        Piece(Op.ADDED, "it now."),
    ]


def test_what_was_kept_is_shortened_around_the_changes() -> None:
    pieces = [
        Piece(Op.KEPT, "a b c d"),
        Piece(Op.ADDED, "x y z"),
        Piece(Op.KEPT, "e f g h i"),
        Piece(Op.REMOVED, "v"),
        Piece(Op.KEPT, "j k l"),
    ]

    assert [each.text for each in shortened(pieces, 1)] == [
        "… d",
        "x y z",
        "e … i",
        "v",
        "j …",
    ]


words = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=30).map(" ".join)


@given(before=words, after=words)
def test_the_pieces_tell_both_texts(before: str, after: str) -> None:
    pieces = FieldChange(field="summary", before=before, after=after).pieces

    def text(without: Op) -> str:
        return " ".join(each.text for each in pieces if each.op is not without)

    assert (text(Op.ADDED), text(Op.REMOVED)) == (before, after)


# --- growth -----------------------------------------------------------------------------------


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_the_first_day_has_no_gain_and_the_others_have() -> None:
    points = [(at(1), 10.0), (at(2, 8), 12.0), (at(2, 20), 15.0), (at(4), 14.0)]

    assert per_day(points, last=date(2026, 3, 5), days=14) == [
        DayOfGrowth(date(2026, 3, 1), 10, None),
        DayOfGrowth(date(2026, 3, 2), 15, 5),
        DayOfGrowth(date(2026, 3, 3), 15, 0),
        DayOfGrowth(date(2026, 3, 4), 14, -1),
        DayOfGrowth(date(2026, 3, 5), 14, 0),
    ]


def test_only_the_newest_days_are_told_and_what_was_before_counts() -> None:
    found = per_day([(at(1), 10.0), (at(3), 12.0)], last=date(2026, 3, 4), days=2)

    assert found == [DayOfGrowth(date(2026, 3, 3), 12, 2), DayOfGrowth(date(2026, 3, 4), 12, 0)]
    assert per_day([], last=DAY, days=3) == []


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 99)), min_size=1, max_size=20),
    st.integers(1, 50),
)
def test_gains_add_up(steps: list[tuple[int, int]], days: int) -> None:
    points = [(at(1) + timedelta(hours=7 * n), float(v)) for n, v in sorted(dict(steps).items())]
    found = per_day(points, last=points[-1][0].date(), days=days)

    whole = sum(each.gained or 0 for each in found)
    start = found[0].value - (found[0].gained or 0)
    assert start + whole == found[-1].value == points[-1][1]
    assert len(found) <= days
