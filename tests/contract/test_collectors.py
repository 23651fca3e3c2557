"""The promise of every collector: what it says of itself, and what its config refuses."""

import inspect
from pathlib import Path

import pytest

from stoma.collectors import COLLECTORS
from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.task import Json
from stoma.exceptions import TaskConfigError
from stoma.normalizers import NORMALIZERS

#: The least config of each type, and the one in the reference.
CONFIGS: dict[str, list[dict[str, Json]]] = {
    "arxiv": [
        {"search_query": "machine learning", "max_results": 25},
        {
            "search_query": "cat:cs.AI OR cat:cs.LG",
            "max_results": 50,
            "sort_by": "submittedDate",
            "sort_order": "descending",
        },
    ],
    "github": [{}, {"language": "python", "since": "daily", "limit": 30}],
    "sec_edgar": [
        {},
        {"days_back": 1, "filing_type": "8-K"},
        {"filing_type": ["10-K", "10-Q"], "ciks": ["0000320193"]},
    ],
}
NAMES = sorted(COLLECTORS)


def test_the_table_is_the_folder() -> None:
    folder = Path(inspect.getfile(BaseCollector)).parent
    present = {file.stem for file in folder.glob("*.py")} - {"__init__", "base"}

    assert set(COLLECTORS.table) == present


@pytest.mark.parametrize("name", NAMES)
def test_a_collector_says_what_it_is(name: str) -> None:
    collector = COLLECTORS.get(name)

    assert issubclass(collector, BaseCollector)
    assert collector.source == name
    assert issubclass(collector.config, CollectorConfig)
    assert collector.normalizer in NORMALIZERS


@pytest.mark.parametrize("name", NAMES)
def test_a_config_of_the_reference_is_understood(name: str) -> None:
    for config in CONFIGS[name]:
        read = COLLECTORS.get(name).config.read("t", config)

        assert config.items() <= read.model_dump().items()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["nonsense", "Limit", "max-results", "search query", ""])
def test_a_config_refuses_a_key_it_does_not_know(name: str, key: str) -> None:
    config = {**CONFIGS[name][0], key: 1}

    with pytest.raises(TaskConfigError, match="unknown key; known: ") as caught:
        COLLECTORS.get(name).config.read("t", config)

    assert (caught.value.task_id, caught.value.key) == ("t", key)


@pytest.mark.parametrize("name", NAMES)
def test_a_config_guesses_no_types(name: str) -> None:
    model = COLLECTORS.get(name).config

    for key, field in model.model_fields.items():
        wrong: Json = "7" if isinstance(field.get_default(call_default_factory=True), int) else 7
        with pytest.raises(TaskConfigError) as caught:
            model.read("t", {**CONFIGS[name][0], key: wrong})

        assert caught.value.key.partition(".")[0] == key
