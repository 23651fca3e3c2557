"""The service of this machine, or of one user. Light."""

import sys
from collections.abc import Mapping
from pathlib import Path

from stoma.exceptions import UsageError
from stoma.service.units import Target
from stoma.settings import environment


def target(
    *,
    user: bool = False,
    prefix: Path | None = None,
    root: Path | None = None,
    home: Path | None = None,
    sandbox: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Target:
    """Return what is installed where.

    Args:
        user: For the calling user alone.
        prefix: The virtual environment; by default the one that this program runs in.
        root: A folder that stands for the whole system.
        home: One folder for everything, of one user's service.
        sandbox: Let tasks have a sandbox of their own.
        environ: The environment; the process's own if None.

    Raises:
        UsageError: These do not go together.
    """
    if user and sandbox:
        raise UsageError("--sandbox is for the service of the system", hint="leave it out")
    if home is not None and not user:
        raise UsageError(
            "the service of the system has directories of its own, not a --home",
            hint="leave out --home (and STOMA_HOME), or: stoma service install --user",
        )
    return Target(
        prefix=prefix.absolute() if prefix else Path(sys.prefix),
        root=root.absolute() if root else Path("/"),
        user_units=_user_units(environment(environ)) if user else None,
        home=home,
        sandbox=sandbox,
    )


def _user_units(environ: Mapping[str, str]) -> Path:
    """Return the folder of the user's own units (systemd.unit(5))."""
    base = Path(environ.get("XDG_CONFIG_HOME", ""))
    return (base if base.is_absolute() else Path("~/.config").expanduser()) / "systemd" / "user"
