"""What flows to followers: the logs of runs as they grow, and that something has changed.

However many follow, one task looks: twice a second at the registry's version, and at the size of
each log that is followed. What it finds is a link of a chain; each follower goes from link to link
at its own pace, and what is sent is made once for all of them.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from starlette.concurrency import run_in_threadpool

from stoma.api.errors import TooManyError
from stoma.domain.run import ACTIVE
from stoma.exceptions import StomaError
from stoma.storage.read_changes import ChangeReader
from stoma.storage.read_rows import RunLine

_log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
#: A follower hears something at least so often, and is asked whether it still may.
BEAT_SECONDS: Final = 15.0
#: So much of a log is read at a time.
_PIECE: Final = 256 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class Lines:
    """Lines that a log has got, and where it stood after them."""

    lines: Sequence[str]
    offset: int  #: bytes of the log up to here have been told
    ended: RunLine | None = None  #: the run, if it is over and all has been told
    _made: dict[object, bytes] = field(default_factory=dict)

    def made(self, maker: "Maker") -> bytes:
        """Return what is sent for them: made once, however many get it."""
        if maker not in self._made:
            self._made[maker] = maker(self)
        return self._made[maker]


#: Makes what is sent of lines.
Maker = Callable[[Lines], bytes]


class _Link(Generic[T]):
    """What came, and the promise of what comes after it."""

    def __init__(self) -> None:
        self.next: asyncio.Future[tuple[T, _Link[T]]] = asyncio.get_running_loop().create_future()

    def add(self, value: T) -> "_Link[T]":
        """Let *value* follow; return the new end."""
        end: _Link[T] = _Link()
        self.next.set_result((value, end))
        return end


@dataclass
class _Tail:
    """One log that is followed."""

    run: RunLine
    offset: int
    end: _Link[Lines]
    followers: int = 0
    looked: bool = False  #: whether its run was looked at since it is followed


class Streams:
    """The streams of one web process."""

    def __init__(self, registry: Path, most: int, *, beat_seconds: float = BEAT_SECONDS) -> None:
        self._beat_seconds = beat_seconds
        self._changes = ChangeReader(registry)
        self._most = most
        self._open = 0
        self._tails: dict[int, _Tail] = {}
        self._version = -1
        self._pulse: _Link[int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def followers(self) -> int:
        """How many follow something now."""
        return self._open

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Look for as long as the body takes, while anybody follows."""
        self._loop, self._pulse = asyncio.get_running_loop(), _Link()
        task = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            self.end()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self._changes.close()

    def end(self) -> None:
        """Let every stream end now. May be called from any thread, and by a signal."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)

    async def log(
        self, run: RunLine, *, after: int, maker: Maker, may: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        """Yield what a log holds, and what it gets until its run is over.

        Args:
            run: The run, as it was last seen.
            after: Bytes of the log that are known already.
            maker: Makes what is sent.
            may: Says now and then whether the follower still may.
        """
        if run.state not in ACTIVE:
            for lines in await run_in_threadpool(_whole, run, after):
                yield lines.made(maker)
            return
        with self._counted():
            tail = await self._tail(run)
            tail.followers += 1
            try:
                link, known = tail.end, tail.offset
                for lines in _pieces(await run_in_threadpool(_between, run, after, known)):
                    yield lines.made(maker)
                async for more in self._on(link, may):
                    yield more.made(maker) if more else b": \n\n"
                    if more and more.ended:
                        return
            finally:
                tail.followers -= 1
                if not tail.followers and self._tails.get(run.id) is tail:
                    del self._tails[run.id]

    async def changes(self, *, may: Callable[[], Awaitable[bool]]) -> AsyncIterator[int | None]:
        """Yield a number whenever something in the registry has changed; None: nothing has."""
        with self._counted():
            assert self._pulse is not None  # noqa: S101 - the application is at work
            async for version in self._on(self._pulse, may):
                yield version

    def check_room(self) -> None:
        """Check that one more may follow, before an answer begins.

        Raises:
            TooManyError: As many follow as may.
        """
        if self._open >= self._most:
            raise TooManyError("streams", 10)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._open += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._wanted.clear()

    async def _on(
        self, link: _Link[T], may: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[T | None]:
        """Go along a chain; None when nothing came for a while."""
        over = asyncio.ensure_future(self._over.wait())
        try:
            while True:
                waited: set[asyncio.Future[Any]] = {link.next, over}
                done, _ = await asyncio.wait(
                    waited, timeout=self._beat_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if link.next in done:
                    value, link = link.next.result()
                    yield value
                elif done or not await may():
                    return
                else:
                    yield None
        finally:
            over.cancel()

    async def _tail(self, run: RunLine) -> _Tail:
        if run.id not in self._tails:
            offset = await run_in_threadpool(_last_line, run)
            # Another follower may have come meanwhile.
            self._tails.setdefault(run.id, _Tail(run, offset, _Link()))
        return self._tails[run.id]

    async def _look_on(self) -> None:
        while True:
            await self._wanted.wait()
            try:
                version, found = await run_in_threadpool(self._look, list(self._tails.values()))
            except StomaError as error:
                _log.warning("followers wait: %s", error)
            else:
                self._tell(version, found)
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self, tails: Sequence[_Tail]) -> tuple[int, list[tuple[_Tail, RunLine, list[Lines]]]]:
        """Return what there is to tell. On a thread; changes nothing."""
        version = self._changes.version()
        runs = {tail.run.id: tail.run for tail in tails}
        if runs and (version != self._version or not all(tail.looked for tail in tails)):
            now = self._changes.runs(runs)
            runs = {run_id: now.get(run_id, run) for run_id, run in runs.items()}
        # The runs before their logs: what was written until a run ended is told.
        return version, [
            (tail, runs[tail.run.id], _added(runs[tail.run.id], tail.offset)) for tail in tails
        ]

    def _tell(self, version: int, found: Iterable[tuple[_Tail, RunLine, list[Lines]]]) -> None:
        if version != self._version and self._pulse is not None:
            self._pulse = self._pulse.add(version)
        self._version = version
        for tail, run, pieces in found:
            tail.run, tail.looked = run, True
            for lines in pieces:
                tail.offset, tail.end = lines.offset, tail.end.add(lines)
            if run.state not in ACTIVE and self._tails.get(run.id) is tail:
                del self._tails[run.id]  # who comes now reads the whole of it


def _added(run: RunLine, offset: int) -> list[Lines]:
    """Return what a log has got; of a run that is over, all that is left, and that it is over."""
    over = run.state not in ACTIVE
    size = _size(run)
    if size <= offset:
        return [Lines((), offset, run)] if over else []
    body = _read(run, offset, size - offset if over else min(size - offset, _PIECE))
    if not over:
        body = body[: body.rfind(b"\n") + 1]
        return [Lines(_decoded(body), offset + len(body))] if body else []
    return [Lines(_decoded(body), offset + len(body), run)]


def _whole(run: RunLine, after: int) -> list[Lines]:
    """Return what is left of the log of a run that is over, and that it is."""
    part = _between(run, after, _size(run))
    return [*_pieces(part), Lines((), part[0] + len(part[1]), run)]


def _between(run: RunLine, first: int, until: int) -> tuple[int, bytes]:
    """Return where a part of a log begins, and the part."""
    first = min(max(first, 0), until)
    return first, _read(run, first, until - first)


def _pieces(part: tuple[int, bytes]) -> Iterable[Lines]:
    """Yield a part of a log in pieces of whole lines."""
    offset, body = part
    while body:
        cut = body.rfind(b"\n", 0, _PIECE) + 1 or len(body)
        offset += cut
        yield Lines(_decoded(body[:cut]), offset)
        body = body[cut:]


def _last_line(run: RunLine) -> int:
    """Return where the last whole line of a log ends."""
    size = _size(run)
    while size:
        first = max(0, size - _PIECE)
        found = _read(run, first, size - first).rfind(b"\n")
        if found >= 0:
            return first + found + 1
        size = first
    return 0


def _size(run: RunLine) -> int:
    try:
        return Path(run.log_path).stat().st_size if run.log_path else 0
    except OSError:
        return 0


def _read(run: RunLine, offset: int, count: int) -> bytes:
    if count <= 0:
        return b""
    try:
        with Path(run.log_path or os.devnull).open("rb") as file:
            file.seek(offset)
            return file.read(count)
    except OSError:
        return b""


def _decoded(body: bytes) -> list[str]:
    lines = body.split(b"\n")
    if not lines[-1]:
        del lines[-1]
    return [line.decode("utf-8", "replace") for line in lines]
