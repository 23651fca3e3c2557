"""The contract of a collector: complete or honest, whatever goes wrong, wherever it is cut off."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias

from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.exceptions import CollectError, TaskConfigError
from stoma.guards import GuardedCollector, GuardedNormalizer
from stoma.normalizers import NORMALIZERS
from stoma.normalizers.base import BaseNormalizer
from stoma.testing.faults import FAULTS, Fault
from stoma.testing.normalizers import read
from stoma.testing.played import START, PlayedClock, PlayedSource
from stoma.testing.promises import must, no_connections

#: Items by their names, with what was last said of each.
Found: TypeAlias = dict[tuple[str, str], str]


@dataclass
class Walk:
    """What became of one attempt."""

    pages: list[Page] = field(default_factory=list)
    found: Found = field(default_factory=dict)
    error: CollectError | None = None
    requests: int = 0

    @property
    def proven(self) -> bool:
        """Whether it says of itself that it has everything."""
        return bool(self.pages) and self.pages[-1].last and not self.pages[-1].partial

    @property
    def checkpoint(self) -> Mapping[str, Json]:
        """Where a later attempt goes on."""
        return self.pages[-1].checkpoint if self.pages else {}


class CollectorContract:
    """Derive a class `Test...` from it that says what is tested, and how its source answers."""

    collector: ClassVar[type[BaseCollector]]
    #: A config for which the source needs more than one request, if it has such.
    config: ClassVar[Mapping[str, Json]] = {}
    #: What the collector is made with.
    options: ClassVar[Mapping[str, object]] = {}
    #: By default the one that the collector names.
    normalizer: ClassVar[type[BaseNormalizer] | None] = None
    faults: ClassVar[Mapping[str, Fault]] = FAULTS
    now: ClassVar[datetime] = START

    def source(self) -> PlayedSource:
        """Return the source, with all it says when nothing goes wrong. Anew for every walk."""
        raise NotImplementedError("return a PlayedSource with prepared answers")

    def test_it_says_what_it_is(self) -> None:
        """The name of its source, the kind of its items, its normalizer and its config."""
        kind = self.collector
        for name in ("source", "kind", "normalizer"):
            must(getattr(kind, name, ""), f"{kind.__name__}.{name} is missing")
        must(issubclass(kind.config, CollectorConfig), "its config is no CollectorConfig")
        self._normalizer()

    def test_its_config_refuses_what_it_does_not_know(self) -> None:
        """A misspelt key is an error, and never without effect."""
        kind = self.collector
        kind.config.read("t", self.config)
        try:
            kind.config.read("t", {**self.config, "no such key": 1})
        except TaskConfigError:
            return
        must(False, "a config with a key that nobody knows was accepted")

    def test_it_comes_to_its_end(self) -> None:
        """Undisturbed it yields pages, the last one marked, and items in them."""
        walk = self._undisturbed()
        must(walk.found, "it found no items: prepare answers that have some")
        must([page for page in walk.pages if page.last] == walk.pages[-1:], "one page is the last")

    def test_its_checkpoints_and_its_cursor_are_plain_data(self) -> None:
        """They come back from the registry as they went in."""
        for page in self._undisturbed().pages:
            for each in (page.checkpoint, page.cursor):
                kept = json.loads(json.dumps(dict(each)))
                must(kept == dict(each), f"{dict(each)!r:.80} comes back as {kept!r:.80}")

    def test_it_opens_no_connection_of_its_own(self) -> None:
        """Every request goes through the gate, which keeps the budget."""
        with no_connections():
            self._undisturbed()

    def test_a_run_that_is_killed_after_any_page_loses_and_doubles_nothing(self) -> None:
        """From the checkpoint of each page the rest is collected, and all of it."""
        whole = self._undisturbed()
        for number in range(1, len(whole.pages)):
            first = self._walk(self.source(), most=number)
            rest = self._walk(self.source(), checkpoint=first.checkpoint)
            must(not rest.error, f"it fails after page {number}: {rest.error}")
            missing = whole.found.keys() - {**first.found, **rest.found}
            must(not missing, f"killed after page {number}, it never collects {_few(missing)}")
            strange = rest.found.keys() - whole.found.keys()
            must(not strange, f"killed after page {number}, it collects {_few(strange)} too")

    def test_no_fault_at_any_request_is_taken_for_an_answer(self) -> None:
        """Whatever goes wrong: an error, or an end that says it is not one, or all the items."""
        whole = self._undisturbed()
        for number in range(1, whole.requests + 1):
            for name, fault in self.faults.items():
                self._disturbed(whole, number, name, fault)

    def _disturbed(self, whole: Walk, number: int, name: str, fault: Fault) -> None:
        where = f"{name} as answer {number} of {whole.requests}"
        walk = self._walk(self.source().change(number, fault))
        if not walk.error and walk.proven:
            missing = whole.found.keys() - walk.found.keys()
            must(not missing, f"{where}: taken for success, and {_few(missing)} is missing")
            return
        must(walk.error or walk.pages[-1].last, f"{where}: it stopped without a last page")
        if not walk.error or not walk.error.retryable:
            return  # it said so itself; the next run begins anew
        rest = self._walk(self.source(), checkpoint=walk.checkpoint)
        must(not rest.error, f"{where}: the next attempt fails too: {rest.error}")
        missing = whole.found.keys() - {**walk.found, **rest.found}
        must(not missing, f"{where}: {_few(missing)} is missing after the next attempt")

    def _undisturbed(self) -> Walk:
        walk = self._walk(self.source())
        must(not walk.error, f"undisturbed it fails: {walk.error}")
        must(walk.proven, "undisturbed it does not prove its end")
        return walk

    def _walk(
        self,
        source: PlayedSource,
        *,
        checkpoint: Mapping[str, Json] | None = None,
        most: int | None = None,
    ) -> Walk:
        """Collect from *source*, as an attempt does, until the end or for so many pages."""
        walk, clock, kind = Walk(), PlayedClock(self.now), self.collector
        # As it comes back from the registry.
        kept = json.loads(json.dumps(dict(checkpoint or {})))
        request = CollectRequest(task_id="t", config=self.config, now=self.now, checkpoint=kept)
        gate = source.gate(kind.source, clock)
        collector = GuardedCollector(kind.__name__, kind(**self.options))
        try:
            for page in collector.collect(request, gate):
                walk.found |= dict(self._items(page))
                walk.pages.append(page)
                if page.last or len(walk.pages) == most:
                    break
        except CollectError as error:
            walk.error = error
        walk.requests = len(source.seen)
        return walk

    def _items(self, page: Page) -> Iterator[tuple[tuple[str, str], str]]:
        if page.raw is None:
            return
        kind = self._normalizer()
        normalizer = GuardedNormalizer(kind.__name__, kind(), self.collector)
        for item in read(normalizer, page.raw, config=self.config):
            if page.only is None or item.natural_id in page.only:
                yield (item.source, item.natural_id), item.content_hash

    def _normalizer(self) -> type[BaseNormalizer]:
        return self.normalizer or NORMALIZERS.get(self.collector.normalizer)


def _few(names: "set[tuple[str, str]]") -> str:
    shown = sorted(names)[:3]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join("/".join(each) for each in shown) + more
