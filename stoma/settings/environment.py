"""What the environment says besides settings. Light: every command reads it."""

import os
from collections.abc import Mapping
from typing import Final

from stoma.exceptions import UsageError
from stoma.text import did_you_mean

#: What our variables begin with.
PREFIX: Final = "STOMA_"
#: What the variables begin with that hold secrets.
SECRET_PREFIX: Final = "STOMA_SECRET_"  # noqa: S105 - a name
#: Variables that are not settings, and that people set.
FOR_PEOPLE: Final = frozenset({"STOMA_HOME", "STOMA_OUTPUT", "STOMA_DEBUG"})
#: Variables of ours that are not settings.
NOT_SETTINGS: Final = frozenset(
    {
        "STOMA_HOME",
        "STOMA_OUTPUT",
        "STOMA_DEBUG",
        "STOMA_RUN_ID",
        "STOMA_INSTANCE",
        # What an attempt tells the programs it starts.
        "STOMA_SCHEDULED_FOR",
        "STOMA_WINDOW_START",
        "STOMA_WINDOW_END",
    }
)
#: What a command can print, by the name that `--output` and `STOMA_OUTPUT` take.
OUTPUTS: Final = ("table", "wide", "json", "jsonl", "csv", "tsv", "name")


def environment(environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return *environ*, or the process's own environment."""
    return os.environ if environ is None else environ


def debug_enabled(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether `STOMA_DEBUG` asks for tracebacks."""
    word = environment(environ).get("STOMA_DEBUG", "")
    return word.lower() not in {"", "0", "no", "false", "off"}


def completing(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the shell asks what it could complete."""
    return f"_{PREFIX}COMPLETE" in environment(environ)


def output_default(environ: Mapping[str, str] | None = None) -> str:
    """Return the output form that `STOMA_OUTPUT` names, `table` if it names none.

    Raises:
        UsageError: There is no such form.
    """
    output = environment(environ).get("STOMA_OUTPUT") or "table"
    if output not in OUTPUTS:
        raise UsageError(
            f"environment STOMA_OUTPUT is {output!r}, must be one of {', '.join(OUTPUTS)}",
            hint=did_you_mean(output, OUTPUTS) or "unset STOMA_OUTPUT to get a table",
        )
    return output


def colour_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether colour may be used where there is a terminal (https://no-color.org)."""
    env = environment(environ)
    return not env.get("NO_COLOR") and env.get("TERM") != "dumb"
