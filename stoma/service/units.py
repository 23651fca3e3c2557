"""The files of the service, as they are to be: units, drop-ins, its user, first settings.

Pure: templates and a target in, texts and paths out. `steps` writes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from stoma.service.errors import ServiceError

_TEMPLATES: Final = Path(__file__).parent / "templates"
#: Who the system's service runs as.
ACCOUNT: Final = "stoma"
SCHEDULER: Final = "stoma-scheduler.service"
WEB: Final = "stoma-web.service"
FAILURE: Final = "stoma-failure@.service"
#: Where the installer script puts the virtual environment.
PREFIX: Final = Path("/opt/stoma")
#: What the system's service keeps; uninstalling leaves it.
DATA: Final = tuple(
    map(Path, ("/etc/stoma", "/var/lib/stoma", "/var/log/stoma", "/var/cache/stoma"))
)
_SYSTEM_UNITS: Final = Path("/etc/systemd/system")
_SANDBOX: Final = Path(f"{SCHEDULER}.d/sandbox.conf")
#: What a unit file can name without quotes, escapes and specifiers.
_PLAIN: Final = re.compile(r"/[\w./+,=@-]*", re.ASCII)
#: Folders that the system's service can not see (ProtectHome=, PrivateTmp=).
HIDDEN: Final = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108


class Owner(NamedTuple):
    """Whom a file belongs to, by name."""

    user: str
    group: str


ROOT: Final = Owner("root", "root")
_OURS: Final = Owner(ACCOUNT, ACCOUNT)
_READABLE: Final = Owner("root", ACCOUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is installed where."""

    prefix: Path  #: the virtual environment that has `bin/stoma`
    user_units: Path | None = None  #: for one user alone: the folder of that user's units
    home: Path | None = None  #: for one user alone: the one folder that `STOMA_HOME` names
    sandbox: bool = False  #: let tasks have a sandbox of their own
    root: Path = Path("/")  #: a folder that stands for the whole system

    @property
    def units(self) -> Path:
        """The folder of the units."""
        return self.user_units or _SYSTEM_UNITS

    @property
    def staged(self) -> bool:
        """Whether files only are prepared: nothing runs there, and nobody has an account."""
        return self.root != Path("/")

    def at(self, path: Path) -> Path:
        """Return where *path* of the system is."""
        return self.root / path.relative_to("/")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it is to be."""

    path: Path
    mode: int
    owner: Owner | None = None  #: None: whoever installs


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is to be."""

    path: Path
    text: str
    mode: int = 0o644
    owner: Owner | None = None
    keep: bool = False  #: what is there already is somebody's own

    @property
    def is_unit(self) -> bool:
        """Whether the service manager has to read it anew."""
        return self.path.suffix == ".service" or self.path.parent.suffix == ".d"


def unit_text(name: str, target: Target) -> str:
    """Return the unit *name* as it is to be installed.

    Raises:
        ServiceError: A path of the target can not stand in a unit.
    """
    own = name.replace(".service", ".user.service") if target.user_units else name
    text = _filled(own, target)
    if target.home is not None:
        setting = f"Environment=STOMA_HOME={_plain(target.home)}\n"
        text = text.replace("ExecStart=", f"{setting}ExecStart=", 1)
    return text


def names(target: Target) -> tuple[str, ...]:
    """Return the units of a target."""
    return (SCHEDULER, WEB) if target.user_units else (SCHEDULER, WEB, FAILURE)


def layout(target: Target) -> Iterator[Folder | File]:
    """Yield everything that is to be there, in order.

    Raises:
        ServiceError: A path of the target can not stand in a unit, or the service can not see it.
    """
    if target.user_units:
        yield Folder(target.user_units, 0o755)
        yield from _units(target, None)
        return
    if not target.staged:
        _check_seen(target.prefix)
        _check_seen((target.prefix / "bin" / "python").resolve())  # that of pyenv, say
    config, state, logs, cache = DATA
    yield Folder(config, 0o750, _READABLE)
    yield from (Folder(each, 0o700, _OURS) for each in (state, logs, cache))
    yield File(config / "config.toml", _filled("config.toml", target), 0o640, _READABLE, keep=True)
    yield from _units(target, ROOT)
    if target.sandbox:
        yield File(_SYSTEM_UNITS / _SANDBOX, _filled("sandbox.conf", target), owner=ROOT)
    yield File(wrapper(), _filled("stoma-service", target), 0o755, ROOT)


def account_file() -> File:
    """Return the file that describes the service's user (sysusers.d(5))."""
    text = (_TEMPLATES / "stoma.sysusers.conf").read_text(encoding="utf-8")
    return File(Path("/etc/sysusers.d/stoma.conf"), text, owner=ROOT)


def wrapper() -> Path:
    """Return the command that works on the registry of the service."""
    return Path("/usr/local/bin/stoma-service")


def installed_files(target: Target) -> list[Path]:
    """Return every file that an installation may have left, but for data and settings."""
    files = [target.units / name for name in names(target)]
    if not target.user_units:
        files += [_SYSTEM_UNITS / _SANDBOX, wrapper(), account_file().path]
    return files


def hidden_in(path: Path) -> Path | None:
    """Return the folder that hides *path* from the system's service; None if it sees it."""
    return next((each for each in HIDDEN if path.is_relative_to(each)), None)


def _check_seen(path: Path) -> None:
    """See that the service of the system can see *path*.

    Raises:
        ServiceError: It is in a folder that is hidden from it.
    """
    hidden = hidden_in(path)
    if hidden:
        raise ServiceError(
            f"{path} is below {hidden}, which the service can not see",
            hint="install into /opt/stoma: sudo scripts/install-scheduler-service.sh; "
            "or for yourself alone: stoma service install --user",
        )


def _units(target: Target, owner: Owner | None) -> Iterator[File]:
    for name in names(target):
        yield File(target.units / name, unit_text(name, target), owner=owner)


def _filled(name: str, target: Target) -> str:
    text = (_TEMPLATES / name).read_text(encoding="utf-8")
    return text.replace("@PREFIX@", _plain(target.prefix))


def _plain(path: Path) -> str:
    if not _PLAIN.fullmatch(str(path)):
        raise ServiceError(
            f"{str(path)!r} can not be named in a unit",
            hint="use a folder whose whole path is of letters, digits and ./_+,=@-",
        )
    return str(path)
