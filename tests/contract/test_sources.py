"""Our own sources keep the contract that `stoma.testing` has for everybody's."""

import pytest

from stoma.testing import CollectorContract
from tests.contract.sources import ALL

PROMISES = [name for name in dir(CollectorContract) if name.startswith("test_")]


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("contract", ALL, ids=lambda each: each.__name__)
def test_a_promise_is_kept(contract: type[CollectorContract], promise: str) -> None:
    getattr(contract(), promise)()
