"""Changing one setting in a file, and nothing else of it: comments and order stay."""

import contextlib
import os
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from stoma.exceptions import NotFoundError, SettingsError, UsageError
from stoma.secrets import named_in
from stoma.settings.load import check_text, check_value, is_setting, typed
from stoma.settings.schema import known_settings
from stoma.text import did_you_mean


def changed_text(path: Path, key: str, value: str | None) -> str | None:
    """Return what the file at *path* says when *key* is set; None if that changes nothing.

    Args:
        path: The file; it need not exist.
        key: In dotted form, `scheduler.drain_seconds` or `variables.topic`.
        value: As it is typed: a list has `:` between its parts, or is TOML. None: leave it out.

    Raises:
        NotFoundError: There is no such setting.
        SettingsError: The file can not be used.
        UsageError: The setting can not have that value.
    """
    import tomlkit  # only where something is changed

    if not is_setting(key):
        hint = did_you_mean(key, known_settings()) or "every setting: stoma config show"
        raise NotFoundError("setting", key, hint=hint)
    before = _text(path)
    check_text(path, before)
    document = tomlkit.parse(before)
    *sections, name = key.split(".")
    wanted = None if value is None else _parsed(key, value)
    table: MutableMapping[str, Any] = document
    for section in sections:
        if section not in table and wanted is not None:
            table[section] = tomlkit.table()
        table = table.get(section, {})
    if wanted is not None:
        table[name] = wanted
    elif name in table:
        del table[name]
    after = tomlkit.dumps(document)
    header = f"[{'.'.join(sections)}]\n"
    if header not in before:  # a new section stands apart from what is above it
        after = re.sub(f"([^\\n])\\n{re.escape(header)}", rf"\1\n\n{header}", after, count=1)
    check_text(path, after)
    return None if after == before else after


def write_text(path: Path, text: str) -> None:
    """Write *text* to the file at *path*, whole or not at all; it keeps its mode and its links.

    Raises:
        SettingsError: It can not be written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        # It may come to hold secrets.
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
            file.write(text)
        with contextlib.suppress(FileNotFoundError):
            there = target.stat()
            fresh.chmod(there.st_mode & 0o7777)
            if (there.st_uid, there.st_gid) != (os.getuid(), os.getgid()):
                os.chown(fresh, there.st_uid, there.st_gid)
        fresh.replace(target)
    except OSError as error:
        raise SettingsError(
            f"{path}: can not be written: {error.strerror}",
            hint="you need to be allowed to write it, and its folder",
        ) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}: can not be read: {getattr(error, 'strerror', None) or error}",
            hint="it must be a UTF-8 text that you may read",
        ) from None


def _parsed(key: str, value: str) -> object:
    """Return what somebody typed as TOML holds it, if the setting can be that."""
    found = _as_toml(key, value)
    try:
        check_value(key, found)
    except SettingsError as error:
        raise UsageError(str(error).removeprefix(": "), hint=error.hint) from None
    return found


def _as_toml(key: str, value: str) -> object:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    reference = named_in(value)
    if reference is not None:
        table = tomlkit.inline_table()
        table["secret"] = reference
        return table
    if value.startswith(("[", "{")):
        try:
            return tomlkit.value(value)
        except (TOMLKitError, ValueError) as error:
            raise UsageError(
                f"{value!r} is no TOML value: {error}", hint="quote its texts"
            ) from None
    return typed(key, value)
