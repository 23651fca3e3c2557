"""How the tests of presets read a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stoma.presets import (
    Preset,
    validate_file,
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str | bytes], Preset]:
    """Return a function that reads a preset from its text."""

    def read_text(content: str | bytes) -> Preset:
        file = tmp_path / "p.toml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return validate_file(file)

    return read_text
