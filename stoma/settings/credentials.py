"""Credentials: read late, by whoever presents them, and kept where nothing prints them."""

from pathlib import Path

from pydantic import SecretStr

from stoma import redaction
from stoma.exceptions import SettingsError
from stoma.secrets import Secrets


def token_in_force(token: SecretStr, file: str, secrets: Secrets) -> SecretStr:
    """Return *token*, or the secret it refers to, or else what *file* holds; empty if none is.

    Raises:
        SecretError: The secret that it refers to is not there.
        SettingsError: The file can not be read, or holds anything but one token.
    """
    if token.get_secret_value() or not file:
        text = secrets.resolve(token.get_secret_value())
        redaction.learn("token", text)
        return SecretStr(text)
    try:
        written = Path(file).expanduser().read_text(encoding="ascii").strip()
    except OSError as error:
        raise _unusable(file, error.strerror or "it can not be read") from error
    except (UnicodeDecodeError, RuntimeError):  # no text, or a home that nobody has
        raise _unusable(file, "it can not be read") from None
    if not written.isprintable() or " " in written or not written:
        raise _unusable(file, "it must hold one token and nothing else")
    redaction.learn("token", written)
    return SecretStr(written)


def _unusable(file: str, problem: str) -> SettingsError:
    return SettingsError(f"the token file {file}: {problem}")
