"""What the shell is offered."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.support import Cli, Registry

Complete = Callable[[str], list[str]]


@pytest.fixture
def offered(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Presses Tab at the end of a line in bash."""

    def complete(line: str) -> list[str]:
        monkeypatch.setenv("_STOMA_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
        return cli().lines

    return complete


@pytest.fixture
def tasks(registry: Registry) -> Registry:
    registry.task("arxiv_daily", name="Daily\x1b[31m")
    registry.task("arxiv_weekly")
    registry.task("sec")
    return registry


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("stoma scheduler run-task arxiv", ["arxiv_daily", "arxiv_weekly"]),
        ("stoma scheduler enable-task sec arxiv_w", ["arxiv_weekly"]),
        ("stoma scheduler edit-task s", ["sec"]),
        ("stoma scheduler logs se", ["sec"]),
        ("stoma items list --task se", ["sec"]),
        ("stoma presets export mine arxiv_d", ["arxiv_daily"]),
        ("stoma scheduler load-preset --preset res", ["research"]),
        ("stoma presets show de", ["default", "development"]),
        ("stoma sched", ["scheduler"]),
        ("stoma scheduler show-", ["show-task", "show-run"]),
        ("stoma scheduler add-task a A arxiv daily --priority hi", ["high"]),
        ("stoma scheduler run-task nothing", []),
    ],
)
def test_ids_names_and_commands_are_offered(
    offered: Complete, tasks: Registry, line: str, words: list[str]
) -> None:
    assert [each for each in offered(line) if each] == words


def test_another_home_is_looked_into(offered: Complete, tasks: Registry, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"

    assert [
        each for each in offered(f"stoma --home {elsewhere} scheduler run-task a") if each
    ] == []


def test_zsh_gets_names_as_well(cli: Cli, tasks: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_STOMA_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "stoma scheduler run-task arxiv_d")

    out = cli().out

    assert "arxiv_daily" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    "trouble", ["no registry", "not a database", "wrong settings", "no permission"]
)
def test_trouble_is_silent(
    offered: Complete, home: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    if trouble == "not a database":
        (home / "stoma.db").write_text("a diary")
    if trouble == "wrong settings":
        (home / "config.toml").write_text("nonsense = 1")
    if trouble == "no permission":
        (home / "stoma.db").mkdir()

    assert [each for each in offered("stoma scheduler run-task a") if each] == []


def test_completion_can_be_installed(home: Path, tmp_path: Path) -> None:
    """In a process of its own: Typer looks at the environment when it is imported."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }

    done = subprocess.run(
        [sys.executable, "-m", "stoma", "--install-completion", "bash"],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "completion installed" in done.stdout
    assert "_STOMA_COMPLETE=complete_bash" in (tmp_path / ".bash_completions/stoma.sh").read_text()
