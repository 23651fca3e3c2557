"""Reading kept answers again, without asking anybody: what a better normalizer makes of them."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stoma.app import App
from stoma.collectors import COLLECTORS
from stoma.domain.collection import CollectResult
from stoma.domain.item import Item, merged
from stoma.domain.task import Json, Task
from stoma.exceptions import BadAnswerError
from stoma.normalizers import NORMALIZERS
from stoma.normalizers.base import BaseNormalizer
from stoma.operations.audited import record
from stoma.operations.items import check_filter
from stoma.pipeline import Fits
from stoma.storage.item_lines import ItemFilter
from stoma.storage.read import reading
from stoma.storage.reparse import AnswerName, ReparseStore, Reread, StoredItem, StoredVersion

#: So many answers are kept as read: items of one answer are read one after the other.
_READ = 64


@dataclass(slots=True)
class Counts:
    """What reading again came to."""

    items: int = 0  #: looked at
    changed_items: int = 0  #: that are other now
    same: int = 0  #: versions that read as they were stored
    changed: int = 0  #: versions that read otherwise now: each makes a new one
    dropped: int = 0  #: versions whose answer is not kept any more
    unread: int = 0  #: versions that their answer, as it is read now, does not have
    answers: int = 0  #: answers that were read


def reparse(
    app: App,
    wanted: ItemFilter,
    *,
    dry_run: bool = False,
    on_items: Callable[[int], None] = lambda _: None,
) -> Counts:
    """Read the answers of items again, and store a new version where it is another now.

    Nothing is asked of a source, and nothing is taken away. Items that an answer has, and that
    were not stored from it, are not added: they may have been left out on purpose, or deleted.

    Args:
        app: The registry.
        wanted: Which items.
        dry_run: Only count.
        on_items: Called with how many items each step has looked at.

    Raises:
        NotFoundError: The filter names a task that never was.
        OwnCodeError: A normalizer of the user's own can not be used.
    """
    with reading(app.paths.database) as reader:
        check_filter(reader, wanted)
    store, counts = ReparseStore(app.database), Counts()
    with asyncio.Runner() as runner:
        answers = _Answers(app, store, runner, counts)
        for items in store.items(wanted):
            found = [_reread(item, answers, counts) for item in items]
            counts.items += len(items)
            counts.changed_items += sum(each.current is not None for each in found)
            changed = [each for each in found if each.versions or each.current is not None]
            if changed and not dry_run:
                store.save(changed, now=app.clock.now())
            on_items(len(items))
    if counts.changed and not dry_run:
        said: dict[str, Json] = {"items": counts.changed_items, "versions": counts.changed}
        record(app, "reparse", "items", after=said)
    return counts


def _reread(item: StoredItem, answers: "_Answers", counts: Counts) -> Reread:
    """Go through the history of an item as it was collected, with what its answers say now."""
    known = {(each.version_key, each.content_hash) for each in item.versions}
    state: Item | None = None
    changed = []
    for version in item.versions:
        if version.reparsed:
            continue
        made = _made(item, version, state, answers, counts)
        if made is None:
            now = item.as_of(version)
        else:
            now = made
            if made.content() == version.content:
                counts.same += 1
            elif (made.version_key, made.content_hash) in known:
                counts.same += 1  # read again before, with the same result
            else:
                counts.changed += 1
                changed.append((version, made))
        if state is None or now.version_seq >= state.version_seq:
            state = now
    other = state is not None and state.content_hash != item.content_hash
    return Reread(item=item, versions=changed, current=state if other else None)


def _made(
    item: StoredItem,
    version: StoredVersion,
    state: Item | None,
    answers: "_Answers",
    counts: Counts,
) -> Item | None:
    """Return what a version reads as now; None if that can not be told."""
    read = answers.read(item.source, version)
    if read is None:
        counts.dropped += 1
        return None
    normalizer, items = read
    found = [_fitted(normalizer, state, each) for each in items.get(item.natural_id, ())]
    if not found:
        counts.unread += 1
        return None
    alike = [each for each in found if each.content() == version.content]
    return alike[0] if alike else found[-1]


def _fitted(normalizer: BaseNormalizer, state: Item | None, found: Item) -> Item:
    """Return what is stored of *found*, as the pipeline and the store would."""
    item = found
    if state is not None and isinstance(normalizer, Fits):
        item = normalizer.fit(state, item)
    return merged(state, item) if state is not None and item.thin else item


class _Answers:
    """Kept answers, read by the normalizer that read them first."""

    def __init__(
        self, app: App, store: ReparseStore, runner: asyncio.Runner, counts: Counts
    ) -> None:
        self._app, self._store, self._runner, self._counts = app, store, runner, counts
        self._normalizers: dict[tuple[str, str | None], tuple[BaseNormalizer, Task | None]] = {}
        self._read: OrderedDict[
            tuple[AnswerName, str | None], Mapping[str, Sequence[Item]] | None
        ] = OrderedDict()

    def read(
        self, source: str, version: StoredVersion
    ) -> tuple[BaseNormalizer, Mapping[str, Sequence[Item]]] | None:
        """Return the items of a version's answer by natural id; None if it is not kept."""
        normalizer, task = self._normalizer(source, version.task_id)
        key = (version.answer, task.id if task else None)
        if key not in self._read:
            self._read[key] = self._items(source, version.answer, normalizer, task)
            if len(self._read) > _READ:
                self._read.popitem(last=False)
        items = self._read[key]
        return None if items is None else (normalizer, items)

    def _items(
        self, source: str, name: AnswerName, normalizer: BaseNormalizer, task: Task | None
    ) -> Mapping[str, Sequence[Item]] | None:
        raw = self._store.answer(name)
        if raw is None:
            return None
        self._counts.answers += 1
        config = dict(task.config) if task else {}
        result = CollectResult(raw=raw, task_id=task.id if task else "", config=config)
        items: dict[str, list[Item]] = {}
        try:
            found = self._runner.run(normalizer.normalize(result))
        except BadAnswerError:  # it was believed once: its items are not read any more, and stay
            found = ()
        for each in found:
            if each.source == source:
                items.setdefault(each.natural_id, []).append(each)
        return items

    def _normalizer(self, source: str, task_id: str | None) -> tuple[BaseNormalizer, Task | None]:
        key = (source, task_id)
        if key not in self._normalizers:
            task = self._app.tasks.find(task_id) if task_id else None
            if task is not None:
                self._normalizers[key] = self._app.normalizer_of(task), task
            else:
                name = COLLECTORS.get(source, self._app.own).normalizer
                self._normalizers[key] = NORMALIZERS.get(name, self._app.own)(), None
        return self._normalizers[key]
