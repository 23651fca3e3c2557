"""A TOML file: its table, and on which line each key stands."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stoma.exceptions import ConfigError


class TomlFile(NamedTuple):
    """A file that was read."""

    path: Path
    table: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int]

    def where(self, *keys: str) -> str:
        """Return `file:line` of a key, or of the nearest table around it that the file has."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return f"{self.path}:{self.lines.get(keys, 1)}"


def read_toml(path: Path, error_kind: type[ConfigError]) -> TomlFile | None:
    """Return what is in the file; None if there is none.

    Raises:
        ConfigError: Of *error_kind*: it can not be read, or is not TOML.
    """
    text = read_text(path, error_kind)
    return None if text is None else parse_toml(path, text, error_kind)


def read_text(path: Path, error_kind: type[ConfigError], *, limit: int = -1) -> str | None:
    """Return the text of the file, of which *limit* bytes are read at most; None if there is none.

    Raises:
        ConfigError: Of *error_kind*: it can not be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise error_kind(
            f"{path}: can not be read: {getattr(error, 'strerror', error)}",
            hint="it must be a UTF-8 text that you may read",
        ) from None


def parse_toml(path: Path, text: str, error_kind: type[ConfigError]) -> TomlFile:
    """Return what *text*, which is in the file *path*, says.

    Raises:
        ConfigError: Of *error_kind*: it is not TOML.
    """
    import tomllib  # only where there is a file

    try:
        return TomlFile(path, tomllib.loads(text), key_lines(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problem = str(error)
        at = re.search(r"at line (\d+), column", problem)
        line = at[1] if at else text.rstrip().count("\n") + 1
        raise error_kind(
            f"{path}:{line}: not valid TOML: {problem[:1].lower()}{problem[1:]}",
            hint="correct that line (is the file complete?), or move the file away",
        ) from None


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the line, counted from 1, on which each key and table of a TOML *text* starts.

    Works on whole statements: lines are gathered until they parse by themselves.
    """
    import tomllib

    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    statement, start = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        statement += line + "\n"
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:  # a value that goes on, on the next line
            continue
        header = statement.lstrip().startswith("[")
        found = list(_keys(parsed, () if header else table))
        table = found[-1] if header else table
        for keys in found:
            lines.setdefault(keys, start)
        statement, start = "", number + 1
    return lines


def _keys(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list) and value:  # `[[table]]`
        value = value[0]
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from _keys(inner, (*path, name))
