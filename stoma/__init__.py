"""Stoma: scheduled collection of papers, repositories and filings.

Importing this package costs nothing: the programmatic scheduler is loaded when it is asked for.
"""

from typing import TYPE_CHECKING

from stoma.version import __version__

if TYPE_CHECKING:
    from stoma.scheduler.manager import Scheduler

__all__ = ["Scheduler", "__version__"]


def __getattr__(name: str) -> object:
    """Load `Scheduler` on first use, so that the command line starts without the engine."""
    if name == "Scheduler":
        from stoma.scheduler.manager import Scheduler

        return Scheduler
    raise AttributeError(f"module 'stoma' has no attribute {name!r}")
