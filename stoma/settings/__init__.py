"""Settings: one documented schema, and the places its values come from.

The only package that reads the environment. It creates no file and no directory. The schema is
loaded when it is first asked for; what the light commands need (`glance`, the environment) is not
behind it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from stoma.settings.environment import (
    OUTPUTS,
    colour_wanted,
    completing,
    debug_enabled,
    environment,
    output_default,
)
from stoma.settings.glance import Glance, glance
from stoma.settings.places import SYSTEM_CONFIG, Paths

if TYPE_CHECKING:
    from stoma.settings.load import (
        ConfigFile,
        Loaded,
        child_environment,
        env_name,
        load_settings,
    )
    from stoma.settings.schema import Settings, known_settings

__all__ = [
    "OUTPUTS",
    "SYSTEM_CONFIG",
    "ConfigFile",
    "Glance",
    "Loaded",
    "Paths",
    "Settings",
    "child_environment",
    "colour_wanted",
    "completing",
    "debug_enabled",
    "env_name",
    "environment",
    "glance",
    "known_settings",
    "load_settings",
    "output_default",
]

_SCHEMA = ("Settings", "known_settings")


def __getattr__(name: str) -> object:
    """Load the schema, and what reads it, on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module("stoma.settings.schema" if name in _SCHEMA else "stoma.settings.load")
    return getattr(module, name)
