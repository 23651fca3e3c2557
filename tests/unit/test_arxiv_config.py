"""What a task of type arxiv may say."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stoma.collectors.arxiv import ArxivConfig
from stoma.domain.task import Json
from stoma.exceptions import TaskConfigError


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "config: one of search_query, categories and ids is needed"),
        ({"search_query": "  "}, "one of search_query, categories and ids is needed"),
        ({"search_query": "x", "max_result": 5}, "config.max_result: unknown key"),
        ({"search_query": "x", "max_results": 10**7}, "less than or equal to 5000000"),
        ({"search_query": "x", "max_results": -1}, "greater than or equal to 0"),
        (
            {"search_query": "x", "max_results": "25"},
            "max_results: input should be a valid integer",
        ),
        ({"search_query": "x", "max_results": True}, "valid integer"),
        ({"search_query": 5}, "config.search_query: input should be a valid string .it is 5"),
        ({"search_query": "x", "sort_by": "date"}, "config.sort_by: input should be 'relevance'"),
        (
            {"search_query": "x", "sort_order": "up"},
            "config.sort_order: input should be 'ascending'",
        ),
        ({"categories": ["cs.AI", "cs.AI OR all:x"]}, "'cs.AI OR all:x' is not a category"),
        ({"categories": "cs.AI"}, "config.categories: input should be a valid list"),
        ({"ids": ["2401.00001"] * 3, "max_results": 2}, "max_results is 2, but there are 3 ids"),
        ({"ids": ["x"] * 301}, "at most 300 items"),
    ],
)
def test_a_config_that_can_not_be_used_is_told_by_its_key(
    config: dict[str, Json], words: str
) -> None:
    with pytest.raises(TaskConfigError, match=words) as caught:
        ArxivConfig.read("t", config)

    assert str(caught.value).startswith("task 't': config")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"mode": "api"}, "config.mode: input should be 'search', 'oai' or 'rss'"),
        ({"mode": "oai"}, "mode 'oai' needs categories"),
        ({"mode": "rss", "categories": []}, "mode 'rss' needs categories"),
        ({"mode": "oai", "categories": ["cs.AI"], "max_results": 5}, "max_results is not a key of"),
        ({"mode": "rss", "categories": ["cs.AI"], "ids": []}, "ids is not a key of mode 'rss'"),
        ({"search_query": "x", "changed_from": "2026-03-01"}, "changed_from is not a key of mode"),
        ({"categories": ["cs:cs:AI"]}, "'cs:cs:AI' is a set, and only mode 'oai' has sets"),
        ({"mode": "rss", "categories": ["physics:hep-th"]}, "only mode 'oai' has sets"),
        ({"mode": "oai", "categories": ["cs:cs:AI:x"]}, "is not a category"),
        (
            {"mode": "oai", "categories": ["cs"], "changed_from": "2026-3-1"},
            "changed_from: '2026-3-1' is not a day such as '2026-03-01'",
        ),
        (
            {"search_query": "x", "submitted_from": "last week"},
            "submitted_from: 'last week' is not a day such as '2026-03-01' or a minute",
        ),
        (
            {"search_query": "x", "submitted_from": "2026-03-02", "submitted_to": "2026-03-01"},
            "2026-03-02 is after 2026-03-01",
        ),
        ({"submitted_from": "2026-03-02"}, "one of search_query, categories and ids is needed"),
        ({"search_query": "x", "overlap_days": 3}, "overlap_days is for since_last = true"),
        ({"search_query": "x", "since_last": True, "sort_by": "relevance"}, "an order of its own"),
        (
            {"search_query": "x", "max_results": 30001, "sort_by": "relevance"},
            "max_results is 30001: arXiv serves 30000 of one query",
        ),
        ({"search_query": "x", "max_results": 30001, "since_last": True}, "arXiv serves 30000"),
        ({"search_query": "x", "max_results": 30001, "ids": ["2401.00001"]}, "without ids"),
    ],
)
def test_a_mode_has_keys_of_its_own(config: dict[str, Json], words: str) -> None:
    with pytest.raises(TaskConfigError, match=words):
        ArxivConfig.read("t", config)


@pytest.mark.parametrize(
    "config",
    [
        {"mode": "search", "search_query": "x", "max_results": 200_000},
        {"mode": "search", "categories": ["cs.*"], "since_last": True, "overlap_days": 0},
        {"ids": ["2401.00001"], "submitted_from": "2024-01-01T06:00Z", "submitted_to": ""},
        {"mode": "oai", "categories": ["cs.AI", "physics:hep-th"]},
        {"mode": "oai", "categories": ["cs"], "changed_from": "2026-03-01"},
        {"mode": "rss", "categories": ["cs.AI", "math.*"]},
    ],
)
def test_what_a_mode_takes(config: dict[str, Json]) -> None:
    assert config.items() <= ArxivConfig.read("t", config).model_dump().items()


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    with pytest.raises(TaskConfigError) as caught:
        ArxivConfig.read("t", {"search_query": "x", "max_result": 5})

    assert caught.value.key == "max_result"
    assert "max_results" in caught.value.hint


def test_checking_a_config_loads_no_client() -> None:
    code = (
        "import sys, stoma.collectors.arxiv as a; a.ArxivConfig.read('t', {'search_query': 'x'});"
        "print(sorted({'arxiv', 'requests', 'httpx2'} & set(sys.modules)))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_the_examples_in_the_manual_are_understood() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "how-to" / "collect-arxiv.md").read_text()
    blocks = re.findall(r"```json\n(.*?)\n```", manual, re.DOTALL)
    blocks += re.findall(r"--config '(.*?)'\n", manual)

    configs = [ArxivConfig.read("t", json.loads(block)) for block in blocks]

    assert {config.mode for config in configs} == {"search", "oai", "rss"}


@pytest.mark.parametrize("key", list(ArxivConfig.model_fields))
def test_every_key_is_in_the_manual(key: str) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "how-to" / "collect-arxiv.md").read_text()

    assert f"| `{key}` |" in manual
