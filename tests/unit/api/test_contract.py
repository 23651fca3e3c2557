"""The document of the API holds: no server errors, no undocumented answers, whatever is sent."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from httpx2 import Response
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web import HOST, Site, application, site

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: They flow for as long as somebody listens.
ENDLESS = ["/api/scheduler/events", "/api/scheduler/runs/{run_id}/log/stream"]
#: Its cost grows with what is asked for.
COSTLY = ["/api/scheduler/simulate"]

SCHEMA = schemathesis.openapi.from_dict(application("contract").openapi())
SCHEMA.config.phases.update(phases=["fuzzing"])
CHECKED = SCHEMA.exclude(path=[*ENDLESS, *COSTLY])


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with something of everything."""
    home = tmp_path_factory.mktemp("contract") / "home"
    with site(home, name="contract", task_changes_per_minute=0, run_starts_per_minute=0) as found:
        found.task("papers")
        found.run("papers", log="a line\n")
        found.run("papers")
        yield found


@CHECKED.parametrize()
@settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented(case: Case[Any], contract: Site) -> None:
    answer = sent(case, contract)

    case.validate_response(answer, checks=CHECKS)


def sent(case: Case[Any], site: Site) -> Response:
    """Send a request to the application in this process, as somebody who needs no credentials."""
    given = case.as_transport_kwargs(base_url=f"http://{HOST}")
    headers = {name: value for name, value in given["headers"].items() if name != "Authorization"}
    return site.send(
        given["method"],
        given["url"],
        params=given.get("params"),
        headers=headers | {"Host": HOST},
        content=given.get("data"),
        json=given.get("json"),
    )
