"""Secrets: where they are looked up, in which order, and what is said when one is not there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stoma import redaction
from stoma.exceptions import SecretError
from stoma.secrets import (
    Listed,
    Places,
    Secrets,
    masked,
    named,
    named_in,
    names_in,
    written,
)


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    yield
    redaction.forget()


def keep(folder: Path, name: str, text: str | bytes, mode: int = 0o600) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_the_first_place_that_has_it_wins(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "c"), "STOMA_SECRET_KEY": "variable"}
    places = Places(environ=environ, folder=tmp_path / "f", command=("echo", "command"))
    found = []

    keep(tmp_path / "f", "KEY", "file\n")
    keep(tmp_path / "c", "KEY", "credential\r\n", 0o444)
    for gone in (tmp_path / "c" / "KEY", None, tmp_path / "f" / "KEY"):
        found.append(Secrets(places).get("KEY"))
        if gone is None:
            del environ["STOMA_SECRET_KEY"]
        else:
            gone.unlink()
    found.append(Secrets(places).get("KEY"))

    assert found == ["credential", "variable", "file", "command KEY"]


def test_a_command_gets_the_name_where_it_says(tmp_path: Path) -> None:
    places = Places(environ={}, command=("printf", "%s", "value of {name}"))

    assert Secrets(places).get("KEY") == "value of KEY"


@pytest.mark.parametrize(
    ("places", "problem"),
    [
        ({}, "there is no secret KEY"),
        ({"environ": {"STOMA_SECRET_KEY": "abc"}}, "fewer than 4 characters"),
        ({"command": ("false",)}, "the command ended with 1"),
        ({"command": ("sh", "-c", "echo hunter2 >&2; exit 7")}, "the command ended with 7"),
        ({"command": ("/nowhere",)}, "the command can not be run"),
        ({"command": ("sh", "-c", "sleep 60"), "timeout_seconds": 0.05}, "more than 0.05 s"),
        ({"command": ("printf", r"\377\376")}, "not UTF-8"),
    ],
)
def test_what_can_not_be_used_is_said_without_what_it_holds(
    places: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SecretError, match=problem) as caught:
        Secrets(Places(**{"environ": {}} | places)).get("KEY")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "text", "problem"),
    [(0o644, "x" * 9, "others may read"), (0o600, "x" * 70_000, "more than 65536 bytes")],
)
def test_a_file_must_be_for_its_owner_alone_and_no_book(
    tmp_path: Path, mode: int, text: str, problem: str
) -> None:
    keep(tmp_path, "KEY", text, mode)

    with pytest.raises(SecretError, match=problem):
        Secrets(Places(environ={}, folder=tmp_path)).get("KEY")


def test_a_folder_in_place_of_a_secret_is_said(tmp_path: Path) -> None:
    (tmp_path / "KEY").mkdir()

    with pytest.raises(SecretError, match="can not be read"):
        Secrets(Places(environ={}, folder=tmp_path)).get("KEY")


@pytest.mark.parametrize("name", ["", "key", "../KEY", "K" * 65, "A B", "Ä"])
def test_a_name_is_one_word_of_capitals(name: str) -> None:
    with pytest.raises(SecretError, match="can not be the name"):
        Secrets(Places(environ={})).get(name)
    with pytest.raises(SecretError):
        masked({"token": {"secret": name}})


def test_references_are_found_and_replaced_wherever_they_stand() -> None:
    config: Any = {"a": {"secret": "ONE"}, "b": [1, {"c": {"secret": "TWO"}}], "d": "x"}
    secrets = Secrets(Places(environ={"STOMA_SECRET_ONE": "first", "STOMA_SECRET_TWO": "second"}))

    assert list(names_in(config)) == ["ONE", "TWO"]
    assert secrets.resolved(config) == {"a": "first", "b": [1, {"c": "second"}], "d": "x"}
    assert masked(config) == {"a": "ONE", "b": [1, {"c": "TWO"}], "d": "x"}
    assert redaction.redacted("first second") == "[ONE] [TWO]"


def test_a_reference_may_be_a_text() -> None:
    secrets = Secrets(Places(environ={"STOMA_SECRET_ONE": "first"}))

    assert named_in(written("ONE")) == "ONE"
    assert named({"secret": 5}) == ""
    assert named_in("plain") is None
    assert secrets.resolve(written("ONE")) == "first"
    assert secrets.resolve("plain") == "plain"


def test_all_that_lie_ready_are_learned_and_listed_and_no_command_is_asked(
    tmp_path: Path,
) -> None:
    keep(tmp_path / "f", "FILE", "in a file")
    keep(tmp_path / "f", "OPEN", "for everybody", 0o644)
    keep(tmp_path / "f", "not-a-name", "whatever")
    environ = {"STOMA_SECRET_VARIABLE": "in a variable", "CREDENTIALS_DIRECTORY": "/nowhere"}
    secrets = Secrets(
        Places(environ=environ, folder=tmp_path / "f", command=("touch", str(tmp_path / "asked")))
    )

    secrets.learn()

    assert redaction.redacted("in a file, in a variable") == "[FILE], [VARIABLE]"
    assert not (tmp_path / "asked").exists()
    found = Secrets(Places(environ=environ, folder=tmp_path / "f")).list(["GONE"])
    assert [each.name for each in found] == ["FILE", "GONE", "OPEN", "VARIABLE"]
    assert found[0] == Listed("FILE", f"file {tmp_path / 'f' / 'FILE'}")
    assert found[1] == Listed("GONE", "", "there is none")
    assert "others may read" in found[2].problem
