"""How the service stands: what is installed, is it what this version writes, and its score."""

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stoma.service import units
from stoma.service.errors import ServiceError
from stoma.service.units import Target

#: Asks a command of the system; None if it is not there, or can not tell.
Ask = Callable[[Sequence[str]], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One unit."""

    name: str
    path: Path
    installed: bool
    current: bool  #: whether the file is the one that this version writes
    dropins: Sequence[str]  #: names of what changes it
    enabled: bool  #: whether it starts by itself
    active: str  #: `active`, `inactive`, `failed`, ...; empty where no manager runs
    pid: int | None
    since: str  #: as the manager says it
    says: str  #: what it said of itself last
    restarts: int | None
    score: float | None  #: exposure from 0 (none) to 10; None where it can not be found out,
    #: or says nothing: one user's service can do what that user can


def ask(command: Sequence[str]) -> str | None:
    """Return what a command of the system prints; None if it can not tell."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def look(target: Target, *, ask: Ask = ask) -> list[Standing]:
    """Return how each unit of a target stands."""
    return [_standing(name, target, ask) for name in units.names(target)]


def _standing(name: str, target: Target, ask: Ask) -> Standing:
    path = target.at(target.units / name)
    installed = path.is_file()
    said = _shown(name, target, ask) if installed and "@" not in name else {}
    return Standing(
        name=name,
        path=path,
        installed=installed,
        current=installed and _is_current(name, path, target),
        dropins=sorted(each.name for each in path.with_name(f"{name}.d").glob("*.conf")),
        enabled=installed and is_enabled(target, name),
        active=said.get("ActiveState", ""),
        pid=_number(said.get("MainPID")) or None,
        since=said.get("ActiveEnterTimestamp", ""),
        says=said.get("StatusText", ""),
        restarts=_number(said.get("NRestarts")),
        score=score(path, ask=ask) if installed and not target.user_units else None,
    )


def is_enabled(target: Target, name: str) -> bool:
    """Return whether a unit starts by itself, as systemctl remembers it."""
    goal = "default" if target.user_units else "multi-user"
    return target.at(target.units / f"{goal}.target.wants" / name).is_symlink()


def score(path: Path, *, ask: Ask = ask) -> float | None:
    """Return how exposed a service with the unit at *path* is, its drop-ins counted in.

    From 0 to 10, by `systemd-analyze security`; None where that is missing.
    """
    said = ask(["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)])
    found = re.search(r"Overall exposure level for .*: (\d+\.\d)", said or "")
    return float(found[1]) if found else None


_SHOWN = ("ActiveState", "MainPID", "ActiveEnterTimestamp", "StatusText", "NRestarts")


def _shown(name: str, target: Target, ask: Ask) -> Mapping[str, str]:
    if target.staged:
        return {}
    who = ["--user"] if target.user_units else []
    said = ask(["systemctl", *who, "show", name, f"--property={','.join(_SHOWN)}"])
    pairs = (line.partition("=") for line in (said or "").splitlines())
    return {name: value for name, _, value in pairs}


def _is_current(name: str, path: Path, target: Target) -> bool:
    """Return whether the unit is the one that is written now, wherever its command is."""
    text = path.read_text(encoding="utf-8", errors="replace")
    command = re.search(r"^ExecStart=(\S+)/bin/stoma ", text, re.MULTILINE)
    if command is None:
        return False
    home = re.search(r"^Environment=STOMA_HOME=(\S+)$", text, re.MULTILINE)
    as_installed = Target(
        prefix=Path(command[1]),
        user_units=target.user_units,
        home=Path(home[1]) if home else None,
    )
    try:
        return text == units.unit_text(name, as_installed)
    except ServiceError:
        return False


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
