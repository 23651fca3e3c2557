"""Installing the service: what is written where, twice, dry, for one user, and taken away again."""

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from stoma.service import standing, units
from stoma.service.__main__ import main
from stoma.service.errors import NoPermissionError, ServiceError
from stoma.service.installing import install, uninstall
from stoma.service.steps import Change, put
from stoma.service.units import FAILURE, HIDDEN, SCHEDULER, WEB, File, Target
from stoma.service.words import told, what_next


class Ran:
    """Stands in for the commands of the system, and remembers them."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str]) -> None:
        self.commands.append(" ".join(command))


@pytest.fixture
def staged(tmp_path: Path) -> Target:
    return Target(prefix=Path("/opt/stoma"), root=tmp_path / "root")


@pytest.fixture
def user(tmp_path: Path) -> Target:
    """One user's service, with a command that can be started."""
    command = tmp_path / "venv" / "bin" / "stoma"
    command.parent.mkdir(parents=True)
    command.touch(0o755)
    return Target(prefix=tmp_path / "venv", user_units=tmp_path / "config" / "systemd" / "user")


def files(target: Target) -> list[str]:
    found = (path for path in target.root.rglob("*") if path.is_file())
    return sorted(f"/{path.relative_to(target.root)}" for path in found)


def test_everything_the_service_consists_of_is_written(staged: Target) -> None:
    ran = Ran()

    done = install(staged, run=ran)

    assert files(staged) == [
        "/etc/stoma/config.toml",
        f"/etc/systemd/system/{FAILURE}",
        f"/etc/systemd/system/{SCHEDULER}",
        f"/etc/systemd/system/{WEB}",
        "/etc/sysusers.d/stoma.conf",
        "/usr/local/bin/stoma-service",
    ]
    assert {change.verb for change in done} == {"create"}
    modes = {
        path: stat.S_IMODE(staged.at(Path(path)).stat().st_mode)
        for path in ("/etc/stoma", "/var/lib/stoma", "/etc/stoma/config.toml")
    }
    assert modes == {
        "/etc/stoma": 0o750,
        "/var/lib/stoma": 0o700,
        "/etc/stoma/config.toml": 0o640,
    }
    assert ran.commands == []  # nothing runs in a folder


def test_installing_twice_changes_nothing(staged: Target) -> None:
    install(staged)

    assert install(staged) == []
    assert told([], dry=False) == ["nothing to change"]


def test_what_differs_is_put_right_and_your_settings_stay(staged: Target) -> None:
    install(staged)
    unit, settings = (
        staged.at(units._SYSTEM_UNITS / SCHEDULER),
        staged.at(Path("/etc/stoma/config.toml")),
    )
    unit.write_text("[Service]\n")
    unit.chmod(0o600)
    settings.write_text('timezone = "Asia/Tokyo"\n')

    done = install(staged)

    assert told(done, dry=False) == [f"updated /etc/systemd/system/{SCHEDULER}"]
    assert unit.read_text() == units.unit_text(SCHEDULER, staged)
    assert settings.read_text() == 'timezone = "Asia/Tokyo"\n'


def test_a_dry_run_changes_nothing_and_says_the_same(staged: Target) -> None:
    dry = install(staged, dry=True)

    assert not staged.root.exists()
    assert dry == install(staged)
    assert told(dry, dry=True)[0] == "would create /etc/sysusers.d/stoma.conf"


def test_uninstalling_leaves_data_and_settings(staged: Target) -> None:
    install(staged)
    data = staged.at(Path("/var/lib/stoma/stoma.db"))
    data.touch()

    done = uninstall(staged)

    assert files(staged) == ["/etc/stoma/config.toml", "/var/lib/stoma/stoma.db"]
    assert {change.verb for change in done} == {"remove"}
    assert uninstall(staged) == []


def test_purging_leaves_nothing(staged: Target) -> None:
    install(Target(prefix=staged.prefix, root=staged.root, sandbox=True))

    uninstall(staged, purge=True)

    assert files(staged) == []
    assert not staged.at(units._SYSTEM_UNITS / f"{SCHEDULER}.d").exists()
    assert not any(staged.at(each).exists() for each in units.DATA)


def test_a_drop_in_of_your_own_stays(staged: Target) -> None:
    install(Target(prefix=staged.prefix, root=staged.root, sandbox=True))
    own = staged.at(units._SYSTEM_UNITS / f"{SCHEDULER}.d" / "own.conf")
    own.write_text("[Service]\n")

    uninstall(staged)

    assert [path.name for path in own.parent.iterdir()] == ["own.conf"]


def test_one_user_needs_no_root_and_no_directories(user: Target) -> None:
    ran = Ran()

    done = install(user, run=ran, web=True)

    assert user.user_units is not None
    assert sorted(each.name for each in user.user_units.iterdir()) == [SCHEDULER, WEB]
    assert [change.verb for change in done][:3] == ["create", "create", "create"]
    assert [command for command in ran.commands if "enable" in command] == [
        f"systemctl --user enable {SCHEDULER}",
        f"systemctl --user enable {WEB}",
    ]
    text = (user.user_units / SCHEDULER).read_text()
    assert "WantedBy=default.target" in text
    assert "Directory=stoma" not in text
    assert "loginctl enable-linger" in what_next(user, done, web=False)


