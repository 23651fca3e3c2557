"""Install and remove the service: the one way of the command and of the installer script."""

import os
import pwd
from collections.abc import Iterable, Sequence
from pathlib import Path

from stoma.service import units
from stoma.service.errors import NoPermissionError, ServiceError
from stoma.service.standing import is_enabled
from stoma.service.steps import Change, Run, changes, put, remove, run
from stoma.service.units import Target


def install(
    target: Target, *, dry: bool = False, web: bool = False, run: Run = run
) -> list[Change]:
    """Make the service be there, and return what changed; a second time nothing does.

    The scheduler will start with the machine (or the user's session); it is not started now.

    Args:
        target: What goes where.
        dry: Only say what would change.
        web: Let the web part start with the machine too.
        run: Runs commands of the system.

    Raises:
        NoPermissionError: That takes root.
        ServiceError: It can not be done; the message says what stands in the way.
    """
    _check_rights(target, dry=dry)
    _check_command(target, dry=dry)
    wanted = list(units.layout(target))
    done = _account(target, dry=dry, run=run)
    made = [(each, put(each, target, dry=dry)) for each in wanted]
    done += [change for _, change in made if change]
    if target.staged:
        return done
    fresh = any(change and getattr(each, "is_unit", False) for each, change in made)
    commands = [_systemctl(target, "daemon-reload")] if fresh and _manager_runs(target) else []
    enabled = [units.SCHEDULER, *([units.WEB] if web else [])]
    commands += [
        _systemctl(target, "enable", name) for name in enabled if not is_enabled(target, name)
    ]
    return done + _run(commands, dry=dry, run=run)


def uninstall(
    target: Target, *, dry: bool = False, purge: bool = False, run: Run = run
) -> list[Change]:
    """Stop and remove the service, and return what changed.

    Args:
        target: What was installed where.
        dry: Only say what would change.
        purge: Remove data, logs, settings and the user as well. Of one user's service nothing is
            removed but the units: its data are the user's own.
        run: Runs commands of the system.

    Raises:
        NoPermissionError: That takes root.
        ServiceError: It can not be done; the message says what stands in the way.
    """
    _check_rights(target, dry=dry)
    there = [name for name in units.names(target) if target.at(target.units / name).exists()]
    named = [name for name in there if "@" not in name]
    manager = not target.staged and _manager_runs(target)
    first = [_systemctl(target, "disable", *(["--now"] if manager else []), *named)]
    done = _run(first if named and not target.staged else [], dry=dry, run=run)
    done += changes(remove(path, target, dry=dry) for path in units.installed_files(target))
    if manager and there:
        done += _run([_systemctl(target, "daemon-reload")], dry=dry, run=run)
    if purge and not target.user_units:
        done += changes(remove(path, target, dry=dry) for path in units.DATA)
        if not target.staged and _account_exists():
            done += _run([["userdel", units.ACCOUNT]], dry=dry, run=run)
    return done


def _check_command(target: Target, *, dry: bool) -> None:
    command = target.prefix / "bin" / "stoma"
    if not (dry or target.staged) and not os.access(command, os.X_OK):
        raise ServiceError(
            f"there is no command {command}",
            hint="sudo scripts/install-scheduler-service.sh puts one there, and does the rest",
        )


def _check_rights(target: Target, *, dry: bool) -> None:
    if not (dry or target.staged or target.user_units) and os.geteuid() != 0:
        raise NoPermissionError(
            str(target.units),
            hint="as root: sudo stoma service install; "
            "or for yourself alone: stoma service install --user",
        )


def _account(target: Target, *, dry: bool, run: Run) -> list[Change]:
    """See that the service's user exists."""
    if target.user_units:
        return []
    change = put(units.account_file(), target, dry=dry)
    done = [change] if change else []
    if not target.staged and not _account_exists():
        done += _run([["systemd-sysusers", str(units.account_file().path)]], dry=dry, run=run)
    return done


def _account_exists() -> bool:
    try:
        pwd.getpwnam(units.ACCOUNT)
    except KeyError:
        return False
    return True


def _manager_runs(target: Target) -> bool:
    """Return whether there is a service manager to be told (sd_booted(3))."""
    if target.user_units:
        return Path(f"/run/user/{os.getuid()}/systemd").exists()
    return Path("/run/systemd/system").exists()


def _systemctl(target: Target, *words: str) -> list[str]:
    return ["systemctl", *(["--user"] if target.user_units else []), *words]


def _run(commands: Iterable[Sequence[str]], *, dry: bool, run: Run) -> list[Change]:
    done = []
    for command in commands:
        if not dry:
            run(command)
        done.append(Change("run", " ".join(command)))
    return done
