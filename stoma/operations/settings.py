"""Settings: what is in force, and which place said so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from stoma.domain.task import Json
from stoma.exceptions import NotFoundError
from stoma.settings import Loaded, known_settings
from stoma.settings.editing import changed_text, write_text
from stoma.settings.section import Section, shown
from stoma.text import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting in force."""

    key: str  #: `scheduler.drain_seconds`
    value: Json
    origin: str  #: `built-in`, `/x/config.toml:4`, `environment STOMA_...`, `option`
    meaning: str


def list_settings(loaded: Loaded) -> list[Setting]:
    """Return every setting in force, in the order of the schema, then the variables."""
    return list(_settings(loaded))


def get_setting(loaded: Loaded, key: str) -> Setting:
    """Return one setting in force.

    Raises:
        NotFoundError: There is no such setting, or no such variable.
    """
    found = {setting.key: setting for setting in list_settings(loaded)}
    if key not in found:
        hint = did_you_mean(key, found) or "every setting: stoma config show"
        raise NotFoundError("setting", key, hint=hint)
    return found[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of a setting in a file."""

    path: Path
    changed: bool  #: False: the file says so already
    stronger: str  #: the place whose value is in force instead; empty if the file's is


def set_setting(loaded: Loaded, key: str, value: str | None) -> Changed:
    """Set a setting in the user's file, or leave it out (None): the rest of the file stays.

    Raises:
        NotFoundError: There is no such setting.
        SettingsError: The file can not be used.
        UsageError: The setting can not have that value.
    """
    path = loaded.paths.config_file
    text = changed_text(path, key, value)
    if text is not None:
        write_text(path, text)
    origin = loaded.origins.get(key, "")
    there = {str(file.path): at for at, file in enumerate(loaded.files)}
    at = there.get(origin.rpartition(":")[0], len(there))
    stronger = origin.startswith(("environment", "option")) or at < there.get(str(path), 0)
    return Changed(path=path, changed=text is not None, stronger=origin if stronger else "")


def _settings(loaded: Loaded) -> Iterator[Setting]:
    for key, known in known_settings().items():
        if key == "variables":
            continue
        value: object = loaded.settings
        for name in key.split("."):
            value = getattr(value, name)
        yield Setting(
            key=key,
            value=_plain(value),
            origin=loaded.origins[key],
            meaning=known.description or "",
        )
    for name, text in sorted(loaded.settings.variables.items()):
        key = f"variables.{name}"
        yield Setting(key=key, value=text, origin=loaded.origins[key], meaning="")


def _plain(value: object) -> Json:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, SecretStr):
        return shown(value)
    if isinstance(value, Section):
        value = dict(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, Sequence) else str(value)
