"""What every test is given: a log of its own, and no secrets of another."""

import logging
from collections.abc import Iterator

import pytest

from stoma import redaction


@pytest.fixture(autouse=True)
def _own_secrets() -> Iterator[None]:
    """Forget what was learned as a secret: each test is a process of its own."""
    yield
    redaction.forget()


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Put the root logger back: commands that are called in this process configure it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
