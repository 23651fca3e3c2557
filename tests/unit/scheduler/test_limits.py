"""May another run start? The comparison, and the look at the machine behind it."""

import logging
from datetime import timedelta

import pytest

from stoma.scheduler.limits import MEGABYTE, Gauge, blocked_by_limits, memory_limit_bytes
from stoma.settings.schema import LimitsSettings
from stoma.usage import Resources
from tests.fakes import START, FakeClock
from tests.makers import make_task


def resources(
    *, free: int | None = 1000, load: float | None = 1.0, cpu_seconds: float = 1.0
) -> Resources:
    """Return what a machine of two cores has, with *free* megabytes of disk."""
    return Resources(
        cpu_seconds=cpu_seconds,
        memory_bytes=50_000_000,
        open_files=9,
        load=load,
        cores=2,
        disk_free_bytes=None if free is None else free * MEGABYTE,
    )


@pytest.mark.parametrize(
    ("found", "limits", "words"),
    [
        (resources(free=100), {}, ""),
        (resources(free=99), {}, "only 99 MB are free"),
        (resources(free=99), {"disk_free_megabytes": 0}, ""),
        (resources(free=0), {"disk_free_megabytes": 0}, ""),
        (resources(free=None), {}, ""),
        (resources(load=50.0), {}, ""),
        (resources(load=4.0), {"load_per_core": 2.0}, ""),
        (resources(load=4.2), {"load_per_core": 2.0}, "the load is 2.1 per core"),
        (resources(load=None), {"load_per_core": 0.1}, ""),
    ],
)
def test_a_run_starts_only_while_the_limits_are_kept(
    found: Resources, limits: dict[str, float], words: str
) -> None:
    blocked = blocked_by_limits(found, LimitsSettings.model_validate(limits))

    assert blocked.startswith(words)
    assert bool(blocked) == bool(words)


@pytest.mark.parametrize(
    ("own", "general", "expected"),
    [(None, 0, None), (None, 256, 256_000_000), (512, 256, 512_000_000), (512, 0, 512_000_000)],
)
def test_a_tasks_own_memory_limit_counts_before_the_general_one(
    own: int | None, general: int, expected: int | None
) -> None:
    limits = LimitsSettings(memory_megabytes=general)

    assert memory_limit_bytes(make_task(memory_limit_mb=own), limits) == expected


class Machine:
    """A machine whose disk fills and empties as the test says."""

    def __init__(self) -> None:
        self.now = resources()
        self.looks = 0

    def __call__(self) -> Resources:
        self.looks += 1
        return self.now


def test_the_machine_is_looked_at_once_a_second(clock: FakeClock) -> None:
    machine = Machine()
    gauge = Gauge(machine, LimitsSettings(), clock)

    for _ in range(3):
        gauge.blocked()
        gauge.sample()
    clock.advance(timedelta(seconds=1))
    gauge.blocked()

    assert machine.looks == 2


def test_a_full_disk_is_said_once_and_passes_by_itself(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    machine = Machine()
    gauge = Gauge(machine, LimitsSettings(), clock)
    assert gauge.blocked() == ""

    for free in (50, 40, 30):
        clock.advance(timedelta(seconds=1))
        machine.now = resources(free=free)
        assert f"only {free} MB" in gauge.blocked()
        assert f"only {free} MB" in gauge.sample().blocked
    clock.advance(timedelta(seconds=1))
    machine.now = resources()

    assert gauge.blocked() == ""
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_cpu_time_counts_from_one_kept_sample_to_the_next(clock: FakeClock) -> None:
    machine = Machine()
    gauge = Gauge(machine, LimitsSettings(), clock)

    clock.advance(timedelta(seconds=14))
    gauge.blocked()
    clock.advance(timedelta(seconds=1))
    machine.now = resources(cpu_seconds=1.3)
    first = gauge.sample()
    clock.advance(timedelta(seconds=15))
    second = gauge.sample()

    assert first.at == START + timedelta(seconds=15)
    assert first.cpu_percent == pytest.approx(2.0)
    assert second.cpu_percent == 0.0
    assert gauge.sample().cpu_percent is None