def test_what_is_enabled_already_is_not_enabled_again(user: Target) -> None:
    install(user, run=Ran())
    assert user.user_units is not None
    wants = user.user_units / "default.target.wants"
    wants.mkdir()
    (wants / SCHEDULER).symlink_to(user.user_units / SCHEDULER)
    ran = Ran()

    assert install(user, run=ran) == []
    assert ran.commands == []


def test_one_user_may_keep_everything_in_one_folder(user: Target) -> None:
    with_home = Target(prefix=user.prefix, user_units=user.user_units, home=Path("/srv/papers"))

    install(with_home, run=Ran())

    (scheduler, _) = standing.look(user, ask=lambda _: None)
    assert "\nEnvironment=STOMA_HOME=/srv/papers\n" in units.unit_text(SCHEDULER, with_home)
    assert scheduler.current


def test_one_users_service_is_taken_away_again(user: Target) -> None:
    install(user, run=Ran())
    ran = Ran()

    uninstall(user, run=ran)

    assert user.user_units is not None
    assert list(user.user_units.iterdir()) == []
    assert ran.commands[0].startswith("systemctl --user disable")


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("/opt/with blank", "can not be named in a unit"),
        ("/opt/per%cent", "can not be named in a unit"),
        *[(f"{folder}/venv", f"is below {folder}, which the service") for folder in HIDDEN],
    ],
)
def test_a_prefix_that_would_not_work_is_refused(prefix: str, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        install(Target(prefix=Path(prefix)), dry=True)


def test_a_python_of_which_the_service_sees_nothing_is_of_no_use() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["usable"])

    seen = not any(Path(sys.executable).resolve().is_relative_to(folder) for folder in HIDDEN)
    assert ended.value.code == (0 if seen else 1)


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    target = Target(prefix=tmp_path / "nothing", user_units=tmp_path / "units")

    with pytest.raises(ServiceError, match="there is no command") as caught:
        install(target)

    assert "install-scheduler-service.sh" in caught.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up being root")
def test_without_root_it_says_what_to_do() -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(NoPermissionError) as caught:
            uninstall(Target(prefix=Path("/opt/stoma")))
    finally:
        os.seteuid(0)

    assert caught.value.exit_code == 77
    assert "sudo stoma service install" in caught.value.hint
    assert "stoma service install --user" in caught.value.hint


def test_something_else_in_the_place_of_a_file_is_not_removed(staged: Target) -> None:
    place = staged.at(Path("/etc/systemd/system") / SCHEDULER)
    place.mkdir(parents=True)

    with pytest.raises(ServiceError, match="is no file"):
        install(staged)


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "etc").touch()
    target = Target(prefix=Path("/opt/stoma"), root=tmp_path)

    with pytest.raises(ServiceError, match=r"/etc/sysusers\.d"):
        put(File(Path("/etc/sysusers.d/x"), "", 0o644), target, dry=False)


def test_the_standing_tells_what_is_installed_and_whether_it_is_current(staged: Target) -> None:
    install(Target(prefix=staged.prefix, root=staged.root, sandbox=True))
    staged.at(units._SYSTEM_UNITS / WEB).write_text("[Service]\nExecStart=/usr/bin/stoma web\n")

    scheduler, web, failure = standing.look(staged, ask=lambda _: None)

    assert (scheduler.installed, scheduler.current, web.current) == (True, True, False)
    assert (list(scheduler.dropins), failure.installed) == (["sandbox.conf"], True)
    assert not scheduler.enabled
    assert (scheduler.active, scheduler.pid, scheduler.score) == ("", None, None)


def test_what_the_manager_knows_is_shown(user: Target) -> None:
    install(user, run=Ran())
    shown = "ActiveState=active\nMainPID=77\nStatusText=idle; next slot\nNRestarts=0\n"

    (scheduler, _) = standing.look(user, ask=lambda command: shown)

    assert (scheduler.active, scheduler.pid, scheduler.restarts) == ("active", 77, 0)
    assert (scheduler.says, scheduler.score) == ("idle; next slot", None)


def test_a_unit_of_the_system_has_a_score(staged: Target) -> None:
    install(staged)
    score = "→ Overall exposure level for stoma-scheduler.service: 1.4 OK 🙂\n"

    assert [unit.score for unit in standing.look(staged, ask=lambda command: score)] == [1.4] * 3


def test_whoever_installs_is_told_what_to_do_now() -> None:
    target, unit = Target(prefix=Path("/opt/stoma")), f"/etc/systemd/system/{SCHEDULER}"

    fresh = what_next(target, [Change("create", unit)], web=True)
    changed = what_next(target, [Change("update", unit)], web=False)
    nothing = what_next(target, [], web=False)

    assert "sudo systemctl start stoma-scheduler" in fresh
    assert "sudo systemctl start stoma-web" in fresh
    assert "sudo systemctl restart stoma-scheduler" in changed
    assert "sudo systemctl start stoma-scheduler" in nothing
    assert what_next(Target(prefix=target.prefix, root=Path("/x")), [], web=False) == ""


def test_a_command_of_the_system_that_fails_is_told_with_its_words() -> None:
    from stoma.service.steps import run

    with pytest.raises(ServiceError, match=r"sh -c .* failed \(3\): no such luck"):
        run(["sh", "-c", "echo no such luck >&2; exit 3"])
    with pytest.raises(ServiceError, match="can not be run"):
        run(["/nowhere/systemctl"])
    assert standing.ask(["/nowhere/systemctl"]) is None
    assert standing.ask(["sh", "-c", "exit 1"]) is None
    assert standing.ask(["echo", "x"]) == "x\n"
