"""How the tests of task files read one."""

from pathlib import Path

import pytest

from stoma.taskfiles.reading import TaskFile, read_task_file
from tests.unit.taskfiles.common import Read


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a task file from its text."""

    def read_text(text: str, name: str = "t.yaml") -> TaskFile:
        path = tmp_path / name
        path.write_text(text)
        return read_task_file(path)

    return read_text
