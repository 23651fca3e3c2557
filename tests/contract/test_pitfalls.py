"""The page on pitfalls names all forty-five, and tests that are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "pitfalls.md").read_text()
ROWS = dict(re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", PAGE, re.MULTILINE))
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_pitfall_has_a_row_with_tests() -> None:
    assert [int(number) for number in ROWS] == list(range(1, 46))
    assert all("::test_" in tests for tests in ROWS.values())


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert name in functions_of(file)
