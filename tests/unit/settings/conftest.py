"""Places that may hold settings, in a world of their own."""

from pathlib import Path

import pytest

from stoma.settings import (
    Loaded,
    load_settings,
)
from tests.unit.settings.common import Load, xdg


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """Return the file of each place that may hold settings; their folders exist."""
    files = {
        "working": tmp_path / "work" / "stoma.toml",
        "user": tmp_path / "config" / "stoma" / "config.toml",
        "system": tmp_path / "etc" / "config.toml",
        "home": tmp_path / "home" / "config.toml",
    }
    for file in files.values():
        file.parent.mkdir(parents=True)
    return files


@pytest.fixture
def load(tmp_path: Path, places: dict[str, Path]) -> Load:
    """Return `load_settings` in a world of its own."""

    def load_there(*, home: Path | None = None, **arguments: object) -> Loaded:
        environ = dict(arguments.pop("environ", {}))  # type: ignore[call-overload]
        return load_settings(
            home=home,
            environ=environ | xdg(tmp_path),
            cwd=tmp_path / "work",
            system=places["system"],
            **arguments,  # type: ignore[arg-type]
        )

    return load_there
