"""May another run start now? What the machine has left, looked at and compared with the limits."""

import logging
from collections.abc import Callable

from stoma.clock import Clock
from stoma.domain.task import Task
from stoma.settings.schema import LimitsSettings
from stoma.usage import Resources, Sample

_log = logging.getLogger(__name__)

MEGABYTE = 1_000_000
#: A look is good for so long.
_LOOK_SECONDS = 1.0


def blocked_by_limits(resources: Resources, limits: LimitsSettings) -> str:
    """Return why no run may start with what is left; empty if one may.

    What the system does not tell limits nothing.
    """
    free = resources.disk_free_bytes
    if free is not None and free < limits.disk_free_megabytes * MEGABYTE:
        return (
            f"only {free // MEGABYTE} MB are free where the registry is, "
            f"and limits.disk_free_megabytes is {limits.disk_free_megabytes}"
        )
    load = None if resources.load is None else resources.load / resources.cores
    if load is not None and 0 < limits.load_per_core < load:
        return (
            f"the load is {load:.1f} per core, and limits.load_per_core is {limits.load_per_core:g}"
        )
    return ""


def memory_limit_bytes(task: Task, limits: LimitsSettings) -> int | None:
    """Return how much memory an attempt of *task* may use; None: as much as there is."""
    megabytes = task.memory_limit_mb or limits.memory_megabytes
    return megabytes * MEGABYTE if megabytes else None


class Gauge:
    """What this process uses and the machine has left, looked at no more than once a second.

    Args:
        measure: Returns what is in use.
        limits: What must be left for a run to start.
        clock: The clock.
    """

    def __init__(
        self, measure: Callable[[], Resources], limits: LimitsSettings, clock: Clock
    ) -> None:
        self._measure = measure
        self._limits = limits
        self._clock = clock
        self._found, self._looked_at = measure(), clock.monotonic()
        self._kept_at, self._kept_cpu = self._looked_at, self._found.cpu_seconds
        self._blocked = blocked_by_limits(self._found, limits)
        self._say("")

    def blocked(self) -> str:
        """Return why no run may start now; empty if one may."""
        self._look()
        return self._blocked

    def sample(self) -> Sample:
        """Return what is in use now, to be kept; CPU time counts since the last call."""
        found, ticks = self._look(), self._clock.monotonic()
        used, passed = found.cpu_seconds - self._kept_cpu, ticks - self._kept_at
        percent = 100 * used / passed if passed > 0 else None
        self._kept_at, self._kept_cpu = ticks, found.cpu_seconds
        return Sample(
            at=self._clock.now(), resources=found, cpu_percent=percent, blocked=self._blocked
        )

    def _look(self) -> Resources:
        ticks = self._clock.monotonic()
        if ticks - self._looked_at >= _LOOK_SECONDS:
            before = self._blocked
            self._found, self._looked_at = self._measure(), ticks
            self._blocked = blocked_by_limits(self._found, self._limits)
            self._say(before)
        return self._found

    def _say(self, before: str) -> None:
        if self._blocked and not before:
            _log.warning("no run starts for now: %s; what runs goes on", self._blocked)
        if before and not self._blocked:
            _log.info("runs start again: the limits are kept")
