"""YAML as plain data."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.taskfiles.yamltext import YamlError, parse_yaml
from tests.unit.presets.common import law


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -7", {"a": -7}),
        ("a: 08", {"a": 8}),
        ("a: 1.5", {"a": 1.5}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: '1'", {"a": "1"}),
        ("a: !!str 1", {"a": "1"}),
        ("a: ! 1", {"a": "1"}),
        ("a: true", {"a": True}),
        ("a: yes", {"a": "yes"}),
        ("a: 12:30", {"a": "12:30"}),
        ("a: 2026-03-01", {"a": "2026-03-01"}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ("on: 1", {"on": 1}),
        ("1: x", {"1": "x"}),
        ("a: [1, [2], {b: 3}]", {"a": [1, [2], {"b": 3}]}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}", {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}}),
        ("x: &x {a: 1}\ny: &y {a: 2, c: 4}\nz: {<<: [*x, *y]}", None),
        ("x: &x [1]\ny: *x", {"x": [1], "y": [1]}),
        ('{"a":\t[1,\n\t2]}', {"a": [1, 2]}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("# nothing\n", None),
    ],
)
def test_words_mean_what_yaml_1_2_says(text: str, value: Any) -> None:
    found = parse_yaml(text).value

    if "z:" in text:
        assert found["z"] == {"a": 1, "c": 4}  # the first table that has a key counts
    else:
        assert found == value


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\na: 2", 2, "'a' is there twice"),
        ("x: {a: 1,\n a: 2}", 2, "'a' is there twice"),
        ("? [a]\n: 1", 1, "a key must be a text"),
        ("!!python/name:os.system : 1", 1, "the tag !!python/name:os.system has no meaning"),
        ("a: !mine 1", 1, "the tag !mine has no meaning"),
        ("a: !!set {x}", 1, "the tag !!set has no meaning"),
        ("\nx: &x [*x]", 2, "nothing complete is called &x before this"),
        ("x: *y", 1, "nothing complete is called &y before this"),
        ("x: {<<: 1}", 1, "<< must name a table"),
        ("x: {<<: [1]}", 1, "<< must name a table"),
        ("a: [", 1, "not valid YAML"),
        ("x: 1\na: [\n\n", 2, "not valid YAML"),
        ("a: b: c", 1, "not valid YAML"),
        ("a: \x07", 1, "not valid YAML"),
        ("[" * 100_000, 1, "nested more than 50 deep"),
        ("[" + "0," * 60_000 + "]", 1, "more than 50000 values"),
    ],
)
def test_what_is_not_plain_data_is_refused(text: str, line: int, message: str) -> None:
    with pytest.raises(YamlError, match=message.replace("(", r"\(")) as caught:
        parse_yaml(text)

    assert caught.value.line == line


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    with pytest.raises(YamlError, match="more than 50000 values, with what aliases repeat"):
        parse_yaml("\n".join(lines))


def test_a_merged_key_is_found_where_it_was_written() -> None:
    text = "x: &x\n  a: 1\ny:\n  <<: *x\n  b: 2\n"

    assert parse_yaml(text).lines["y", "a"] == 2
    assert parse_yaml(text).lines["y", "b"] == 5


@law
@given(text=st.text(st.sampled_from("ab:-[]{}&*!|>'\"\n #,?<1~%@`\t"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_yaml(text)
    except YamlError as error:
        assert error.line >= 1  # noqa: PT017 - most texts are no error
