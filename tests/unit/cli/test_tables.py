"""Tables and pages for people, forms for scripts."""

import csv
import io
import json
from dataclasses import replace

import pytest

from stoma.cli.forms import FORMS
from stoma.cli.pages import facts, paragraph
from stoma.cli.tables import Column, shortened, table, width
from stoma.domain.task import Json
from tests.unit.cli.support import Terminal


def sit_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stdout be a terminal of thirty cells without colour."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", Terminal())


COLUMNS: list[Column[tuple[str, str]]] = [
    Column("name", lambda row: row[0], least=4),
    Column("count", lambda row: row[1], right=True),
]


def test_columns_are_aligned_by_what_a_terminal_shows() -> None:
    rows = [("論文", "1"), ("cafe\u0301", "12"), ("x", "123")]

    assert table(COLUMNS, rows, headers=True) == (
        "NAME  COUNT\n論文      1\ncafe\u0301     12\nx       123\n"
    )


def test_no_records_are_no_lines() -> None:
    assert table(COLUMNS, [], headers=True) == ""


def test_without_a_terminal_nothing_is_shortened() -> None:
    assert table(COLUMNS, [("x" * 200, "1")], headers=False) == f"{'x' * 200}  1\n"


def test_in_a_terminal_the_column_that_may_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sit_down(monkeypatch)

    assert table(COLUMNS, [("x" * 40, "123")], headers=False) == f"{'x' * 24}…  123\n"


def test_what_can_not_give_way_is_cut_at_the_edge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sit_down(monkeypatch)

    columns = [*COLUMNS, replace(COLUMNS[0], name="last", least=0)]

    lines = table(columns, [("x" * 40, "1" * 20)], headers=False).splitlines()

    assert lines == [f"xxx…  {'1' * 20}  x…"]
    assert table([COLUMNS[1]] * 9, [("", "1" * 20)], headers=False) == f"{'1' * 20}  1111111…\n"


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("論文集", 4, "論…"), ("abc", 1, "…"), ("abc", 0, "")],
)
def test_a_text_is_shortened_to_cells(text: str, room: int, shown: str) -> None:
    assert shortened(text, room) == shown
    assert width(shown) <= room


def test_a_page_keeps_lines_and_leaves_out_what_is_not_there() -> None:
    assert facts([("a", "one\ntwo"), ("bcd", ""), ("ef", "three")]) == (
        "a   one\n    two\nef  three\n"
    )
    assert facts([]) == ""
    assert paragraph("one\ntwo") == "one\ntwo\n"


def test_a_page_goes_on_below_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sit_down(monkeypatch)

    assert facts([("name", "many words that do not fit into it")]) == (
        "name  many words that do not\n      fit into it\n"
    )
    assert paragraph("many words that do not fit into a line") == (
        "many words that do not fit\ninto a line\n"
    )


RECORDS: list[dict[str, Json]] = [
    {"a": 'q"uote', "b": None, "c": ["x", 1]},
    {"a": "tab\tand\nline", "b": True, "c": {"d": 1.5}},
]


def test_json_and_jsonl_say_the_same() -> None:
    names = ["a", "b", "c"]

    whole = json.loads(FORMS["json"](RECORDS, names, True))
    lines = [json.loads(line) for line in FORMS["jsonl"](RECORDS, names, True).splitlines()]

    assert whole == lines == RECORDS


def test_csv_reads_back_and_tsv_has_a_line_per_record() -> None:
    names = ["a", "b", "c"]

    rows = list(csv.reader(io.StringIO(FORMS["csv"](RECORDS, names, True))))
    lines = FORMS["tsv"](RECORDS, names, False).splitlines()

    assert rows == [
        names,
        ['q"uote', "", '["x", 1]'],
        ["tab\tand\nline", "true", '{"d": 1.5}'],
    ]
    assert lines == ['q"uote\t\t["x", 1]', 'tab and line\ttrue\t{"d": 1.5}']


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\n=1"),
        ("a\rb", "a\nb"),
        ("a-b=c", "a-b=c"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        (["=1"], '["=1"]'),
    ],
)
def test_no_text_in_csv_is_a_formula_and_numbers_stay_numbers(value: Json, cell: str) -> None:
    text = FORMS["csv"]([{"a": value}], ["a"], True)

    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a"], [cell]]


def test_no_records_still_have_a_header_in_csv_and_tsv() -> None:
    assert FORMS["csv"]([], ["a", "b"], True) == "a,b\n"
    assert FORMS["tsv"]([], ["a", "b"], True) == "a\tb\n"
    assert FORMS["csv"]([], ["a", "b"], False) == ""
