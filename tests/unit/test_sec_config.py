"""What a task of type sec_edgar may say."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stoma.collectors.sec_edgar import SecEdgarCollector, SecEdgarConfig
from stoma.domain.task import Json
from stoma.edgar.forms import walks
from stoma.edgar.ownership import find_ownership, read_ownership
from stoma.exceptions import TaskConfigError
from tests.edgar import recorded

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "how-to" / "collect-sec-edgar.md").read_text()
EXAMPLES = re.findall(r"```json\n(.*?)```", MANUAL, re.DOTALL)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"days_back": 0}, "config.days_back: input should be greater than or equal to 1"),
        ({"days_back": 15001}, "less than or equal to 15000"),
        ({"days_back": 367}, "without ciks, tickers or a query it can be 366 at most"),
        ({"filing_type": 8}, "config.filing_type: must be a form such as '8-K', or a list"),
        ({"filing_type": ["8-K", 8]}, "config.filing_type: must be a form such as '8-K'"),
        ({"filing_type": {"8-K": 1}}, "config.filing_type: must be a form"),
        ({"filing_type": "8-K;10-K"}, "config.filing_type: must be a form"),
        ({"filing_type": "Form 4"}, "config.filing_type: 'Form 4' is written '4'"),
        ({"ciks": ["AAPL"]}, "config.ciks: 'AAPL' is not a CIK such as"),
        ({"ciks": ["0000000000"]}, "is not a CIK"),
        ({"ciks": ["12345678901"]}, "is not a CIK"),
        ({"ciks": [320193]}, "config.ciks.0: input should be a valid string"),
        ({"ciks": ["1"] * 501}, "at most 500 items"),
        ({"tickers": ["A APL"]}, "config.tickers: 'A APL' is not a ticker such as"),
        ({"tickers": [""]}, "is not a ticker"),
        ({"limit": -1}, "greater than or equal to 0"),
        ({"limit": "9"}, "valid integer"),
        ({"include_amendments": "yes"}, "config.include_amendments: input should be a valid bool"),
        ({"query": "x" * 1001}, "at most 1000 characters"),
        ({"filing_types": "8-K"}, "config.filing_types: unknown key"),
    ],
)
def test_a_config_that_can_not_be_used_is_told_by_its_key(
    config: dict[str, Json], words: str
) -> None:
    with pytest.raises(TaskConfigError, match=words) as caught:
        SecEdgarConfig.read("t", config)

    assert str(caught.value).startswith("task 't': config")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"days_back": 1, "filing_type": "8-K"},
        {"days_back": 366},
        {"days_back": 15000, "ciks": ["320193"]},
        {"days_back": 15000, "tickers": ["BRK.B"]},
        {"days_back": 400, "query": "climate"},
        {"filing_type": ["10-K", "10-Q/A", "SC 13D", "1-A POS", "DEF 14A", "10-K405"]},
        {"filing_type": ""},
        {"filing_type": []},
    ],
)
def test_a_config_that_can_be_used(config: dict[str, Json]) -> None:
    assert config.items() <= SecEdgarConfig.read("t", config).model_dump().items()


@pytest.mark.parametrize(
    ("config", "forms"),
    [
        ({}, set()),
        ({"include_amendments": True}, set()),
        ({"filing_type": "8-k"}, {"8-K"}),
        ({"filing_type": ["8-K", ""]}, {"8-K"}),
        ({"filing_type": ["sc  13d"]}, {"SC 13D"}),
        ({"filing_type": "10-K", "include_amendments": True}, {"10-K", "10-K/A"}),
        ({"filing_type": ["4/A"], "include_amendments": True}, {"4/A"}),
    ],
)
def test_forms_are_exact_and_amendments_only_on_demand(
    config: dict[str, Json], forms: set[str]
) -> None:
    assert SecEdgarConfig.read("t", config).wanted.forms == forms


@pytest.mark.parametrize(
    ("forms", "asked"),
    [
        ([], [""]),
        (["8-K", "8-K/A"], ["8-K"]),
        (["10-K", "10-KT", "10-Q"], ["10-K", "10-Q"]),
        (["3", "3/A", "4", "4/A", "5", "5/A"], ["3", "4", "5"]),
        (["4", "424B2", "40-F"], ["4", "40-F", "424B2"]),
    ],
)
def test_the_list_is_asked_by_prefix_as_seldom_as_can_be(
    forms: list[str], asked: list[str]
) -> None:
    assert walks(forms) == asked


@pytest.mark.parametrize("block", EXAMPLES)
def test_the_examples_of_the_manual_can_be_used(block: str) -> None:
    assert SecEdgarConfig.read("t", json.loads(block)).wanted.limit == 10000


@pytest.mark.parametrize("preset", ["default", "business"])
def test_the_tasks_of_the_presets_can_be_used(preset: str) -> None:
    tasks = tomllib.loads((ROOT / "presets" / f"{preset}.toml").read_text())["tasks"].values()
    configs = [task["config"] for task in tasks if task["type"] == "sec_edgar"]

    assert configs
    for config in configs:
        assert SecEdgarConfig.read("t", config).wanted.recent


def test_every_key_is_in_the_manual() -> None:
    form: Mapping[str, Any] = read_ownership(find_ownership(recorded("form4.txt")) or b"")
    keys = {*SecEdgarConfig.model_fields, *form, *form["transactions"][0], *form["owners"][0]}

    assert {key for key in keys if f"`{key}`" not in MANUAL} == set()


def test_companies_are_asked_once_each_and_in_ten_digits() -> None:
    config = SecEdgarConfig.read("t", {"ciks": ["320193", "0000320193", "1"]})

    assert config.wanted.ciks == ("0000320193", "0000000001")


def test_without_an_address_the_sec_is_not_asked() -> None:
    assert SecEdgarCollector.needs({"contact": ""}) == SecEdgarCollector.needs({})
    assert SecEdgarCollector.needs({}) == (
        "sec_edgar needs a contact address: stoma config set sources.contact you@example.org, "
        "or the variable STOMA_SOURCES__CONTACT"
    )
    assert SecEdgarCollector.needs({"contact": "you@example.org"}) == ""


def test_checking_a_config_loads_no_client() -> None:
    code = (
        "import sys, stoma.collectors.sec_edgar as s; s.SecEdgarConfig.read('t', {});"
        "print(sorted({'requests', 'httpx2', 'sqlalchemy'} & set(sys.modules)))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"
