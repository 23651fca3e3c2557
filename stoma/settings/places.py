"""Where everything is: one home folder, systemd's directories, or the user's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from stoma.exceptions import SettingsError

#: Where a machine's administrator keeps settings for everybody.
SYSTEM_CONFIG: Final = Path("/etc/stoma/config.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where everything is. All are absolute; none need exist."""

    home: Path | None  #: the one folder that was asked for, if one was
    config_file: Path  #: the user's settings
    user_presets_dir: Path
    data_dir: Path
    database: Path
    lock_file: Path  #: held by the one scheduler of the database
    backups_dir: Path
    logs_dir: Path
    cache_dir: Path
    run_dir: Path  #: sockets and work folders of what is running


def home_folder(home: Path | None, environ: Mapping[str, str], cwd: Path | None) -> Path | None:
    """Return the one folder that *home* or `STOMA_HOME` asks for, absolute; None if neither."""
    named = environ.get("STOMA_HOME")
    if home is None and not named:
        return None
    folder = _expanded(home or Path(named or ""))
    return cwd / folder if cwd else folder.absolute()


def settings_files(
    home: Path | None, config_file: Path, cwd: Path | None, system: Path
) -> Iterator[Path]:
    """Yield the files that may hold settings, the strongest first."""
    if home is None:
        working = cwd or _working_directory()
        if working:
            yield working / "stoma.toml"
    yield config_file
    if home is None and system != config_file:
        yield system


def config_file(home: Path | None, environ: Mapping[str, str]) -> Path:
    """Return where the user's settings are."""
    return (home or _CONFIG.folder(environ)) / "config.toml"


def usual_paths(home: Path | None, environ: Mapping[str, str]) -> Paths:
    """Return where everything is if no setting says otherwise: for when none can be read."""
    return locate(home_folder(home, environ, None), environ, "")


def locate(home: Path | None, environ: Mapping[str, str], database_url: str) -> Paths:
    """Return where everything is, given the setting `database.url`."""
    config = config_file(home, environ)
    data = home or _DATA.folder(environ)
    database = data / _expanded(Path(database_url.removeprefix("sqlite:///") or "stoma.db"))
    return Paths(
        home=home,
        config_file=config,
        user_presets_dir=config.parent / "presets",
        data_dir=data,
        database=database,
        lock_file=database.with_name(f"{database.name}.lock"),
        backups_dir=data / "backups",
        logs_dir=home / "logs" if home else _LOGS.folder(environ),
        cache_dir=home / "cache" if home else _CACHE.folder(environ),
        run_dir=home / "run" if home else _systemd("RUNTIME_DIRECTORY", environ) or data / "run",
    )


class _Kind(NamedTuple):
    """One kind of folder, when there is no home."""

    systemd: str  #: the variable a service gets, see systemd.exec(5)
    xdg: str  #: the variable of the XDG base directory specification
    inside: str  #: below the XDG folder
    user: str  #: what platformdirs calls it

    def folder(self, environ: Mapping[str, str]) -> Path:
        given = _systemd(self.systemd, environ)
        if given:
            return given
        base = Path(environ.get(self.xdg, ""))
        if base.is_absolute():  # the specification: ignore what is not
            return base / self.inside
        # Only now: it costs more than the rest of this module.
        from platformdirs import PlatformDirs

        try:
            return Path(getattr(PlatformDirs("stoma", appauthor=False), self.user))
        except RuntimeError:  # no HOME, and a user without an entry
            raise _no_home(Path("~")) from None


_CONFIG = _Kind("CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME", "stoma", "user_config_dir")
_DATA = _Kind("STATE_DIRECTORY", "XDG_DATA_HOME", "stoma", "user_data_dir")
_LOGS = _Kind("LOGS_DIRECTORY", "XDG_STATE_HOME", "stoma/log", "user_log_dir")
_CACHE = _Kind("CACHE_DIRECTORY", "XDG_CACHE_HOME", "stoma", "user_cache_dir")


def _systemd(variable: str, environ: Mapping[str, str]) -> Path | None:
    # Several directories of one unit are separated by colons; the first is ours.
    first = environ.get(variable, "").partition(":")[0]
    return Path(first) if first else None


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:  # removed under our feet: then it holds no settings either
        return None


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise _no_home(path) from None


def _no_home(path: Path) -> SettingsError:
    return SettingsError(
        f"no home directory is known for {str(path)!r}",
        hint="name one folder for everything: --home DIR, or the environment STOMA_HOME",
    )
