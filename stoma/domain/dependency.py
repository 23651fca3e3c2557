"""Tasks that run after other tasks: when an end counts, and why there can be no circle."""

from collections.abc import Iterable, Mapping

from stoma.domain.run import GOOD, Outcome
from stoma.domain.task import AfterOn


def satisfies(on: AfterOn, outcome: Outcome | None) -> bool:
    """Return whether a run that ended with *outcome* is what *on* asks for."""
    good = outcome in GOOD or outcome is Outcome.PARTIAL
    return on is AfterOn.ALWAYS or good == (on is AfterOn.SUCCESS)


def find_cycle(upstreams: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the tasks of a circle, first and last the same; empty if there is none."""
    done: set[str] = set()
    for start in upstreams:
        path: list[str] = []
        stack = [(start, iter(upstreams.get(start, ())))]
        while stack:
            task_id, rest = stack[-1]
            if task_id not in path:
                path.append(task_id)
            following = next((each for each in rest if each not in done), None)
            if following is None:
                done.add(task_id)
                path.remove(task_id)
                stack.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            else:
                stack.append((following, iter(upstreams.get(following, ()))))
    return []
