"""The command line between other programs: pipes, exit codes, odd environments."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stoma.app import open_app
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from tests.makers import make_task

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tasks = [
        make_task(f"task_{number:03}", name=f"Papers № {number}, weekly", tags=("ai",))
        for number in range(300)
    ]
    with open_app(load_settings(home=tmp_path, environ={})) as app:
        now = app.clock.now()
        app.tasks.put([place(each, now=now, timezone="UTC") for each in tasks], now=now)
    return tmp_path


def shell(home: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `stoma` is the command line."""
    script = f'stoma() {{ "{sys.executable}" -m stoma "$@"; }}; set -o pipefail; {line}'
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STOMA_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "line",
    [
        "stoma scheduler list-tasks | head -1",
        "stoma scheduler list-tasks --json | head -1",
        "stoma scheduler list-tasks -o tsv | head -n 2",
        "stoma scheduler next task_001 -n 3000 | head -1",
    ],
)
def test_a_reader_that_goes_away_is_no_error(home: Path, line: str) -> None:
    done = shell(home, line)

    assert done.returncode == 0
    assert "Broken" not in done.stderr
    assert "Traceback" not in done.stderr


def test_tsv_is_for_cut(home: Path) -> None:
    done = shell(home, "stoma scheduler list-tasks -o tsv --no-headers | cut -f1 | tail -1")

    assert done.stdout == "task_299\n"


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
def test_json_is_for_jq(home: Path) -> None:
    done = shell(home, "stoma scheduler list-tasks --json | jq -r '.[7].name'")

    assert done.stdout == "Papers № 7, weekly\n"


def test_names_are_for_xargs(home: Path) -> None:
    line = "stoma scheduler list-tasks -o name | head -2 | xargs stoma_ scheduler disable-task"
    done = shell(home, line.replace("stoma_", f"{sys.executable} -m stoma"))

    assert done.stdout == "disabled task_000\ndisabled task_001\n"


def test_a_preset_travels_through_a_pipe(home: Path, tmp_path: Path) -> None:
    done = shell(
        home,
        f"stoma presets export mine task_001 > {tmp_path}/mine.toml"
        f" && stoma presets validate {tmp_path}/mine.toml",
    )

    assert done.stdout == f"ok {tmp_path}/mine.toml: 1 task\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("stoma scheduler list-tasks", 0),
        ("stoma scheduler status --check", 1),
        ("stoma scheduler", 2),
        ("stoma scheduler show-task nothing", 5),
        ('stoma scheduler add-task task_001 A arxiv hourly --config \'{"ids": ["1"]}\'', 6),
        ("stoma --home /dev/null scheduler list-tasks", 75),
        ("STOMA_TIMEZONE=Nowhere stoma scheduler list-tasks", 78),
    ],
)
def test_exit_codes_are_as_documented(home: Path, line: str, code: int) -> None:
    assert shell(home, line).returncode == code


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"HOME": "/nowhere", "TERM": ""},
    ],
)
def test_it_works_in_a_bare_environment(home: Path, environment: dict[str, str]) -> None:
    done = shell(home, "stoma scheduler list-tasks -o wide < /dev/null", **environment)

    assert done.returncode == 0
    assert "Papers " in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "stoma scheduler remove-task task_001 <&-",
        "stoma scheduler list-tasks >&-",
        "stoma scheduler list-tasks 2>&-",
        "stoma scheduler list-tasks > /dev/null <&- 2>&-",
    ],
)
def test_a_closed_stream_is_no_trouble(home: Path, line: str) -> None:
    done = shell(home, line)

    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_stdout_is_told(home: Path) -> None:
    done = shell(home, "stoma scheduler list-tasks > /dev/full")

    assert done.returncode == 1
    assert done.stderr.startswith("error: stdout can not be written: No space left on device")


def test_without_any_home_it_says_what_to_set(home: Path) -> None:
    done = shell(home, "stoma --home '~nobody-of-that-name/x' config path")

    assert done.returncode == 78
    assert "name one folder for everything: --home DIR" in done.stderr


def test_python_m_stoma_is_the_same_program(home: Path) -> None:
    done = shell(home, "stoma scheduler status --json")

    assert json.loads(done.stdout)["tasks"] == 300
