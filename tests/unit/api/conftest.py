"""Sites that tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.routes import OWN
from tests.web import Site, site

#: A task of somebody else, whose name begins alike.
OTHER = "dag_attacker"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Site]:
    """Return a site that nobody has an account on."""
    with site(tmp_path / "home") as found:
        yield found


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with users, tokens, and a task and run of two of them."""
    with site(tmp_path_factory.mktemp("guarded") / "home", name="guarded") as found:
        found.user("root", "admin")
        for name, task in (("a", OWN), ("attacker", OTHER)):
            found.user(name)
            found.task(task, owner=name)
            found.run(task, log=f"the log of {task}\n")
        yield found
