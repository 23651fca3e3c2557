"""The units as systemd sees them: they verify, they are not exposed, and the script writes them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stoma.scheduler.pulse import GRACE
from stoma.service import standing, units
from stoma.service.installing import install
from stoma.service.units import FAILURE, SCHEDULER, WEB, Target
from stoma.settings.schema import Settings

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "install-scheduler-service.sh"
#: The version from which on the scores below are those that are measured.
_LEAST_SYSTEMD = 252


def systemd_version() -> int:
    if shutil.which("systemd-analyze") is None:
        return 0
    said = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True)
    found = re.match(r"systemd (\d+)", said.stdout)
    return int(found[1]) if found else 0


needs_systemd = pytest.mark.skipif(
    systemd_version() < _LEAST_SYSTEMD, reason=f"systemd-analyze {_LEAST_SYSTEMD} is not here"
)
needs_shellcheck = pytest.mark.skipif(
    shutil.which("shellcheck") is None, reason="shellcheck is not here"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the units of a service whose command is there."""
    root = tmp_path_factory.mktemp("root")
    command = root / "opt" / "bin" / "stoma"
    command.parent.mkdir(parents=True)
    command.touch(0o755)
    target = Target(prefix=root / "opt", root=root)
    install(target)
    return target.at(target.units)


@needs_systemd
@pytest.mark.parametrize("name", [SCHEDULER, WEB, FAILURE])
def test_a_unit_verifies_without_a_word(installed: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(installed / name)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize(("name", "most"), [(SCHEDULER, 1.5), (WEB, 1.0), (FAILURE, 1.5)])
def test_a_unit_is_hardly_exposed(installed: Path, name: str, most: float) -> None:
    score = standing.score(installed / name)

    assert score is not None
    assert score <= most


@needs_systemd
def test_the_sandbox_opens_no_more_than_it_must(tmp_path: Path) -> None:
    target = Target(prefix=Path("/opt/stoma"), root=tmp_path, sandbox=True)
    install(target)

    score = standing.score(target.at(target.units) / SCHEDULER)

    assert score is not None
    assert 1.5 < score <= 2.6


@needs_systemd
@pytest.mark.parametrize("name", [SCHEDULER, WEB])
def test_the_units_of_one_user_verify(tmp_path: Path, name: str) -> None:
    command = tmp_path / "bin" / "stoma"
    command.parent.mkdir()
    command.touch(0o755)
    unit = tmp_path / name
    unit.write_text(units.unit_text(name, Target(prefix=tmp_path, user_units=tmp_path)))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def seconds(name: str) -> float:
    """A length of time that the scheduler's unit says."""
    text = units.unit_text(SCHEDULER, Target(prefix=Path("/opt/stoma")))
    (value, unit) = re.findall(rf"^{name}=(\d+)(s|min)$", text, re.MULTILINE)[0]
    return float(value) * {"s": 1, "min": 60}[unit]


def test_the_times_of_the_unit_fit_those_of_the_program() -> None:
    drain = Settings().scheduler.drain_seconds

    assert seconds("TimeoutStopSec") > drain + 30
    assert seconds("WatchdogSec") >= GRACE.total_seconds()
    assert seconds("WatchdogSec") / 4 + 15 + 15 < seconds("WatchdogSec")  # a beat, a lock, a wait


def test_a_wrong_setting_does_not_start_the_service_again_and_again() -> None:
    for name in (SCHEDULER, WEB):
        for user_units in (None, Path("/x")):
            target = Target(prefix=Path("/opt/stoma"), user_units=user_units)
            assert "\nRestartPreventExitStatus=78\n" in units.unit_text(name, target)


@needs_shellcheck
@pytest.mark.parametrize(
    "script", [SCRIPT, ROOT / "stoma/service/templates/stoma-service", ROOT / ".ci/run"], ids=str
)
def test_a_script_has_no_known_faults(script: Path) -> None:
    done = subprocess.run(["shellcheck", str(script)], capture_output=True, text=True, check=False)

    assert done.stdout == ""


def test_the_script_installs_what_the_command_does(tmp_path: Path) -> None:
    by_script, by_command = tmp_path / "script", tmp_path / "command"
    done = subprocess.run(
        [str(SCRIPT), "--root", str(by_script), "--sandbox"],
        capture_output=True,
        text=True,
        check=False,
    )
    install(Target(prefix=units.PREFIX, root=by_command, sandbox=True))

    assert (done.returncode, done.stderr) == (0, "")
    assert written(by_script) == written(by_command)
    assert len(written(by_script)) == 7


def written(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()
    }


def test_the_script_says_beforehand_what_it_would_do() -> None:
    done = subprocess.run(
        [str(SCRIPT), "--dry-run", "--prefix", "/opt/nowhere"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].endswith(" -m venv /opt/nowhere")
    assert f"would create /etc/systemd/system/{SCHEDULER}" in lines or "nothing to change" in lines


def test_without_root_and_a_terminal_the_script_says_what_to_do() -> None:
    done = subprocess.run(
        [str(SCRIPT)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        user=65534 if os.geteuid() == 0 else None,
        cwd="/",
    )

    assert (done.returncode, done.stdout) == (77, "")
    assert f"sudo {SCRIPT}" in done.stderr
    assert "--dry-run" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--nope"], 2), (["--prefix"], 2), (["--help"], 0)]
)
def test_the_script_tells_how_it_is_used(arguments: list[str], code: int) -> None:
    done = subprocess.run([str(SCRIPT), *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == code
    assert done.stdout + done.stderr
