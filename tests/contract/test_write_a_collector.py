"""The guide on writing a collector: its files are written down, run and tested as it says."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from stoma.app import App
from stoma.domain.run import Outcome
from stoma.domain.task import Json
from stoma.exceptions import OwnCodeError, TaskConfigError
from stoma.operations.editing import add_task
from stoma.scheduler.now import run_now
from stoma.settings import load_settings
from stoma.storage.read import reading
from stoma.testing import CollectorContract, NormalizerContract, check
from tests.fakes import FakeClock
from tests.feeds import serve_pages
from tests.makers import make_task
from tests.registries import opened_app
from tests.replay import Answer, ReplayServer, slow_down

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-collector.md"
_FILE = re.compile(r"^`(\w+\.py)`\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILES = dict(_FILE.findall(GUIDE.read_text()))


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, server: ReplayServer) -> Iterator[App]:
    for name, text in FILES.items():
        tmp_path.joinpath(name).write_text(text)
    overrides = {"sources.arxiv.base_url": server.url, "sources.arxiv.page_size": 10}
    loaded = load_settings(home=tmp_path, environ={}, overrides=overrides)
    with opened_app(loaded, clock=FakeClock()) as app:
        yield app


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("json_feed.py", "test_json_feed.py"):
        tmp_path.joinpath(name).write_text(FILES[name])
    monkeypatch.syspath_prepend(tmp_path)
    spec = importlib.util.spec_from_file_location("t", tmp_path / "test_json_feed.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    sys.modules.pop("json_feed")
    return found


def add(app: App, type_: str, config: dict[str, Json]) -> None:
    add_task(app, make_task("mine", type=type_, config=config))


def titles(app: App) -> set[str]:
    with reading(app.paths.database) as reader:
        assert reader is not None
        rows = reader._connection.execute("SELECT source, kind, natural_id, title FROM items")
        return {f"{row['source']} {row['kind']} {row['title']}" for row in rows}


def test_the_guide_has_its_files() -> None:
    assert set(FILES) == {"custom.py", "json_feed.py", "test_json_feed.py"}


def test_the_custom_normalizer_of_the_guide_runs(app: App, server: ReplayServer) -> None:
    serve_pages(server, pages=1, size=10)
    (page,) = [answers for _, _, answers in server._routes]
    page[0] = Answer(page[0].body.replace(b"Paper 7", b"A Survey of 7"), headers=page[0].headers)
    add(
        app,
        "arxiv",
        {
            "search_query": "testing",
            "max_results": 10,
            "sort_by": "relevance",
            "normalizer": "custom.py:CustomNormalizer",
        },
    )

    run = run_now(app, "mine")

    assert (run.outcome, run.counts.new) == (Outcome.SUCCEEDED, 1)
    assert titles(app) == {"arxiv paper A Survey of 7"}


def serve(app: App, server: ReplayServer, module: ModuleType) -> None:
    server.answer("/feed.json", Answer(module.feed(3, f"{server.url}/older.json")))
    server.answer("/older.json", Answer(module.feed(1)))
    add(app, "json_feed.py:JsonFeedCollector", {"feed_url": f"{server.url}/feed.json"})


POSTS = {f"json_feed other Post {number}" for number in range(1, 5)}


def test_the_collector_of_the_guide_runs(
    app: App, server: ReplayServer, module: ModuleType
) -> None:
    serve(app, server, module)

    run = run_now(app, "mine")
    again = run_now(app, "mine")

    assert (run.outcome, run.counts.new, run.counts.requests) == (Outcome.SUCCEEDED, 4, 2)
    assert (again.counts.new, again.counts.unchanged) == (0, 4)
    assert titles(app) == POSTS
    assert server.seen[0].headers["user-agent"].startswith("stoma/")
    assert isinstance(app.clock._clock, FakeClock)
    assert app.clock._clock.slept == pytest.approx([2.0, 2.0, 2.0])  # its interval


def test_its_source_has_a_budget_of_its_own(
    app: App, server: ReplayServer, module: ModuleType
) -> None:
    server.answer_request(1, slow_down("120"))
    serve(app, server, module)

    first, second = run_now(app, "mine"), run_now(app, "mine")

    assert (first.error_kind, second.reason) == ("rate_limited", "budget")
    assert len(server.seen) == 1


def test_its_requests_stay_with_its_source(
    app: App, server: ReplayServer, module: ModuleType
) -> None:
    server.answer("/feed.json", Answer(module.feed(3, "http://127.0.0.1:1/older.json")))
    add(app, "json_feed.py:JsonFeedCollector", {"feed_url": f"{server.url}/feed.json"})

    run = run_now(app, "mine")

    assert (run.outcome, run.error_kind) == (Outcome.FAILED, "refused")
    assert "does not belong to json_feed" in run.error


def test_the_tests_of_the_guide_pass(module: ModuleType) -> None:
    for contract in (module.TestJsonFeedCollector, module.TestJsonFeedNormalizer):
        assert issubclass(contract, CollectorContract | NormalizerContract)
        check(contract)


def test_a_misspelt_key_of_a_config_is_refused_when_the_task_is_added(app: App) -> None:
    with pytest.raises(TaskConfigError, match=r"config\.feed_ur: unknown key") as caught:
        add(app, "json_feed.py:JsonFeedCollector", {"feed_ur": "x", "feed_url": "y"})

    assert caught.value.hint == "did you mean: feed_url ?"


BROKEN = {
    "raises": ("return [][0]", "own_code", r"own\.py, line 4: IndexError"),
    "the reference's own": ("return normalized_data", "own_code", "name 'normalized_data' is not"),
    "returns a text": ("return 'text'", "own_code", "it returned 'text'"),
    "returns half an item": ("return {'title': 'x'}", "own_code", "natural_id is missing"),
    "has no memory": ("raise MemoryError", "out_of_memory", "memory"),
    "doubts": ("raise BadAnswerError('odd')", "bad_answer", "odd"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_a_normalizer_does_wrong_is_a_failure_that_names_the_place(
    app: App, server: ReplayServer, name: str
) -> None:
    line, kind, said = BROKEN[name]
    code = (
        "from stoma.exceptions import BadAnswerError\n"
        "from stoma.normalizers.base import BaseNormalizer\n"
        f"class Own(BaseNormalizer):\n    async def normalize(self, result): {line}\n"
    )
    app.paths.config_file.parent.joinpath("own.py").write_text(code)
    serve_pages(server, pages=1, size=10)
    config: dict[str, Json] = {"search_query": "a", "max_results": 10, "normalizer": "own.py:Own"}
    add(app, "arxiv", config)

    run = run_now(app, "mine")

    assert (run.outcome, run.error_kind) == (Outcome.FAILED, kind)
    assert re.search(said, run.error)


FITS = """
from stoma.normalizers.arxiv import ArxivNormalizer
class Own(ArxivNormalizer):
    def fit(self, known, found):
        {line}
