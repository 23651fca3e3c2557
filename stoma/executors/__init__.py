"""Executors: where an attempt runs."""

import sys
from typing import TYPE_CHECKING

from stoma.clock import Clock
from stoma.executors.base import Launch
from stoma.registry import Registry

if TYPE_CHECKING:
    from stoma.executors.supervision.executor import ProcessExecutor

EXECUTORS: "Registry[ProcessExecutor]" = Registry(
    "executor",
    {
        "subprocess": "stoma.executors.subprocess:SubprocessExecutor",
        "zygote": "stoma.executors.zygote:ZygoteExecutor",
    },
)


def default_executor(launch: Launch, clock: Clock) -> "ProcessExecutor":
    """Return the best executor of this system, to be used in a `with`.

    Raises:
        PreloadError: (on entering) A module of *launch* can not be imported before attempts.
    """
    kind = EXECUTORS.get("zygote" if sys.platform == "linux" else "subprocess")
    return kind(launch, clock)
