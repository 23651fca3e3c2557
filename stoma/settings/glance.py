"""The little that a read command has to know of the settings, at little cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stoma.settings.environment import NOT_SETTINGS, PREFIX, SECRET_PREFIX, environment
from stoma.settings.places import (
    SYSTEM_CONFIG,
    Paths,
    config_file,
    home_folder,
    locate,
    settings_files,
)

#: The built-in values of `timezone` and `database.url`, which the schema documents.
BUILT_IN_TIMEZONE = "UTC"
BUILT_IN_DATABASE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Where everything is, and the time zone of tasks that name none."""

    paths: Paths
    timezone: str


def glance(
    *,
    home: Path | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    system: Path = SYSTEM_CONFIG,
) -> Glance:
    """Return what `load_settings` would say, without the schema where nothing is set.

    Loading the schema takes longer than all else that `scheduler status` does. Where a file or a
    variable sets something, everything is loaded and checked as always.

    Raises:
        SettingsError: A value, a key or a file can not be used; the message says where.
    """
    env = environment(environ)
    folder = home_folder(home, env, cwd)
    files = settings_files(folder, config_file(folder, env), cwd, system)
    if any(map(_may_be_there, files)) or any(map(_is_setting, env)):
        from stoma.settings.load import load_settings

        loaded = load_settings(home=home, environ=environ, cwd=cwd, system=system)
        return Glance(paths=loaded.paths, timezone=loaded.settings.timezone)
    return Glance(paths=locate(folder, env, BUILT_IN_DATABASE), timezone=BUILT_IN_TIMEZONE)


def _may_be_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # loading says what is wrong with it
        return True
    return True


def _is_setting(name: str) -> bool:
    return (
        name.startswith(PREFIX) and name not in NOT_SETTINGS and not name.startswith(SECRET_PREFIX)
    )
