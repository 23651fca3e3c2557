"""The page about faults names each fault of the catalogue once, and tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "reliability.md").read_text()
ROWS = re.findall(r"^\| (\d+) \|.*$", PAGE, re.MULTILINE)
SHOWN = re.findall(r"`((?:tests|scripts)/[^`:]+\.py)(?:::(\w+))?`", PAGE)
#: The others are faults of sources and of notifications: docs/explanation/pitfalls.md.
FAULTS = {*range(1, 29), 35, 36, *range(39, 43)}


def test_every_fault_has_one_row() -> None:
    assert sorted(map(int, ROWS)) == sorted(FAULTS)


def test_every_row_names_what_shows_it() -> None:
    for line in PAGE.splitlines():
        if re.match(r"\| \d+ \|", line):
            assert re.search(r"`(tests|scripts)/[^`]+\.py(::\w+)?`[^|]*\|$", line), line


@pytest.mark.parametrize(("file", "name"), SHOWN, ids=[name or file for file, name in SHOWN])
def test_what_is_named_is_there(file: str, name: str) -> None:
    text = (ROOT / file).read_text()

    assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE)
