"""A source on the loopback and a gate to it, on a clock that stands still."""

from collections.abc import Iterator

import pytest

from stoma.httpclient import Gate, GatePolicy
from tests.fakes import FakeClock, FreeBudgets
from tests.replay import ReplayServer


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budgets() -> FreeBudgets:
    return FreeBudgets()


@pytest.fixture
def gate(
    request: pytest.FixtureRequest, server: ReplayServer, clock: FakeClock, budgets: FreeBudgets
) -> Iterator[Gate]:
    """Return a gate to the source that the module names in SOURCE, with its own POLICY, if any."""
    policy = GatePolicy(base_url=server.url, **getattr(request.module, "POLICY", {}))
    with Gate(request.module.SOURCE, policy=policy, budgets=budgets, clock=clock) as opened:
        yield opened
