"""Names, taken apart."""

import pytest

from stoma.domain.item import Contributor
from stoma.export.names import Name, name_of, parts


@pytest.mark.parametrize(
    ("written", "family", "given", "suffix"),
    [
        ("Ashish Vaswani", "Vaswani", "Ashish", ""),
        ("José Raúl Romero", "Romero", "José Raúl", ""),
        ("Ludwig van der Example", "van der Example", "Ludwig", ""),
        ("Martin Luther King Jr.", "King", "Martin Luther", "Jr."),
        ("Martin Luther King, Jr.", "King", "Martin Luther", "Jr."),
        ("Example, Ada B.", "Example", "Ada B.", ""),
        ("Smith, Jr., John", "Smith", "John", "Jr."),
        ("J. Q. Public III", "Public", "J. Q.", "III"),
        ("Sample,Bo", "Sample", "Bo", ""),
    ],
)
def test_a_persons_name_has_parts(written: str, family: str, given: str, suffix: str) -> None:
    assert parts(written) == Name(family=family, given=given, suffix=suffix)


@pytest.mark.parametrize("written", ["Plato", "王小明", "Example,", ",", ""])
def test_a_single_word_stays_whole(written: str) -> None:
    assert parts(written) == Name(literal=written.strip(",").strip())


@pytest.mark.parametrize(
    ("name", "kind", "role"),
    [
        ("ATLAS Collaboration", "paper", "author"),
        ("The Event Horizon Telescope Project", "paper", "author"),
        ("Acme Doors, Inc.", "paper", "author"),
        ("Doors & Corridors, Inc. (New)", "filing", "filer"),
        ("torvalds linus", "repository", "owner"),
        ("Some Body", "paper", "editor"),
    ],
)
def test_what_is_no_person_is_not_taken_apart(name: str, kind: str, role: str) -> None:
    assert name_of(Contributor(name=name, role=role), kind=kind) == Name(literal=name)
