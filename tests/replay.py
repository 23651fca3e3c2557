"""A source on the loopback: recorded answers, answers out of turn, and every kind of bad manners.

It is a real HTTP server, so that what is tested is what runs. Nothing in it waits for time to
pass: a silent answer stays silent until the server closes.
"""

import gzip
import json
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

ATOM = "application/atom+xml; charset=UTF-8"
#: What decides which recorded answer fits a request to arXiv.
ARXIV_KEYS = ("search_query", "id_list", "start", "max_results")

#: Writes to the connection, piece by piece, until it has said enough.
Pieces = Callable[["ReplayServer"], Iterator[bytes]]


@dataclass(frozen=True)
class Answer:
    """What the server says to one request."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Pieces | None = None  #: instead of all the above: the bytes of the whole answer
    reset: bool = False  #: end by tearing the connection down


@dataclass(frozen=True)
class Seen:
    """One request, as it arrived."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]  #: names in lower case


def feed(body: bytes, **headers: str) -> Answer:
    """An Atom feed."""
    return Answer(body, headers={"Content-Type": ATOM, **headers})


def page(body: str, status: int = 200, **headers: str) -> Answer:
    """A page for people, where a feed was asked for."""
    return Answer(body.encode(), status, {"Content-Type": "text/html", **headers})


def slow_down(retry_after: str = "") -> Answer:
    """HTTP 429, with or without a word on how long."""
    return Answer(b"Rate exceeded.", 429, {"Retry-After": retry_after} if retry_after else {})


def cut_off(body: bytes, keep: int) -> Answer:
    """Announces *body* and closes after *keep* bytes of it."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {ATOM}\r\nContent-Length: {len(body)}\r\n\r\n"
    return Answer(raw=lambda _: iter([head.encode() + body[:keep]]))


def dropped() -> Answer:
    """Closes without a word."""
    return Answer(raw=lambda _: iter(()))


def torn(said: bytes = b"") -> Answer:
    """Says *said* and tears the connection down."""
    return Answer(raw=lambda _: iter([said]), reset=True)


def silent(said: bytes = b"") -> Answer:
    """Says *said*, and then nothing until the server closes."""

    def pieces(server: "ReplayServer") -> Iterator[bytes]:
        yield said
        server.closing.wait()

    return Answer(raw=pieces)


def dribbling(head: bytes, drop: bytes, after_each: Callable[[], None], times: int) -> Answer:
    """Says *head*, then *drop* so many times, calling *after_each*; then nothing more."""

    def pieces(server: "ReplayServer") -> Iterator[bytes]:
        yield head
        for _ in range(times):
            yield drop
            after_each()
        server.closing.wait()

    return Answer(raw=pieces)


def bomb(size: int) -> Answer:
    """*size* zeros, as gzip makes them small."""
    return Answer(_zeros(size), headers={"Content-Encoding": "gzip"})


@cache
def _zeros(size: int) -> bytes:
    return gzip.compress(bytes(size))


def body_beside(meta: Path) -> Path:
    """Return the recorded body that *meta*, a `.meta.json`, belongs to."""
    stem = meta.name.removesuffix(".meta.json")
    (body,) = (file for file in meta.parent.glob(f"{stem}.*") if file != meta)
    return body


class ReplayServer:
    """Answers by path and parameters; use it in a `with`.

    Attributes:
        seen: The requests, in the order they arrived.
        arrived: When they did, on the monotonic clock.
        peak: The most connections that were open and waiting for an answer at one time.
        closing: Set when the server is about to close.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.peak = 0
        self.arrived: list[float] = []
        self.closing = threading.Event()
        self._open = 0
        self._lock = threading.Lock()
        self._routes: list[tuple[str, Mapping[str, str], list[Answer]]] = []
        self._out_of_turn: dict[int, Answer] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.replay = self
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, *answers: Answer, **params: str) -> Self:
        """Answer requests to *path* that have *params* by *answers* in turn, the last for ever."""
        self._routes.append((path, params, list(answers)))
        return self

    def answer_request(self, number: int, answer: Answer) -> Self:
        """Give the request of that *number*, counted from 1, this answer, whatever it asks."""
        self._out_of_turn[number] = answer
        return self

    def replay(self, folder: Path) -> Self:
        """Answer as recorded in *folder*: bodies, each with a `.meta.json` beside it."""
        for meta in sorted(folder.glob("*.meta.json")):
            said = json.loads(meta.read_text())
            asked = urlsplit(said["url"])
            params = dict(parse_qsl(asked.query, keep_blank_values=True))
            known = {key: params[key] for key in ARXIV_KEYS if key in params} or params
            headers = said.get("headers", {"Content-Type": ATOM})
            answer = Answer(body_beside(meta).read_bytes(), said["status_code"], headers)
            self.answer(asked.path, answer, **known)
        return self

    def choose(self, seen: Seen) -> Answer:
        """Note a request and return what is said to it."""
        with self._lock:
            self.seen.append(seen)
            self.arrived.append(time.monotonic())
            if len(self.seen) in self._out_of_turn:
                return self._out_of_turn[len(self.seen)]
            for path, params, answers in self._routes:
                if path == seen.path and params.items() <= seen.params.items():
                    return answers.pop(0) if len(answers) > 1 else answers[0]
        return page("<html><title>Nothing recorded for this</title></html>", 404)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Count a connection that waits for its answer."""
        with self._lock:
            self._open += 1
            self.peak = max(self.peak, self._open)
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    replay: ReplayServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._waiting = ExitStack()
        self._waiting.enter_context(self.server.replay.connected())

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that has had enough is what is tested
            super().handle()

    def finish(self) -> None:
        self._waiting.close()
        super().finish()

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        params = dict(parse_qsl(asked.query, keep_blank_values=True))
        answer = self.server.replay.choose(Seen(asked.path, params, headers))
        for piece in self._pieces(answer):
            self.wfile.write(piece)
        if answer.reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(self.connection.detach())

    def _pieces(self, answer: Answer) -> Iterable[bytes]:
        if answer.raw is not None:
            self.close_connection = True
            return answer.raw(self.server.replay)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        # Whoever reads the last byte may open the next connection before this one is closed.
        self._waiting.close()
        return [answer.body]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: pytest shows what was asked."""
