"""What flows to followers: shared by all of them, from where each left off."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from stoma.api.errors import TooManyError
from stoma.api.streams import Lines, Streams
from stoma.app import App
from stoma.domain.run import Outcome, Run
from stoma.settings import load_settings
from stoma.storage.read import reading
from stoma.storage.read_rows import RunLine
from stoma.storage.run_changes import finish_in
from tests.fakes import FakeClock
from tests.makers import make_firing
from tests.registries import opened_app

LIMIT = 60.0


class Logged:
    """A run at work that writes its log."""

    def __init__(self, app: App, clock: FakeClock) -> None:
        now = clock.now()
        run = app.runs.add(make_firing(), now=now, owner="me", lease_until=now)
        self.path = app.log_path("papers", run.id)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("")
        self._app = app
        self._clock = clock
        self._run: Run = app.runs.start(run, now=now, log_path=str(self.path))

    @property
    def line(self) -> RunLine:
        with reading(self._app.paths.database) as reader:
            assert reader is not None
            found = reader.run(self._run.id)
            assert found is not None
            return found

    def write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def end(self) -> None:
        with self._app.database.write() as connection:
            finish_in(connection, self._run, Outcome.SUCCEEDED, now=self._clock.now())


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with opened_app(load_settings(home=tmp_path, environ={}), clock=FakeClock()) as app:
        yield app


@pytest.fixture
def logged(app: App) -> Logged:
    return Logged(app, FakeClock())


def plain(lines: Lines) -> bytes:
    text = "".join(f"{line}\n" for line in lines.lines)
    return f"{text}{'END' if lines.ended else ''}".encode()


async def always() -> bool:
    return True


async def never() -> bool:
    return False


async def told(flow: AsyncIterator[bytes]) -> bytes:
    """Return all that flows, heartbeats left out."""
    async with asyncio.timeout(LIMIT):
        return b"".join([each async for each in flow if each != b": \n\n"])


def streams(app: App, most: int = 10) -> Streams:
    return Streams(app.paths.database, most)


def test_followers_get_what_was_and_what_comes_each_from_where_it_was(
    app: App, logged: Logged
) -> None:
    async def follow() -> list[bytes]:
        found = streams(app)
        async with found.flowing():
            logged.write("one\ntwo\nhal")
            first = found.log(logged.line, after=0, maker=plain, may=always)
            begun = await anext(first)
            rest = [
                asyncio.create_task(told(first)),
                asyncio.create_task(told(found.log(logged.line, after=4, maker=plain, may=always))),
            ]
            logged.write("f\nthree")
            logged.end()
            return [begun, *await asyncio.gather(*rest)]

    begun, one, other = asyncio.run(follow())

    assert begun == b"one\ntwo\n"
    assert one == b"half\nthree\nEND"
    assert other == b"two\nhalf\nthree\nEND"


def test_a_run_that_is_over_is_told_at_once(app: App, logged: Logged) -> None:
    logged.write("one\ntwo\n")
    logged.end()

    async def follow(after: int) -> bytes:
        found = streams(app)
        async with found.flowing():
            return await told(found.log(logged.line, after=after, maker=plain, may=always))

    assert asyncio.run(follow(0)) == b"one\ntwo\nEND"
    assert asyncio.run(follow(4)) == b"two\nEND"
    assert asyncio.run(follow(999)) == b"END"


def test_a_log_that_is_gone_has_an_end_too(app: App, logged: Logged) -> None:
    logged.path.unlink()
    logged.end()

    async def follow() -> bytes:
        found = streams(app)
        async with found.flowing():
            return await told(found.log(logged.line, after=0, maker=plain, may=always))

    assert asyncio.run(follow()) == b"END"


def test_what_is_sent_is_made_once_for_all() -> None:
    made: list[Lines] = []

    def maker(lines: Lines) -> bytes:
        made.append(lines)
        return b"x"

    lines = Lines(["a"], 2)

    assert [lines.made(maker) for _ in range(1000)] == [b"x"] * 1000
    assert len(made) == 1


def test_a_change_in_the_registry_is_told(app: App) -> None:
    async def follow() -> list[int | None]:
        found = streams(app)
        async with found.flowing(), asyncio.timeout(LIMIT):
            flow = found.changes(may=always)
            seen = [await anext(flow)]
            app.state.set("x", 1, now=app.clock.now())
            return [*seen, await anext(flow)]

    first, second = asyncio.run(follow())

    assert first != second


def test_no_more_may_follow_than_are_allowed(app: App, logged: Logged) -> None:
    async def follow() -> int:
        found = streams(app, most=1)
        async with found.flowing():
            flow = found.changes(may=always)
            await anext(flow)
            with pytest.raises(TooManyError):
                found.check_room()
            await flow.aclose()  # type: ignore[attr-defined]
            found.check_room()
            return found.followers

    assert asyncio.run(follow()) == 0


def test_streams_end_when_the_application_does(app: App, logged: Logged) -> None:
    async def follow() -> bytes:
        found = streams(app)
        async with found.flowing():
            task = asyncio.create_task(
                told(found.log(logged.line, after=0, maker=plain, may=always))
            )
            await asyncio.sleep(0)  # it begins to follow
            found.end()
            return await task

    assert asyncio.run(follow()) == b""


def test_whoever_may_no_longer_is_told_nothing_more(app: App, logged: Logged) -> None:
    async def follow() -> bytes:
        found = Streams(app.paths.database, 10, beat_seconds=0.0)
        async with found.flowing():
            return await told(found.log(logged.line, after=0, maker=plain, may=never))

    assert asyncio.run(follow()) == b""