"""


@pytest.mark.parametrize(
    ("line", "outcome"),
    [("return super().fit(known, found)", Outcome.SUCCEEDED), ("return 1 / 0", Outcome.FAILED)],
)
def test_a_normalizer_that_puts_answers_together_is_held_in_check_too(
    app: App, server: ReplayServer, line: str, outcome: Outcome
) -> None:
    app.paths.config_file.parent.joinpath("own.py").write_text(FITS.format(line=line))
    serve_pages(server, pages=1, size=10)
    config: dict[str, Json] = {"search_query": "a", "max_results": 10, "normalizer": "own.py:Own"}
    add(app, "arxiv", config)

    first, second = run_now(app, "mine"), run_now(app, "mine")

    assert (first.outcome, second.outcome) == (Outcome.SUCCEEDED, outcome)
    assert second.error_kind == ("own_code" if outcome is Outcome.FAILED else "")


COLLECTORS = {
    "yields no page": ("yield 7", "it yielded 7, and a Page is wanted", "own_code"),
    "raises": ("yield {}['a']", "line 5: KeyError: 'a'", "own_code"),
    "stops": ("yield from ()", "the own collector stopped without a last page", "bad_answer"),
}


@pytest.mark.parametrize("name", COLLECTORS)
def test_what_a_collector_does_wrong_is_a_failure_that_names_the_place(app: App, name: str) -> None:
    line, said, kind = COLLECTORS[name]
    code = (
        "from stoma.collectors.base import BaseCollector\nclass Own(BaseCollector):\n"
        "    source, kind, normalizer, base_url = 'own', 'other', 'arxiv', 'http://x.example'\n"
        f"    def collect(self, request, gate):\n        {line}\n"
    )
    app.paths.config_file.parent.joinpath("own.py").write_text(code)
    add(app, "own.py:Own", {})

    run = run_now(app, "mine")

    assert (run.outcome, run.error_kind) == (Outcome.FAILED, kind)
    assert said in run.error


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("source, kind = 'own', 'other'", "Own has no normalizer"),
        ("source, kind, normalizer = '../x', 'other', 'arxiv'", "'../x' can not be a source's"),
    ],
)
def test_a_collector_that_does_not_say_what_it_is_is_refused(
    app: App, says: str, said: str
) -> None:
    code = (
        "from stoma.collectors.base import BaseCollector\nclass Own(BaseCollector):\n"
        f"    {says}\n    def collect(self, request, gate): yield None\n"
    )
    app.paths.config_file.parent.joinpath("own.py").write_text(code)

    with pytest.raises(OwnCodeError, match=said):
        app.collector("own.py:Own")


def test_a_file_that_is_gone_is_a_failure_and_no_bug(app: App, server: ReplayServer) -> None:
    add(app, "arxiv", {"search_query": "a", "normalizer": "custom.py:CustomNormalizer"})
    app.paths.config_file.parent.joinpath("custom.py").unlink()

    run = run_now(app, "mine")

    assert (run.outcome, run.error_kind) == (Outcome.FAILED, "config")
    assert "there is no such file" in run.error
    assert server.seen == []
