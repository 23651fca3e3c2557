"""docs/reference/schedules.md keeps its word: every example in it parses, every kind is in it."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from stoma.schedules import SCHEDULES, parse_schedule

MANUAL = (Path(__file__).parents[3] / "docs/reference/schedules.md").read_text()
ROWS = re.findall(r"^\| (?:`([^`]+)`)? ?\| `(\{[^`]+\})` \|", MANUAL, re.MULTILINE)
BLOCKS = re.findall(r"^```(toml|json)\n(.*?)^```", MANUAL, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("text", "table"), ROWS)
def test_every_form_in_the_table_of_kinds_parses(text: str, table: str) -> None:
    spec = tomllib.loads(f"schedule = {table}")["schedule"]

    assert parse_schedule(spec, key="task").describe()
    if text:
        assert type(parse_schedule(text)) is type(parse_schedule(spec))


@pytest.mark.parametrize(("language", "block"), BLOCKS)
def test_every_example_parses(language: str, block: str) -> None:
    spec = json.loads(block) if language == "json" else tomllib.loads(block)["schedule"]

    assert parse_schedule(spec, key="task").describe()


def test_every_kind_is_in_the_manual() -> None:
    assert len(ROWS) >= 13
    for name in SCHEDULES:
        assert f'"{name}"' in MANUAL or f"`{name}" in MANUAL or f"{{{name} = " in MANUAL


def test_the_python_example_says_what_happens() -> None:
    [example] = re.findall(r"^```python\n(.*?)^```", MANUAL, re.MULTILINE | re.DOTALL)
    setup, *statements = re.split(r"\n(?=schedule\.)", example)
    names: dict[str, object] = {}
    exec(setup, names)

    for statement in statements:
        expression, _, comment = statement.strip().partition("  # ")
        assert str(eval(expression, names)) == comment
