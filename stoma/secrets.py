"""Secrets: named where they are needed, looked up when they are used, and kept out of everything.

A config or a setting holds `{secret = "NAME"}`, never the secret. What it stands for is asked of
the places below, in their order, by whoever is about to present it; nothing stores it.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stoma import redaction
from stoma.domain.task import Json
from stoma.exceptions import SecretError
from stoma.text import safe

#: What a secret is called: a file, an environment variable and a word of a command can be so.
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
#: The variable that holds the secret NAME begins so.
VARIABLE = "STOMA_SECRET_"
#: Where systemd puts the credentials of a service (systemd.exec(5)).
CREDENTIALS = "CREDENTIALS_DIRECTORY"
#: Stands in a command for the name of the secret that is wanted.
PLACE = "{name}"

_MOST_BYTES = 65_536
_TEXT = re.compile(r'\s*\{\s*secret\s*=\s*"([^"]*)"\s*\}\s*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where secrets may be."""

    environ: Mapping[str, str]  #: of it, only `CREDENTIALS_DIRECTORY` and `STOMA_SECRET_...` count
    folder: Path | None = None  #: one file per secret, which nobody else may read
    command: tuple[str, ...] = ()  #: prints the secret whose name it is given
    timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A secret that there is, or that something refers to."""

    name: str
    origin: str  #: where it comes from; empty: nowhere
    problem: str = ""  #: why it can not be used


def named(value: object) -> str | None:
    """Return the name in a reference, `{"secret": NAME}`; None for anything else."""
    if isinstance(value, Mapping) and set(value) == {"secret"}:
        name = value["secret"]
        return name if isinstance(name, str) else ""
    return None


def written(name: str) -> str:
    """Return the reference to the secret *name* as a text, for where there are only texts."""
    return f'{{secret = "{name}"}}'


def named_in(text: str) -> str | None:
    """Return the name in a reference that is a text; None if it is none."""
    found = _TEXT.fullmatch(text)
    return found[1] if found else None


def check_name(name: str) -> str:
    """Return *name*.

    Raises:
        SecretError: Nothing can be called so.
    """
    if not NAME.fullmatch(name):
        raise SecretError(
            f"{safe(name)!r:.80} can not be the name of a secret",
            hint="use capital letters, digits and '_', such as SMTP_PASSWORD",
        )
    return name


def names_in(value: object) -> Iterator[str]:
    """Yield the names of the secrets that a config, or a part of it, refers to."""
    name = named(value)
    if name is not None:
        yield name
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from names_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from names_in(inner)


def masked(value: Json) -> Json:
    """Return *value* with a text in place of every reference: to check what else it says.

    Raises:
        SecretError: A reference names what nothing can be called.
    """
    name = named(value)
    if name is not None:
        return check_name(name)
    if isinstance(value, dict):
        return {key: masked(inner) for key, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


class Secrets:
    """Looks secrets up. Every one that it finds is kept out of logs from then on."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def learn(self) -> None:
        """Find all that lie ready, so that they are kept out of logs: all but the command's."""
        for name in self._ready():
            try:
                self.get(name)
            except SecretError:
                continue  # whoever wants it will be told

    def get(self, name: str) -> str:
        """Return the secret *name*.

        Raises:
            SecretError: There is none, or it can not be used.
        """
        for origin, value in self._look(check_name(name)):
            return _checked(name, origin, value)
        raise SecretError(
            f"there is no secret {name}",
            hint=f"give it as a credential of the service, as {VARIABLE}{name}, "
            "or see docs/how-to/keep-secrets.md",
        )

    def resolve(self, text: str) -> str:
        """Return what *text* stands for: the secret that it refers to, or itself.

        Raises:
            SecretError: There is no such secret.
        """
        name = named_in(text)
        return text if name is None else self.get(name)

    def resolved(self, value: Json) -> Json:
        """Return *value* with every secret that it refers to in its place.

        Raises:
            SecretError: There is no such secret.
        """
        name = named(value)
        if name is not None:
            return self.get(name)
        if isinstance(value, dict):
            return {key: self.resolved(inner) for key, inner in value.items()}
        return [self.resolved(inner) for inner in value] if isinstance(value, list) else value

    def list(self, wanted: Iterable[str] = ()) -> "list[Listed]":
        """Return every secret that lies ready, and of those *wanted* whether they are there."""
        return [self._listed(name) for name in sorted({*self._ready(), *wanted})]

    def _listed(self, name: str) -> Listed:
        origin = ""
        try:
            for origin, value in self._look(check_name(name)):
                _checked(name, origin, value)
                return Listed(name, origin)
        except SecretError as error:
            return Listed(name, origin, str(error))
        return Listed(name, "", "there is none")

    def _look(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield where the secret is, and it, from each place that has one."""
        places = self._places
        credentials = places.environ.get(CREDENTIALS)
        if credentials:
            yield from _in_file(Path(credentials) / name, "credential", private=False)
        if VARIABLE + name in places.environ:
            yield f"environment {VARIABLE}{name}", places.environ[VARIABLE + name]
        if places.folder is not None:
            yield from _in_file(places.folder / name, "file", private=True)
        if places.command:
            yield "command", self._ask(name)

    def _ask(self, name: str) -> str:
        import subprocess  # only where there is a command

        command = [word.replace(PLACE, name) for word in self._places.command]
        if command == list(self._places.command):
            command.append(name)
        try:
            done = subprocess.run(  # noqa: S603 - the administrator's own command, without a shell
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._places.timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            seconds = self._places.timeout_seconds
            raise SecretError(f"secret {name}: the command took more than {seconds:g} s") from None
        except OSError as error:
            raise SecretError(
                f"secret {name}: the command can not be run: {error.strerror}"
            ) from None
        if done.returncode:
            # What it printed is not shown: it may hold the secret, or another one.
            raise SecretError(f"secret {name}: the command ended with {done.returncode}")
        return _text(name, "command", done.stdout)

    def _ready(self) -> set[str]:
        places = self._places
        found = {
            name.removeprefix(VARIABLE) for name in places.environ if name.startswith(VARIABLE)
        }
        for folder in (places.environ.get(CREDENTIALS), places.folder):
            try:
                found.update(os.listdir(folder) if folder else ())  # noqa: PTH208 - names only
            except OSError:
                continue
        return {name for name in found if NAME.fullmatch(name)}


def _in_file(path: Path, kind: str, *, private: bool) -> Iterator[tuple[str, str]]:
    origin = f"{kind} {path}"
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if private and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretError(
                    f"secret {path.name}: others may read {path}", hint=f"chmod 600 {path}"
                )
            content = file.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise SecretError(f"secret {path.name}: {path} can not be read: {error.strerror}") from None
    yield origin, _text(path.name, origin, content)


def _text(name: str, origin: str, content: bytes) -> str:
    if len(content) > _MOST_BYTES:
        raise SecretError(f"secret {name}: the {origin} has more than {_MOST_BYTES} bytes")
    try:
        # The end of the line that editors and `echo` write is no part of it.
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError(f"secret {name}: the {origin} is not UTF-8 text") from None


def _checked(name: str, origin: str, value: str) -> str:
    if len(value) < redaction.LEAST_LENGTH:
        raise SecretError(
            f"secret {name}: the {origin} holds fewer than {redaction.LEAST_LENGTH} characters",
            hint="so short a text can not be kept out of logs",
        )
    redaction.learn(name, value)
    return value
