"""The lines of keys, the environment of children, the manual, the cost."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from stoma.exceptions import UsageError
from stoma.settings import (
    OUTPUTS,
    Settings,
    child_environment,
    debug_enabled,
    env_name,
    known_settings,
    load_settings,
    output_default,
)
from stoma.tomlfile import key_lines
from tests.unit.settings.common import MANUAL, ROOT, Load, law, xdg

# The lines of keys.


def test_keys_are_found_on_their_lines() -> None:
    text = '''# head
timezone = "UTC"

[scheduler]  # first
drain_seconds = 3

[variables]
long = """
[not.a.table]
x = 1
"""
list = [
  1,
  [2],
]
inline = { a = 1, b = { c = 2 } }
dotted.key = 1
[[many]]
name = "x"
[[many]]
name = "y"
'''

    assert key_lines(text) == {
        ("timezone",): 2,
        ("scheduler",): 4,
        ("scheduler", "drain_seconds"): 5,
        ("variables",): 7,
        ("variables", "long"): 8,
        ("variables", "list"): 12,
        ("variables", "inline"): 16,
        ("variables", "inline", "a"): 16,
        ("variables", "inline", "b"): 16,
        ("variables", "inline", "b", "c"): 16,
        ("variables", "dotted"): 17,
        ("variables", "dotted", "key"): 17,
        ("many",): 18,
        ("many", "name"): 19,
    }


names = st.text(st.characters(codec="utf-8"), max_size=4)
documents = st.recursive(
    st.integers() | st.text(st.characters(codec="utf-8"), max_size=8) | st.lists(st.integers()),
    lambda inner: st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@law
@given(document=st.dictionaries(names, documents, max_size=4), multiline=st.booleans())
def test_every_key_has_a_line_with_its_name_on_it(
    document: dict[str, object], multiline: bool
) -> None:
    def paths(table: dict[str, object], parents: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, value in table.items():
            yield (*parents, name)
            if isinstance(value, dict):
                yield from paths(value, (*parents, name))

    text = tomli_w.dumps(document, multiline_strings=multiline)
    lines = text.split("\n")

    found = key_lines(text)

    assert set(found) == set(paths(document, ()))
    for path, line in found.items():
        written = tomli_w.dumps({path[-1]: 0}).partition(" = ")[0]
        assert written in lines[line - 1]


# What a child process gets.


@law
@given(
    drain=st.floats(0, 1e9),
    tasks=st.integers(1, 1000),
    variables=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), st.text(), max_size=3
    ),
    home=st.booleans(),
)
def test_a_child_process_loads_the_same(
    drain: float, tasks: int, variables: dict[str, str], home: bool
) -> None:
    overrides: dict[str, object] = {
        "scheduler.drain_seconds": drain,
        "scheduler.max_concurrent_tasks": tasks,
        "timezone": "Asia/Tokyo",
        "database.url": "sqlite:///other.db",
    }
    overrides |= {f"variables.{name}": text for name, text in variables.items()}
    environ = xdg(Path("/nowhere")) | {"STOMA_LOGGING__LEVEL": "DEBUG", "PATH": "/bin"}
    parent = load_settings(
        home=Path("/nowhere/home") if home else None,
        environ=environ,
        overrides=overrides,
        cwd=Path("/nowhere/work"),
        system=Path("/nowhere/etc"),
    )

    given_to_child = child_environment(parent, environ)
    child = load_settings(
        environ=given_to_child, cwd=Path("/nowhere/else"), system=Path("/nowhere/etc")
    )

    assert (child.settings, child.paths) == (parent.settings, parent.paths)
    assert given_to_child["PATH"] == "/bin"


# The other variables.


@pytest.mark.parametrize(
    ("word", "enabled"),
    [("", False), ("0", False), ("no", False), ("FALSE", False), ("1", True), ("yes", True)],
)
def test_tracebacks_are_asked_for_by_a_variable(word: str, enabled: bool) -> None:
    assert debug_enabled({"STOMA_DEBUG": word}) is enabled
    assert debug_enabled({}) is False


def test_the_output_form_is_a_table_unless_a_variable_names_another() -> None:
    assert output_default({}) == output_default({"STOMA_OUTPUT": ""}) == "table"
    assert [output_default({"STOMA_OUTPUT": form}) for form in OUTPUTS] == list(OUTPUTS)


def test_an_output_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        output_default({"STOMA_OUTPUT": "jsn"})

    assert "STOMA_OUTPUT is 'jsn', must be one of table, wide" in str(caught.value)
    assert caught.value.hint == "did you mean: json ?"


# The manual, and the cost.


def rows() -> list[str]:
    def shown(default: object) -> str:
        given = default not in ("", {}, SecretStr(""))
        return f"`{json.dumps(default)}`" if given else "empty"

    return [
        f"| `{key}` | {shown(field.default)} | {field.description} |"
        for key, field in known_settings().items()
    ]


@pytest.mark.parametrize("row", rows())
def test_every_setting_is_in_the_manual(row: str) -> None:
    assert row in MANUAL.read_text().splitlines()


def test_the_manual_has_no_setting_that_does_not_exist() -> None:
    table = [line for line in MANUAL.read_text().splitlines() if line.startswith("| `")]

    assert [line for line in table if line.split("`")[1] in known_settings()] == rows()
    assert {env_name(key) for key in known_settings()} >= {"STOMA_SOURCES__ARXIV__BASE_URL"}


def test_the_example_in_the_manual_loads(load: Load, places: dict[str, Path]) -> None:
    example = MANUAL.read_text().split("```toml\n")[1].split("```")[0]
    places["user"].write_text(example)

    assert load().settings != Settings()


def test_loading_settings_loads_no_library_of_the_slow_kind() -> None:
    code = (
        "import sys; from pathlib import Path; from stoma.settings import load_settings\n"
        "load_settings(home=Path('/nowhere'), environ={})\n"
        "slow = {'sqlalchemy', 'rich', 'croniter', 'logging', 'tomllib', 'platformdirs',"
        " 'fastapi', 'asyncio', 'stoma.schedules', 'stoma.presets'}\n"
        "print(*sorted(slow & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
