"""What this process and its machine use: numbers that can be true, and None where none are told."""

import resource
from pathlib import Path

import pytest

from stoma.usage import measure, peak_bytes


def test_this_process_uses_something(tmp_path: Path) -> None:
    found = measure(tmp_path)

    assert found.cpu_seconds > 0
    assert found.memory_bytes is not None
    assert 1_000_000 < found.memory_bytes < 10_000_000_000
    assert found.cores >= 1
    assert found.load is not None
    assert found.disk_free_bytes is not None


def test_what_the_system_tells_of_a_process_is_read(tmp_path: Path) -> None:
    (tmp_path / "statm").write_text("5000 2000 300 1 0 900 0\n")
    (tmp_path / "fd").mkdir()
    for name in "012":
        (tmp_path / "fd" / name).touch()

    found = measure(tmp_path, proc=tmp_path)

    assert (found.memory_bytes, found.open_files) == (2000 * resource.getpagesize(), 3)


def test_where_the_system_tells_less_the_rest_is_unknown(tmp_path: Path) -> None:
    found = measure(tmp_path / "gone", proc=tmp_path / "gone")

    assert (found.open_files, found.disk_free_bytes) == (None, None)
    assert found.memory_bytes is not None  # the most it ever was


@pytest.mark.parametrize(("platform", "expected"), [("darwin", 5), ("freebsd14", 5120)])
def test_systems_count_memory_differently(platform: str, expected: int) -> None:
    assert peak_bytes(5, platform) == expected
