"""What the tests of settings share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from stoma.exceptions import SettingsError
from stoma.settings import (
    Loaded,
)

law = settings(derandomize=True, database=None, deadline=None, max_examples=100)

ROOT = Path(__file__).parents[3]
MANUAL = ROOT / "docs" / "reference" / "settings.md"
Load = Callable[..., Loaded]


def xdg(root: Path) -> dict[str, str]:
    return {
        "XDG_CONFIG_HOME": str(root / "config"),
        "XDG_DATA_HOME": str(root / "data"),
        "XDG_STATE_HOME": str(root / "state"),
        "XDG_CACHE_HOME": str(root / "cache"),
    }


def refusal(load: Load, **arguments: object) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(**arguments)
    return caught.value
