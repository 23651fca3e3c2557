"""The state as one JSON document: `scheduler_state.json`, for whoever asks for it once."""

from datetime import datetime
from pathlib import Path

from stoma.exceptions import UsageError
from stoma.scheduler import state_file
from stoma.scheduler.state_file import scheduler_state

__all__ = ["scheduler_state", "write_state"]


def write_state(registry: Path, target: Path, now: datetime) -> None:
    """Write the state of *registry* to *target*: whole, or not at all.

    Raises:
        UsageError: The file can not be written.
        RegistryError: The registry can not be read.
    """
    try:
        state_file.write_state(registry, target, now)
    except OSError as error:
        raise UsageError(f"{target} can not be written: {error.strerror}") from error
