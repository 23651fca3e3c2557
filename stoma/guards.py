"""Around collectors and normalizers of the user's own: what they do wrong becomes a plain word.

What comes with stoma is not guarded: a fault there is a bug, and keeps its traceback.
"""

import inspect
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from stoma.collectors.base import BaseCollector
from stoma.domain.collection import CollectRequest, CollectResult, Page
from stoma.domain.given import items_of
from stoma.domain.item import Item
from stoma.exceptions import OwnCodeError, OwnCodeFailedError, StomaError
from stoma.httpclient import Gate
from stoma.normalizers.base import BaseNormalizer
from stoma.owncode import described

_log = logging.getLogger(__name__)
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,49}")
_SAYS = ("source", "kind", "normalizer")


def check_collector(name: str, kind: type[BaseCollector]) -> None:
    """Check that a collector says of itself what must be known to use it.

    Raises:
        OwnCodeError: It does not.
    """
    missing = [each for each in _SAYS if not getattr(kind, each, "")]
    if missing:
        raise OwnCodeError(
            name, f"{kind.__name__} has no {missing[0]}", hint=f"give the class {missing[0]} = ..."
        )
    if not _SOURCE.fullmatch(kind.source):
        raise OwnCodeError(
            name,
            f"{kind.source!r} can not be a source's name",
            hint="use lower-case letters, digits and '_', and begin with a letter",
        )


class GuardedCollector(BaseCollector):
    """A collector of the user's own: every step a page, every surprise a failed attempt."""

    def __init__(self, name: str, inner: BaseCollector) -> None:
        self._name = name
        self._inner = inner

    def collect(self, request: CollectRequest, gate: Gate) -> Iterator[Page]:
        """Yield the pages of the collector inside."""
        steps = self._steps(request, gate)
        while True:
            try:
                page = next(steps, None)
            except (StomaError, MemoryError):
                raise
            except Exception as error:
                raise _failed(self._name, self._inner, error, retryable=True) from error
            if page is None:
                return
            if not isinstance(page, Page):
                problem = f"it yielded {page!r:.80}, and a Page is wanted"
                raise OwnCodeFailedError(self._name, problem, retryable=False)
            yield page

    def _steps(self, request: CollectRequest, gate: Gate) -> Iterator[object]:
        yield from self._inner.collect(request, gate)


class GuardedNormalizer(BaseNormalizer):
    """A normalizer of the user's own: what it returns becomes items, or a failed attempt."""

    def __init__(self, name: str, inner: BaseNormalizer, collector: type[BaseCollector]) -> None:
        self._name = name
        self._inner = inner
        self._collector = collector

    async def normalize(self, result: CollectResult) -> Sequence[Item]:
        """Return the items that the normalizer inside finds."""
        try:
            given: Any = self._inner.normalize(result)
            if inspect.isawaitable(given):
                given = await given
            return items_of(given, source=self._collector.source, kind=self._collector.kind)
        except (StomaError, MemoryError):
            raise
        except Exception as error:
            raise _failed(self._name, self._inner, error, retryable=False) from error


class FittingNormalizer(GuardedNormalizer):
    """One whose source tells of the same thing in several ways: see `stoma.pipeline.Fits`."""

    def fit(self, known: Item, found: Item) -> Item:
        """Return what the thing is after *found*."""
        try:
            fitted: Item = self._inner.fit(known, found)  # type: ignore[attr-defined]
        except Exception as error:
            raise _failed(self._name, self._inner, error, retryable=False) from error
        return fitted


def guarded(name: str, inner: BaseNormalizer, collector: type[BaseCollector]) -> BaseNormalizer:
    """Return *inner*, which the user calls *name*, guarded."""
    kind = FittingNormalizer if hasattr(inner, "fit") else GuardedNormalizer
    return kind(name, inner, collector)


def _failed(name: str, inner: object, error: Exception, *, retryable: bool) -> OwnCodeFailedError:
    _log.debug("in %s", name, exc_info=error)
    path = Path(inspect.getfile(type(inner)))
    return OwnCodeFailedError(name, described(error, path), retryable=retryable)
