"""What every test is given: a log of its own, and no secrets of another."""

import gc
import logging
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from stoma import redaction

# A law holds on a busy machine too: how long an example takes says nothing.
settings.register_profile("stoma", deadline=None)
settings.load_profile("stoma")


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled code in a cache where none is wanted beside its source."""
    cache: pytest.Cache | None = getattr(config, "cache", None)
    if sys.dont_write_bytecode and cache is not None:
        # None is wanted beside the code; to compile all of it in every process takes long.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(cache.mkdir("bytecode"))
        sys.dont_write_bytecode = False


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the garbage collector pass over thousands of tests, which stay until the end."""
    gc.collect()
    gc.freeze()


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
