"""What `status` and `show-run` say of CPU, memory, disk and load."""

import json
from datetime import timedelta

import pytest

import stoma
from stoma.processes import this_process
from stoma.storage.runs import Usage
from stoma.usage import Resources, Sample
from tests.fakes import START
from tests.unit.cli.support import Cli, Registry

LITTLE = Resources(
    cpu_seconds=12.5,
    memory_bytes=52_100_000,
    open_files=14,
    load=0.42,
    cores=2,
    disk_free_bytes=12_300_000_000,
)
UNKNOWN = Resources(
    cpu_seconds=1.0, memory_bytes=None, open_files=None, load=None, cores=1, disk_free_bytes=None
)


def beat(registry: Registry, *samples: Sample) -> None:
    """Let a scheduler be at work that used so much, one heartbeat after the other."""
    instance = this_process("scheduler")
    registry.app.instances.enter(instance, version=stoma.__version__, now=START)
    for sample in samples:
        registry.app.instances.beat(instance.id, now=sample.at, sample=sample)


def test_the_newest_heartbeat_counts(cli: Cli, registry: Registry) -> None:
    beat(
        registry,
        Sample(at=START - timedelta(seconds=15), resources=UNKNOWN, cpu_percent=None),
        Sample(at=START, resources=LITTLE, cpu_percent=0.3123),
    )

    shown = cli.scheduler("status")
    using = json.loads(cli.scheduler("status", "--json").out)["scheduler"]["using"]

    assert "using      CPU 0.3 %, memory 52.1 MB, disk free 12.3 GB, load 0.42 of 2\n" in shown.out
    assert "limits" not in shown.out
    assert using == {
        "at": "2026-03-02T12:00:00+00:00",
        "cpu_percent": 0.3123,
        "cpu_seconds": 12.5,
        "memory_bytes": 52_100_000,
        "open_files": 14,
        "load": 0.42,
        "cores": 2,
        "disk_free_bytes": 12_300_000_000,
        "blocked": None,
    }


def test_before_the_first_heartbeat_nothing_is_known(cli: Cli, registry: Registry) -> None:
    beat(registry)

    assert "using" not in cli.scheduler("status").out
    assert json.loads(cli.scheduler("status", "--json").out)["scheduler"]["using"] is None


def test_what_keeps_runs_from_starting_is_a_problem(cli: Cli, registry: Registry) -> None:
    why = "only 80 MB are free where the registry is, and limits.disk_free_megabytes is 100"
    beat(registry, Sample(at=START, resources=LITTLE, cpu_percent=0.0, blocked=why))

    shown, checked = cli.scheduler("status"), cli.scheduler("status", "--check")

    assert checked.code == 1
    assert f"limits     ✗ no run starts for now: {why}\n" in shown.out


@pytest.mark.parametrize("twice", [False, True])
def test_the_same_moment_twice_is_one_sample(cli: Cli, registry: Registry, twice: bool) -> None:
    sample = Sample(at=START, resources=UNKNOWN, cpu_percent=None)
    beat(registry, *[sample] * (1 + twice))

    assert cli.scheduler("status").code == 0


def test_every_attempt_shows_what_it_used(cli: Cli, registry: Registry) -> None:
    registry.task()
    run = registry.failed()
    registry.app.runs.note_usage([Usage(run, 1, 52_000_000, 1.25)])

    shown = cli.scheduler("show-run", run.id)

    assert "1.2 s of CPU, 52.0 MB of memory at its peak" in shown.out
    assert "1.2 s CPU, 52.0 MB" in shown.lines[-1]
