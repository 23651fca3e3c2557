"""What the attempts of `executors.py` do: nothing, but they say when they are at work."""

import os
import sys
import time
from importlib import import_module


def light(run_id: int, fence: int) -> None:
    """Say when this is reached."""
    os.write(1, b"%d\n" % time.monotonic_ns())


def heavy(run_id: int, fence: int) -> None:
    """Say it with everything imported that an attempt of the scheduler needs."""
    for module in os.environ["HEAVY"].split():
        if module not in sys.modules:
            import_module(module)
    light(run_id, fence)
