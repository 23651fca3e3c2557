"""What a process needs that starts attempts: an entry in the registry, and an executor."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from stoma.app import App
from stoma.collectors import COLLECTORS
from stoma.exceptions import RegistryError
from stoma.executors import default_executor
from stoma.executors.base import Executor, Launch
from stoma.normalizers import NORMALIZERS
from stoma.processes import Instance
from stoma.registry import Registry
from stoma.service.notify import OWN_VARIABLES
from stoma.settings import Loaded, Paths, child_environment
from stoma.version import __version__

#: What parts import when they are first used: libraries, and what brings them.
_LIBRARIES = ("arxiv", "stoma.github.client")


def attempt_executor(
    app: App, instance: Instance, *, apart: str = ""
) -> AbstractContextManager[Executor]:
    """Return where the attempts of *instance* run: each in a process of its own.

    Args:
        app: The registry.
        instance: Who starts them.
        apart: Keeps their folder apart from that of the one scheduler.
    """
    launch = Launch(
        entry="stoma.scheduler.attempt:main",
        prepare="stoma.scheduler.warm:prepare",
        preload=(*_modules(COLLECTORS), *_modules(NORMALIZERS), *_LIBRARIES),
        environment=attempt_environment(app.loaded),
        instance=instance.id,
        work_dir=_work_dir(app.paths, apart),
    )
    return default_executor(launch, app.clock)


def attempt_environment(loaded: Loaded) -> dict[str, str]:
    """Return the environment of attempts: what the service manager said was said to us alone."""
    return {k: v for k, v in child_environment(loaded).items() if k not in OWN_VARIABLES}


@contextmanager
def at_work(app: App, instance: Instance) -> Iterator[None]:
    """Let the registry know that *instance* is at work, and when it is no longer."""
    app.instances.enter(instance, version=__version__, now=app.clock.now())
    try:
        yield
    except BaseException:
        # Where nothing can be written any more, the next to come takes this one for dead.
        with suppress(RegistryError):
            app.instances.leave(instance.id, now=app.clock.now())
        raise
    app.instances.leave(instance.id, now=app.clock.now())


def _work_dir(paths: Paths, apart: str) -> Path:
    """Return where attempts work: a folder that only one process of a registry uses."""
    name = f"{paths.database.stem}-{crc32(bytes(paths.database)):08x}"
    return paths.run_dir / "work" / (f"{name}-{apart}" if apart else name)


def _modules(parts: Registry[Any]) -> Iterator[str]:
    """Yield the modules of the parts that come with stoma."""
    return (target.partition(":")[0] for target in parts.table.values())
