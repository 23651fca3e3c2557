"""Where the values of settings come from, and which of them wins."""

import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from stoma.exceptions import SettingsError
from stoma.secrets import CREDENTIALS
from stoma.settings.environment import (
    FOR_PEOPLE,
    NOT_SETTINGS,
    PREFIX,
    SECRET_PREFIX,
    environment,
)
from stoma.settings.notifications import plain_channels
from stoma.settings.places import (
    SYSTEM_CONFIG,
    Paths,
    config_file,
    home_folder,
    locate,
    settings_files,
)
from stoma.settings.schema import VARIABLE_NAME, Settings, known_settings, time_zones
from stoma.text import did_you_mean
from stoma.tomlfile import TomlFile, parse_toml, read_toml

_VARIABLES: Final = "variables"
#: The variable in which others keep a token for GitHub too, and the settings stronger than it.
_BORROWED: Final = "GITHUB_TOKEN"
_OWN_TOKEN: Final = ("sources.github.token", "sources.github.token_file")
_BUILT_IN: Final = "built-in"


class ConfigFile(NamedTuple):
    """A file that may hold settings."""

    path: Path
    read: bool  #: False: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings in force, and how they came about."""

    settings: Settings
    paths: Paths
    #: What the environment says of secrets: see `stoma.secrets.Places`.
    secret_environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    origins: Mapping[str, str]  #: `scheduler.drain_seconds` -> `built-in`, `/x/config.toml:4`, ...
    files: tuple[ConfigFile, ...]  #: every file that was looked for, the strongest first


class _Given(NamedTuple):
    """A value for a setting, and the place it comes from."""

    value: object
    origin: str


class _Problem(NamedTuple):
    """What is wrong, and the way out."""

    message: str
    hint: str


def load_settings(
    *,
    home: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    system: Path = SYSTEM_CONFIG,
) -> Loaded:
    """Return the settings in force: overrides > environment > files > built-in.

    Of the files, `stoma.toml` in the working directory is stronger than the user's
    `config.toml`, and that is stronger than *system*. With a home, only its `config.toml` counts.

    Args:
        home: One folder for everything; stronger than `STOMA_HOME`.
        overrides: Values by dotted key (`scheduler.drain_seconds`); None means not given.
        environ: The environment; the process's own if None.
        cwd: The working directory; the process's own if None.
        system: The settings of the machine's administrator.

    Raises:
        SettingsError: A value, a key or a file can not be used; the message says where.
    """
    env = environment(environ)
    home = home_folder(home, env, cwd)
    given: dict[str, _Given] = {}
    problems: list[_Problem] = []  # all there are, so that nobody has to come back for the next
    files: list[ConfigFile] = []
    for path in settings_files(home, config_file(home, env), cwd, system):
        # The service's own settings are not for everybody, and nobody else's fault.
        others = path == system and path != config_file(home, env) and _closed(path)
        file = None if others else read_toml(path, SettingsError)
        files.append(ConfigFile(path, read=file is not None))
        given = (_from_file(file, problems) if file else {}) | given
    given |= _from_environment(env, problems) | _from_overrides(overrides or {}, problems)
    if env.get(_BORROWED) and not any(key in given for key in _OWN_TOKEN):
        given[_OWN_TOKEN[0]] = _Given(env[_BORROWED], f"environment {_BORROWED}")
    settings = _validated(given, problems)
    return Loaded(
        settings=settings,
        paths=locate(home, env, settings.database.url),
        secret_environ={
            name: value
            for name, value in env.items()
            if name.startswith(SECRET_PREFIX) or name == CREDENTIALS
        },
        origins=dict.fromkeys(_scalars(), _BUILT_IN)
        | {k: each.origin for k, each in given.items()},
        files=tuple(files),
    )


def _closed(path: Path) -> bool:
    try:
        path.open("rb").close()
    except OSError as error:
        return isinstance(error, PermissionError)
    return False


