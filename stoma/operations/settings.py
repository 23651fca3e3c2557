"""Settings: what is in force, and which place said so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stoma.domain.task import Json
from stoma.settings import Loaded, known_settings


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
    return [_plain(each) for each in value] if isinstance(value, Sequence) else str(value)
