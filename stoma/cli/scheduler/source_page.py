"""How `status` and `show-task` show the sources, who waits for them, and what is unusual."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from stoma.cli.tables import Column
from stoma.cli.times import Times, iso
from stoma.cli.words import tint
from stoma.domain.task import Json
from stoma.operations.sources import SourceLine, Sources
from stoma.storage.read_sources import DeferredLine, UnusualLine

T = TypeVar("T")


def source_columns(times: Times) -> list[Column[SourceLine]]:
    """Return the columns of a list of sources."""
    return [
        _marked(lambda line: "!" if line.held_until else "✓"),
        Column("source", lambda line: line.source, least=27),
        Column("left", lambda line: _left_words(line, times), least=20),
    ]


def deferred_columns(times: Times) -> list[Column[DeferredLine]]:
    """Return the columns of a list of runs that wait for a budget."""
    return [
        _marked(lambda line: "."),
        Column("task", lambda line: line.task_id, least=27),
        Column("goes_on", lambda line: f"goes on {times.near(line.not_before)}"),
        Column("run", lambda line: f"run {line.run_id}"),
    ]


def unusual_columns(times: Times) -> list[Column[UnusualLine]]:
    """Return the columns of a list of what is unusual."""
    return [
        _marked(lambda line: "!"),
        Column("task", lambda line: line.task_id, least=27),
        Column("what", lambda line: line.text, least=20),
        Column("since", lambda line: f"since {times.near(line.since)}"),
    ]


def sources_record(found: Sources) -> list[Json]:
    """Return the stable fields of the sources."""
    return [
        {
            "source": line.source,
            "left": line.left,
            "burst": line.burst,
            "interval_seconds": line.interval_seconds,
            "free_at": iso(line.free_at),
            "held_until": iso(line.held_until),
            "limit": line.limit,
            "remaining": line.remaining,
            "reset_at": iso(line.reset_at),
        }
        for line in found.lines
    ]


def deferred_record(found: Sources) -> list[Json]:
    """Return the stable fields of the runs that wait."""
    return [
        {"task_id": each.task_id, "run_id": each.run_id, "not_before": iso(each.not_before)}
        for each in found.deferred
    ]


def unusual_record(line: UnusualLine) -> Json:
    """Return the stable fields of something unusual."""
    return {
        "task_id": line.task_id,
        "kind": line.kind,
        "text": line.text,
        "since": iso(line.since),
    }


def _left_words(line: SourceLine, times: Times) -> str:
    if line.held_until:
        return f"asked us to wait: nothing is sent until {times.at(line.held_until)}" + (
            f" ({times.near(line.held_until)})"
        )
    every = f"one each {line.interval_seconds:g} s"
    words = [f"{line.left} of {line.burst} at once, then {every}" if line.burst > 1 else every]
    if line.free_at and line.free_at - times.now >= timedelta(seconds=1):
        words.append(f"the next {times.near(line.free_at)}")
    if line.remaining is not None:
        reset = f" until {times.at(line.reset_at)}" if line.reset_at else ""
        words.append(f"its own count: {line.remaining} of {line.limit} left{reset}")
    return "; ".join(words)


def _marked(sign: Callable[[T], str]) -> Column[T]:
    return Column("state", sign, tint=lambda record: tint(sign(record)))