def child_environment(loaded: Loaded, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a child process that is to load the same settings and paths.

    It is the environment they were loaded from (the process's own if None) with the home and every
    setting pinned: another working directory, or a file that is edited meanwhile, changes nothing.
    Secrets are in it as they are: it is for the child, not to be shown.
    """
    pinned = {env_name(key): _text(key, _value(loaded.settings, key)) for key in loaded.origins}
    if loaded.paths.home:
        pinned["STOMA_HOME"] = str(loaded.paths.home)
    return {**environment(environ), **pinned}


def is_setting(key: str) -> bool:
    """Return whether there is a setting *key*, in dotted form, or may be such a variable."""
    return key != _VARIABLES and _is_known(key)


def typed(key: str, text: str) -> object:
    """Return what *text* is as a value of the setting *key*: a number, a list, or itself."""
    known = known_settings().get(key)
    if known is None or not isinstance(known.default, tuple):
        return _typed(key, text)
    if key == "secrets.command":
        return shlex.split(text)
    separator = "," if key.startswith("notifications.") else os.pathsep
    return [part.strip() for part in text.split(separator) if part.strip()]


def check_value(key: str, value: object) -> None:
    """See that *value* can be that of the setting *key*.

    Raises:
        SettingsError: It can not.
    """
    _validated({key: _Given(value, "")}, [])


def check_text(path: Path, text: str) -> None:
    """See that *text* can be what the file at *path* holds.

    Raises:
        SettingsError: A value or a key can not be used; the message says where.
    """
    problems: list[_Problem] = []
    _validated(_from_file(parse_toml(path, text, SettingsError), problems), problems)


def env_name(key: str) -> str:
    """Return the environment variable of the setting *key*, which is in dotted form."""
    return PREFIX + key.upper().replace(".", "__")


def _value(settings: Settings, key: str) -> object:
    if key.startswith(f"{_VARIABLES}."):
        return settings.variables[key.removeprefix(f"{_VARIABLES}.")]
    value: object = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _joined(key: str, parts: tuple[str, ...]) -> str:
    """Return a list as its variable holds it: words of a command, names, or paths."""
    if key == "secrets.command":
        return shlex.join(parts)
    return ("," if key.startswith("notifications.") else os.pathsep).join(parts)


def _text(key: str, value: object) -> str:
    if isinstance(value, Mapping):
        return json.dumps(plain_channels(value))
    if isinstance(value, tuple):
        return _joined(key, value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _from_file(file: TomlFile, problems: list[_Problem]) -> dict[str, _Given]:
    given: dict[str, _Given] = {}
    for names, value in _flat(file.table, ()):
        key = ".".join(f'"{name}"' if "." in name else name for name in names)
        where = file.where(*names)
        if key in _sections():
            problems.append(_Problem(f"{where}: {key} is a section", f"write it as [{key}]"))
        elif not _is_known(key):
            problems.append(_unknown(f"{where}: {key}", names[-1], _near(names)))
        else:
            given[key] = _Given(value, where)
    return given


def _from_environment(environ: Mapping[str, str], problems: list[_Problem]) -> dict[str, _Given]:
    keys = {env_name(key): key for key in _scalars()}
    given: dict[str, _Given] = {}
    for name in sorted(set(environ) - NOT_SETTINGS):
        if not name.startswith(PREFIX) or name.startswith(SECRET_PREFIX):
            continue
        where = f"environment {name}"
        # A name like STOMA_VARIABLES__TOPIC is of the user's making; all others are known.
        key = keys.get(name) or name.removeprefix(PREFIX).lower().replace("__", ".", 1)
        if _is_known(key):
            given[key] = _Given(_typed(key, environ[name]), where)
        else:
            problems.append(_unknown(where, name, [*keys, *FOR_PEOPLE]))
    return given


def _from_overrides(overrides: Mapping[str, object], problems: list[_Problem]) -> dict[str, _Given]:
    unknown = [key for key in overrides if not _is_known(key)]
    problems += [_unknown(f"option {key}", key, _scalars()) for key in unknown]
    return {
        key: _Given(_typed(key, value), "option")
        for key, value in overrides.items()
        if value is not None and key not in unknown
    }


def _flat(
    table: Mapping[str, Any], parents: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, value in table.items():
        names = (*parents, name)
        if isinstance(value, dict) and ".".join(names) in _sections():
            yield from _flat(value, names)
        else:
            yield names, value


def _near(names: tuple[str, ...]) -> list[str]:
    """Return what could stand in place of the last of *names*."""
    known = [*_scalars(), *_sections()]
    section = ".".join((*names[:-1], ""))
    return [key.removeprefix(section) for key in known if key.startswith(section)]


def _scalars() -> list[str]:
    return [key for key in known_settings() if key != _VARIABLES]


def _sections() -> set[str]:
    """Return the dotted names of the tables that a file may have."""
    names = {key.rpartition(".")[0] for key in _scalars()} - {""}
    return names | {name.partition(".")[0] for name in names} | {_VARIABLES}


def _is_known(key: str) -> bool:
    section, _, name = key.partition(".")
    if section == _VARIABLES:
        return VARIABLE_NAME.fullmatch(name) is not None
    return key in known_settings()


def _typed(key: str, value: object) -> object:
    """Return a text as the number, or true or false, that *key* wants; else unchanged."""
    number = known_settings()[key].annotation if key in known_settings() else None
    if not isinstance(value, str) or number not in (int, float, bool):
        return value
    if number is bool:
        return {"true": True, "false": False, "1": True, "0": False}.get(value.lower(), value)
    try:
        return number(value)
    except ValueError:
        return value


def _validated(given: Mapping[str, _Given], problems: Sequence[_Problem]) -> Settings:
    """Return the settings; raise if there are *problems* already, or more of them show."""
    tree: dict[str, Any] = {}
    for key, each in given.items():
        *parents, name = key.split(".")
        table = tree
        for parent in parents:
            table = table.setdefault(parent, {})
        table[name] = each.value
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        wrong = [_wrong(each, given) for each in error.errors()]
        raise _error([*problems, *wrong]) from None
    if problems:
        raise _error(problems)
    return settings


def _wrong(error: ErrorDetails, given: Mapping[str, _Given]) -> _Problem:
    key, inside = _place(error, given)
    value = error["input"]
    rule = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    field = known_settings().get(key)
    if inside or key not in given or (field and field.annotation is SecretStr):
        where = given[key].origin if key in given else _origin_below(key, given)
        return _Problem(f"{where}: {key}{inside} {rule}", "what it is now is not shown")
    words = time_zones() if key == "timezone" else get_args(field and field.annotation)
    default = (
        f"leave it out for the default, {field.default!r}" if field else "write a text, in quotes"
    )
    return _Problem(
        f"{given[key].origin}: {key} is {_shown(value)}, {rule}",
        did_you_mean(str(value), map(str, words)) or default,
    )


def _place(error: ErrorDetails, given: Mapping[str, _Given]) -> tuple[str, str]:
    """Return the setting an error is about, and where in it, if that is a table."""
    parts = [str(part) for part in error["loc"]]
    for end in range(len(parts), 0, -1):
        key = ".".join(parts[:end])
        if key in given:
            # Of a channel, pydantic names the type too, behind its name.
            return key, "".join(f".{part}" for part in [*parts[end:][:1], *parts[end + 2 :]])
    return ".".join(parts), ""


def _origin_below(section: str, given: Mapping[str, _Given]) -> str:
    """Return where something of a section is said that does not go together."""
    found = (each.origin for key, each in given.items() if key.startswith(f"{section}."))
    return next(found, _BUILT_IN)


def _shown(value: object) -> str:
    # A database address may hold a password.
    text = re.sub(r"//\S*@", "//***@", repr(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unknown(where: str, name: str, known: Iterable[str]) -> _Problem:
    if f" {_VARIABLES}." in where or f" {env_name(_VARIABLES)}__" in where:
        return _Problem(
            f"{where} can not be a variable", "use lower-case letters, digits and '_' for its name"
        )
    hint = did_you_mean(name, known) or "every setting: stoma config show"
    return _Problem(f"{where}: no such setting", hint)


def _error(problems: Sequence[_Problem]) -> SettingsError:
    hints = dict.fromkeys(problem.hint for problem in problems)
    message = "; ".join(problem.message for problem in problems)
    error = SettingsError(message, hint="; ".join(hints))
    error.problems = tuple(problems)
    return error
