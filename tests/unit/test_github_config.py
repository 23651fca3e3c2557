"""What a task of type github may say, and the query it becomes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stoma.collectors.github import GithubConfig
from stoma.domain.task import Json
from stoma.exceptions import TaskConfigError
from stoma.github.languages import display_name, slug

SEARCH_NOT_WATCH = "can not be used with repositories or organizations, which are watched"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"limt": 5}, "config.limt: unknown key; known: language, since, limit, source"),
        ({"limit": 1001}, "config.limit: input should be less than or equal to 1000"),
        ({"limit": -1}, "greater than or equal to 0"),
        ({"limit": True}, "valid integer"),
        ({"since": "hourly"}, "config.since: input should be 'daily', 'weekly' or 'monthly'"),
        ({"source": "page"}, "config.source: input should be 'search' or 'trending_page'"),
        ({"sort": "name"}, "config.sort: input should be 'stars', 'forks' or 'updated'"),
        ({"language": 'C" OR x'}, "config.language: .* is not a language such as 'Python'"),
        ({"language": " "}, "is not a language"),
        ({"topic": "Machine Learning"}, "config.topic: .* is not a topic such as"),
        ({"query": "x" * 257}, "at most 256 characters"),
        ({"query": "stars:>5", "min_stars": 9}, "query and min_stars both say how many stars"),
        ({"repositories": ["cpython"]}, "config.repositories: 'cpython' is not a repository such"),
        ({"repositories": ["a/.."]}, "'a/..' is not a repository"),
        ({"repositories": ["a/b/c"]}, "'a/b/c' is not a repository"),
        ({"repositories": [""]}, "'' is not a repository"),
        ({"repositories": "a/b"}, "valid list"),
        ({"repositories": ["a/b"] * 301}, "at most 300 items"),
        ({"organizations": ["a/b"]}, "config.organizations: 'a/b' is not an organization"),
        ({"organizations": ["-a"]}, "'-a' is not an organization"),
        ({"releases": 5}, "config: releases can not be used with a search"),
        ({"repositories": ["a/b"], "language": "Go", "query": "x"}, "language, query can not be"),
        ({"repositories": ["a/b"], "source": "trending_page"}, f"source {SEARCH_NOT_WATCH}"),
        ({"organizations": ["a"], "min_stars": 5}, f"min_stars {SEARCH_NOT_WATCH}"),
        (
            {"source": "trending_page", "topic": "ai"},
            "topic can not be used with the trending page, which can not be searched",
        ),
    ],
)
def test_a_config_that_can_not_be_used_is_told_by_its_key(
    config: dict[str, Json], words: str
) -> None:
    with pytest.raises(TaskConfigError, match=words) as caught:
        GithubConfig.read("t", config)

    assert str(caught.value).startswith("task 't': config")


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    with pytest.raises(TaskConfigError) as caught:
        GithubConfig.read("t", {"langauge": "Go"})

    assert caught.value.hint == "did you mean: language ?"


@pytest.mark.parametrize(
    ("config", "query"),
    [
        ({}, "created:>=2026-03-01 stars:>=1"),
        ({"language": "python"}, 'created:>=2026-03-01 stars:>=1 language:"python"'),
        ({"language": "c++"}, 'created:>=2026-03-01 stars:>=1 language:"c++"'),
        ({"language": "cpp"}, 'created:>=2026-03-01 stars:>=1 language:"C++"'),
        ({"language": "csharp"}, 'created:>=2026-03-01 stars:>=1 language:"C#"'),
        (
            {"language": "jupyter-notebook"},
            'created:>=2026-03-01 stars:>=1 language:"jupyter notebook"',
        ),
        ({"topic": "llm", "min_stars": 50}, "created:>=2026-03-01 stars:>=50 topic:llm"),
        ({"min_stars": 0}, "created:>=2026-03-01"),
        ({"query": " graph  learning "}, "graph learning created:>=2026-03-01 stars:>=1"),
        # Two qualifiers of a kind would be taken for "either".
        ({"query": "created:2020-01-01..2020-12-31"}, "created:2020-01-01..2020-12-31 stars:>=1"),
        ({"query": "x stars:10..50"}, "x stars:10..50 created:>=2026-03-01"),
    ],
)
def test_queries(config: dict[str, Json], query: str) -> None:
    assert GithubConfig.read("t", config).words(">=2026-03-01") == query


@pytest.mark.parametrize(
    ("written", "displayed", "on_the_page"),
    [
        ("C++", "C++", "c++"),
        ("cpp", "C++", "c++"),
        ("C#", "C#", "c#"),
        ("c-sharp", "C#", "c#"),
        ("F#", "F#", "f#"),
        ("FSharp", "F#", "f#"),
        ("golang", "Go", "go"),
        ("Objective-C++", "Objective-C++", "objective-c++"),
        ("Jupyter Notebook", "Jupyter Notebook", "jupyter-notebook"),
        ("visual-basic-.net", "visual basic .net", "visual-basic-.net"),
    ],
)
def test_languages_have_two_names(written: str, displayed: str, on_the_page: str) -> None:
    assert (display_name(written), slug(written)) == (displayed, on_the_page)


def test_the_same_name_twice_is_watched_once() -> None:
    config = GithubConfig.read("t", {"repositories": ["a/b", "c/d", "A/B"]})

    assert config.repositories == ["A/B", "c/d"]


def test_checking_a_config_loads_no_client() -> None:
    code = (
        "import sys, stoma.collectors.github as g; g.GithubConfig.read('t', {'limit': 5});"
        "print(sorted({'github', 'requests', 'httpx2'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_example_in_the_manual_is_understood() -> None:
    manual = Path(__file__).parents[2] / "docs" / "how-to" / "collect-github.md"
    examples = re.findall(r"```json\n(.*?)```", manual.read_text(), re.DOTALL)

    modes = [GithubConfig.read("t", json.loads(example)).mode for example in examples]

    assert set(modes) == {"search", "watch", "trending_page"}
