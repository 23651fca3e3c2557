"""What is typed all day must start at once: the heavy libraries stay where they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.support import Registry

ROOT = Path(__file__).parents[3]
#: Each costs more than all that these commands do.
HEAVY = {
    "sqlalchemy",
    "rich",
    "croniter",
    "lxml",
    "asyncio",
    "platformdirs",
    "pydantic",
    "stoma.app",
    "stoma.schedules",
    "stoma.settings.schema",
    "arxiv",
    "fastapi",
}
REPORT = (
    "import sys\n"
    "from stoma.cli.main import run\n"
    "sys.argv = ['stoma', *sys.argv[1:]]\n"
    "try:\n"
    "    run()\n"
    "finally:\n"
    "    there = [name for name, module in sys.modules.items() if module]\n"
    "    sys.stderr.write('LOADED ' + ' '.join(there))\n"
)


def loaded(home: Path, *arguments: str, **environment: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STOMA_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["scheduler", "status"],
        ["scheduler", "status", "--json"],
        ["scheduler", "list-tasks"],
        ["scheduler", "list-tasks", "-o", "tsv", "--fields", "id,next_run_at"],
        ["scheduler", "next"],
        ["scheduler", "history"],
        ["items", "list", "--source", "arxiv"],
    ],
    ids=" ".join,
)
def test_reading_loads_nothing_heavy(registry: Registry, home: Path, arguments: list[str]) -> None:
    registry.task("daily")
    registry.ran("daily")

    found = loaded(home, *arguments)

    assert HEAVY & found == set()


BASH = {"_STOMA_COMPLETE": "complete_bash", "COMP_CWORD": "3"}


@pytest.mark.parametrize(
    "environment",
    [
        {**BASH, "COMP_WORDS": "stoma scheduler run-task da"},
        {**BASH, "COMP_WORDS": "stoma scheduler logs da"},
        {"_STOMA_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "stoma scheduler run-task da"},
        {"_STOMA_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "stoma scheduler l"},
    ],
)
def test_completing_loads_nothing_heavy(
    registry: Registry, home: Path, environment: dict[str, str]
) -> None:
    registry.task("daily")

    found = loaded(home, **environment)

    assert HEAVY & found == set()


def test_help_of_all_commands_loads_nothing_heavy(home: Path) -> None:
    found = loaded(home, "scheduler", "--help")

    assert HEAVY - {"pydantic"} & found == set()
