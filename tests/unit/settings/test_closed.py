"""The service's own settings are nobody else's: closed to others, they are not there for them."""

import os
from pathlib import Path

import pytest

from stoma.exceptions import SettingsError
from stoma.settings import load_settings
from tests.unit.settings.common import xdg


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up being root")
def test_settings_of_the_system_that_are_closed_to_you_are_not_yours(tmp_path: Path) -> None:
    system = tmp_path / "etc" / "config.toml"
    system.parent.mkdir(mode=0o700)
    system.write_text('timezone = "Asia/Tokyo"\n')
    nowhere = xdg(Path("/nowhere"))
    service = {"CONFIGURATION_DIRECTORY": str(system.parent)}
    mine = load_settings(environ=nowhere, cwd=Path("/"), system=system)

    os.seteuid(65534)
    try:
        others = load_settings(environ=nowhere, cwd=Path("/"), system=system)
        with pytest.raises(SettingsError, match="can not be read"):
            load_settings(environ=nowhere | service, cwd=Path("/"), system=system)
    finally:
        os.seteuid(0)

    assert (mine.settings.timezone, others.settings.timezone) == ("Asia/Tokyo", "UTC")
    assert others.files[-1].read is False
