"""The shape of the code: sizes, tables that list what is there, public addresses."""

import importlib
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stoma.collectors import COLLECTORS
from stoma.normalizers import NORMALIZERS
from stoma.registry import Registry
from stoma.schedules import SCHEDULES

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "stoma").rglob("*.py"))
FAMILIES: Mapping[str, Registry[Any]] = {
    "collectors": COLLECTORS,
    "normalizers": NORMALIZERS,
}
#: The kinds of schedules share arithmetic of their own package, so only these are parts.
KINDS = {target.partition(":")[0].rpartition(".")[2] for target in SCHEDULES.table.values()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short(path: Path) -> None:
    is_part = path.parent.name in FAMILIES or (
        path.parent.name == "schedules" and path.stem in KINDS
    )
    limit = 200 if is_part else 400

    assert len(path.read_text().splitlines()) <= limit


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: path.name)
def test_a_test_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_no_test_patches_a_module_of_ours() -> None:
    patch = re.compile(r"setattr\(\s*f?[\"']stoma\b")

    assert [path for path in (ROOT / "tests").rglob("*.py") if patch.search(path.read_text())] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_registered_is_present_and_what_is_present_registered(family: str) -> None:
    registry = FAMILIES[family]
    present = {path.stem for path in (ROOT / "stoma" / family).glob("*.py")}

    registered = {target.partition(":")[0].rpartition(".")[2] for target in registry.table.values()}

    assert registered == present - {"__init__", "base"}
    for name in registry.table:
        assert registry.get(name).__module__.startswith(f"stoma.{family}.")


@pytest.mark.parametrize(
    "address",
    [
        "stoma:Scheduler",
        "stoma:__version__",
        "stoma.scheduler.manager:Scheduler",
        "stoma.scheduler.config:create_custom_task",
        "stoma.scheduler.base:Task",
        "stoma.scheduler.base:TaskPriority",
        "stoma.scheduler.base:TaskStatus",
        "stoma.normalizers.base:BaseNormalizer",
        "stoma.collectors.base:BaseCollector",
        "stoma.schedules:parse_schedule",
    ],
)
def test_public_addresses_do_not_move(address: str) -> None:
    module, _, name = address.partition(":")

    assert getattr(importlib.import_module(module), name)


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, stoma; print(*(name for name in sys.modules if name.startswith('stoma')))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) == {"stoma", "stoma.version"}


def test_the_changelog_is_about_this_version() -> None:
    from stoma import __version__

    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")
    ]

    assert headings[0].startswith(f"## {__version__}")
