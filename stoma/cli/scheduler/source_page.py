"""How `status` and `show-task` show the sources, who waits for them, and what is unusual."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from stoma.cli.tables import Column
from stoma.cli.times import Times
from stoma.cli.words import tint
from stoma.operations.sources import SourceLine
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
