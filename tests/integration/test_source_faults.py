"""Faults at every source, from the socket to the rows: the same rows, or an honest end.

Every fault at every request is in `tests/contract/test_sources.py`, without sockets and tables.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from stoma.domain.run import Outcome, RunState
from stoma.pipeline import query_key
from tests.contract.sources import ALL
from tests.replay import Answer, ReplayServer, bomb, cut_off, page, slow_down, torn
from tests.served import Contract, Killed, attempt, kill_after, queued, registry, rows, serve

_BLOCK = "<html><title>Access Denied</title>Undeclared Automated Tool</html>"
FAULTS: dict[str, Callable[[], Answer]] = {
    "429 with a time": lambda: slow_down("90"),
    "403 with a block page": lambda: page(_BLOCK, 403),
    "cut off": lambda: cut_off(b"<feed>" + bytes(2000), 900),
    "a bomb": lambda: bomb(20_000_000),
    "torn down": torn,
}
#: One undisturbed run per source: how many requests and pages it takes, and its rows.
WHOLE: dict[Contract, tuple[int, int, object, object]] = {}


def undisturbed(home: Path, contract: Contract) -> tuple[int, int, object, object]:
    if contract not in WHOLE:
        with (
            serve(ReplayServer(), contract) as server,
            registry(home / "whole", contract, server.url) as (app, _),
        ):
            done = attempt(app, queued(app))
            assert done.outcome is Outcome.SUCCEEDED
            cursor = app.items.cursor("t", query_key(app.tasks.get("t")))
            WHOLE[contract] = len(server.seen), done.counts.pages, rows(app), cursor[0].keys()
    return WHOLE[contract]


def cases() -> list[tuple[Contract, str, int]]:
    """Return every fault at every source, each at another of its requests."""
    return [
        (contract, name, number + place)
        for place, contract in enumerate(ALL)
        for number, name in enumerate(FAULTS)
    ]


@pytest.mark.parametrize(
    ("contract", "name", "turn"), cases(), ids=lambda each: getattr(each, "__name__", each)
)
def test_a_fault_ends_in_the_same_rows_or_is_told(
    tmp_path: Path, contract: Contract, name: str, turn: int
) -> None:
    requests, _, whole, _ = undisturbed(tmp_path, contract)
    with (
        serve(ReplayServer(), contract) as server,
        registry(tmp_path / "home", contract, server.url) as (app, clock),
    ):
        server.answer_request(turn % requests + 1, FAULTS[name]())
        run = queued(app)

        for _ in range(4):
            if run.state is not RunState.DONE:
                run = attempt(app, run)
                clock.sleep(3 * 3600)

        if run.outcome is Outcome.SUCCEEDED:
            assert rows(app) == whole
        else:
            assert run.outcome in {Outcome.FAILED, Outcome.PARTIAL, Outcome.DEAD}
            assert app.items.cursor("t", query_key(app.tasks.get("t"))) == ({}, None)


@pytest.mark.parametrize("contract", ALL, ids=lambda each: each.__name__)
def test_a_kill_after_any_page_loses_and_doubles_nothing(
    tmp_path: Path, contract: Contract
) -> None:
    _, pages, whole, cursor = undisturbed(tmp_path, contract)
    for number in range(1, pages):
        with (
            serve(ReplayServer(), contract) as server,
            registry(tmp_path / f"{number}", contract, server.url) as (app, _),
        ):
            run = queued(app)

            with pytest.raises(Killed):
                attempt(app, run, kill_after(number))
            app.runs.interrupt(app.runs.get(run.id), now=app.clock.now(), again=True, error="")
            done = attempt(app, run)

            assert done.outcome is Outcome.SUCCEEDED
            assert rows(app) == whole
            known, _ = app.items.cursor("t", query_key(app.tasks.get("t")))
            assert known.keys() == cursor
