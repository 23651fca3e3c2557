"""One collection: collect, normalize, store.

Items commit with their resume point, page by page; cursor and outcome with the last page.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from stoma.clock import Clock
from stoma.collectors.base import BaseCollector
from stoma.domain.collection import CollectRequest, CollectResult, Page
from stoma.domain.coverage import query_name
from stoma.domain.item import Item, RawAnswer
from stoma.domain.run import Counts, Outcome, Run
from stoma.domain.task import Json, Task
from stoma.domain.window import AsOf
from stoma.exceptions import BadAnswerError, RequestRefusedError, SuspiciousEmptyError
from stoma.httpclient import Gate
from stoma.normalizers.base import BaseNormalizer
from stoma.storage.answers import AnswerCache
from stoma.storage.items import ItemStore, PageToStore, Proof, StoredPage
from stoma.storage.known import KnownItems

_log = logging.getLogger(__name__)

#: Of a run's parameters: every question is asked, whatever is kept.
NO_CACHE = "no_cache"


@runtime_checkable
class Fits(Protocol):
    """A normalizer whose source tells of the same thing in several ways, each a part of it."""

    def fit(self, known: Item, found: Item) -> Item:
        """Return what the thing is after *found*: *known* as it is, if that is nothing new."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a collection is put together from."""

    collector: BaseCollector
    normalizer: BaseNormalizer
    gate: Gate
    items: ItemStore
    known: KnownItems
    clock: Clock
    cache: AnswerCache | None = None  #: None: every question is asked
    config: Mapping[str, Json] | None = None  #: the task's, with the secrets it refers to


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a collection has come, after a page was stored."""

    page: StoredPage
    total: Counts
    expected: int | None  #: items the source says there are to come in all


def collect(
    task: Task,
    run: Run,
    parts: Parts,
    *,
    checkpoint: Mapping[str, Json],
    as_of: AsOf | None = None,
    on_page: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Carry out *run*, from *checkpoint* if an earlier attempt came that far; return how it ended.

    A run that fills a gap is told nothing of the cursor, and leaves it where it is: later slots
    have moved it on already.

    Raises:
        CollectError: The end could not be proven. Pages stored before stay; the cursor stays.
        LostClaimError: The run was taken away; nothing more was stored.
    """
    query = query_key(task)
    window = as_of.window if as_of else None
    fills_gap = window is not None and window.past
    cursor, items_last_time = ({}, None) if fills_gap else parts.items.cursor(task.id, query)
    request = CollectRequest(
        task_id=task.id,
        config=task.config if parts.config is None else parts.config,
        now=parts.clock.now(),
        cursor=cursor,
        checkpoint=checkpoint,
        scheduled_for=as_of.scheduled_for if as_of else None,
        window=window,
        kept=_kept(run, parts, parts.clock.now()),
    )
    obstacle = parts.collector.no_past(task.config) if fills_gap else ""
    if obstacle:
        raise RequestRefusedError(f"a slot of the past can not be filled: {obstacle}")
    total, requests, proof = run.counts, 0, None
    with asyncio.Runner() as runner:
        for page in parts.collector.collect(request, parts.gate):
            found: Sequence[Item] = ()
            if page.raw is not None:
                result = CollectResult(raw=page.raw, task_id=task.id, config=task.config)
                found = runner.run(parts.normalizer.normalize(result))
            items = _fitted(parts, _wanted(page, found))
            if page.note:
                _log.warning("%s", page.note)
            if page.last:
                last_time = 0 if page.zero_is_proven else items_last_time
                proof = _proof(run, page, query, total.items + len(items), last_time)
                proof = replace(proof, cursor=None) if fills_gap else proof
            stored = parts.items.store_page(
                run,
                PageToStore(
                    raw=page.raw,
                    items=items,
                    checkpoint=page.checkpoint,
                    requests=parts.gate.requests - requests,
                    proof=proof,
                ),
                now=parts.clock.now(),
            )
            requests = parts.gate.requests
            total += stored.counts
            _log.info(
                "page stored: %d new, %d updated, %d unchanged",
                stored.counts.new,
                stored.counts.updated,
                stored.counts.unchanged,
            )
            on_page(Progress(page=stored, total=total, expected=page.expected))
            if proof is not None:
                return proof.outcome
    raise BadAnswerError(f"the {parts.gate.source} collector stopped without a last page")


def _wanted(page: Page, found: Sequence[Item]) -> Sequence[Item]:
    """Return the items of a page that its collector wants."""
    only = page.only
    return found if only is None else [item for item in found if item.natural_id in only]


def _fitted(parts: Parts, items: Sequence[Item]) -> Sequence[Item]:
    """Return *items*, each with what is known of it from other answers of its source."""
    if not isinstance(parts.normalizer, Fits):
        return items
    known, fitted = parts.known.find(items), []
    for item in items:
        key = (item.source, item.natural_id)
        before = known.get(key)
        fitted.append(item if before is None else parts.normalizer.fit(before, item))
        if before is None or item.version_seq >= before.version_seq:
            known[key] = fitted[-1]
    return fitted


def _kept(run: Run, parts: Parts, now: datetime) -> Callable[[str], RawAnswer | None]:
    """Return how kept answers are found. After an error, and if asked to, none is."""
    if parts.cache is None or run.attempts > 1 or run.params.get(NO_CACHE):
        return lambda _: None
    cache = parts.cache
    return lambda url: cache.find(url, now)


def query_key(task: Task) -> str:
    """Return the name under which a task's cursor is kept: another query, another cursor."""
    return query_name(task.type, task.config)


def _proof(run: Run, page: Page, query: str, items: int, items_last_time: int | None) -> Proof:
    if page.partial:
        return Proof(outcome=Outcome.PARTIAL, detail=page.partial)
    proven = Proof(outcome=Outcome.EMPTY, query=query, cursor=page.cursor, covered=page.covers)
    if items:
        return replace(proven, outcome=Outcome.SUCCEEDED)
    if not items_last_time:
        return proven
    doubt = f"the source returned nothing, and {items_last_time} items the last time"
    if run.attempts < run.max_attempts:
        raise SuspiciousEmptyError(f"{doubt}: asking again before it is believed")
    return Proof(outcome=Outcome.EMPTY, detail=f"{doubt}; the cursor stays where it was")
