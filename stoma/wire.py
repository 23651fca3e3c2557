"""The transport below the gate: one request out, one answer in, within limits of time and size.

No policy lives here. What goes wrong on the way is reported in two words of the error tree: no
answer (`SourceUnreachableError`), or not a whole and sound one (`BadAnswerError`).
"""

import socket
import ssl
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Protocol
from urllib.parse import urlsplit

import httpcore2
import httpx2

from stoma.clock import Clock
from stoma.exceptions import BadAnswerError, RequestRefusedError, SourceUnreachableError
from stoma.text import safe

MIB = 1024 * 1024
#: Below this size a high ratio is only repetitive text.
_RATIO_FROM = MIB


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose body has not been read yet."""

    host: str
    status: int
    headers: Mapping[str, str]  #: names in lower case
    chunks: Iterable[bytes]  #: the body as sent, still packed


class Wire(Protocol):
    """Sends one request and reads its answer."""

    def exchange(
        self, url: str, headers: Mapping[str, str], seconds: float
    ) -> AbstractContextManager[Reply]:
        """Send a GET request; all of it, the body included, may take *seconds*.

        Raises:
            SourceUnreachableError: No answer, or it stopped coming.
            BadAnswerError: The connection ended before the answer was complete.
        """
        ...

    def close(self) -> None:
        """Give up what is still open."""
        ...


def read_body(reply: Reply, max_bytes: int, max_ratio: int) -> bytes:
    """Return the unpacked body of *reply*.

    Args:
        reply: An answer of which nothing was read.
        max_bytes: What it may have, as sent and again as unpacked.
        max_ratio: What it may grow by when unpacked.

    Raises:
        BadAnswerError: It is too large, a bomb, packed in an unknown way, or cut off.
    """
    packing = reply.headers.get("content-encoding", "identity").strip().lower()
    meter = _Meter(reply, max_bytes, max_ratio)
    if packing in {"gzip", "x-gzip"}:
        body = b"".join(meter.unpacked())
    elif packing == "identity":
        body = b"".join(meter.sent())
    else:
        raise BadAnswerError(
            f"the answer of {reply.host} is packed as {safe(packing)!r}, and we asked for gzip"
        )
    meter.check_length()
    return body


class _Meter:
    """Counts a body while it is read, so that no cap is passed by more than a piece."""

    def __init__(self, reply: Reply, max_bytes: int, max_ratio: int) -> None:
        self._reply = reply
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        self._received = 0

    def sent(self) -> Iterator[bytes]:
        """Yield the body as it was sent."""
        for chunk in self._reply.chunks:
            self._received += len(chunk)
            self._check_size(self._received)
            yield chunk

    def unpacked(self) -> Iterator[bytes]:
        """Yield the body unpacked, in pieces of a bounded size."""
        size = 0
        unpacker = zlib.decompressobj(wbits=31)
        for chunk in filter(None, self.sent()):
            data, more = chunk, True
            while more:
                if unpacker.eof:  # one member may follow another (RFC 1952, 2.2)
                    unpacker = zlib.decompressobj(wbits=31)
                try:
                    piece = unpacker.decompress(data, MIB)
                except zlib.error as error:
                    raise BadAnswerError(
                        f"the answer of {self._reply.host} is not gzip, as it says"
                    ) from error
                size += len(piece)
                self._check_size(size)
                self._check_ratio(size)
                yield piece
                data = unpacker.unconsumed_tail or unpacker.unused_data
                # A full piece may leave output behind that no further input announces.
                more = bool(data) or (len(piece) == MIB and not unpacker.eof)
        if self._received and not unpacker.eof:
            raise BadAnswerError(f"the answer of {self._reply.host} was cut off in its gzip data")

    def check_length(self) -> None:
        """Compare what came with what was announced.

        Raises:
            BadAnswerError: They differ.
        """
        announced = self._reply.headers.get("content-length", "")
        if "transfer-encoding" in self._reply.headers or not announced.isdecimal():
            return  # with chunks the length says nothing (RFC 9112, 6.3)
        if announced.lstrip("0") != str(self._received).lstrip("0"):
            raise BadAnswerError(
                f"the answer of {self._reply.host} was cut off: "
                f"{self._received} of {announced[:20]} bytes"
            )

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise BadAnswerError(
                f"the answer of {self._reply.host} has more than {self._max_bytes} bytes",
                hint="ask for less at a time",
            )

    def _check_ratio(self, size: int) -> None:
        if size > max(_RATIO_FROM, self._max_ratio * self._received):
            raise BadAnswerError(
                f"the answer of {self._reply.host} unpacks to more than {self._max_ratio} times "
                "what was sent"
            )


class HttpxWire:
    """The wire through httpx2's transport.

    Without httpx2's client there are no cookies, no redirects, and no proxies or passwords from
    the environment. A connection serves one request: sources count open connections, and one
    that is kept for later is open while another process has its turn.
    """

    def __init__(self, clock: Clock, *, connect_seconds: float, read_seconds: float) -> None:
        self._network = _TimedNetwork(clock)
        self._timeout = httpx2.Timeout(
            connect=connect_seconds, read=read_seconds, write=read_seconds, pool=connect_seconds
        )
        self._transport = _Transport(self._network)

    def close(self) -> None:
        """Give up what is still open."""
        self._transport.close()

    @contextmanager
    def exchange(self, url: str, headers: Mapping[str, str], seconds: float) -> Iterator[Reply]:
        """Send a GET request; see `Wire`."""
        host = urlsplit(url).netloc
        self._network.start(seconds)
        answered = False
        try:
            request = httpx2.Request(
                "GET",
                url,
                headers={**headers, "Connection": "close"},
                extensions={"timeout": self._timeout.as_dict()},
            )
            with closing(self._transport.handle_request(request)) as response:
                answered = True
                received = {name.lower(): value for name, value in response.headers.items()}
                yield Reply(host, response.status_code, received, response.iter_raw())
        except httpx2.RemoteProtocolError as error:
            if answered:
                raise BadAnswerError(f"the answer of {host} was cut off: {_say(error)}") from error
            raise SourceUnreachableError(host, _say(error)) from error
        except httpx2.TransportError as error:
            raise SourceUnreachableError(host, self._cause(error, seconds)) from error
        except (httpx2.InvalidURL, UnicodeError) as error:  # also a host name IDNA can not encode
            raise RequestRefusedError(f"the request can not be sent: {_say(error)}") from error

    def _cause(self, error: httpx2.TransportError, seconds: float) -> str:
        if isinstance(error, httpx2.TimeoutException):
            if self._network.left() <= 0:
                return f"it did not come to its end within {seconds:g} s"
            if isinstance(error, httpx2.ConnectTimeout):
                return f"no connection within {self._timeout.connect:g} s"
            return f"silent for {self._timeout.read:g} s"
        return _why(error)


def _why(error: BaseException) -> str:
    """Return what the system said at the bottom of *error*, if it was the system."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__  # the pool says `from None`
    words = _say(error if cause is None else cause.strerror or cause)
    match cause:
        case socket.gaierror():
            return f"its name can not be resolved ({words})"
        case ssl.SSLError():
            return f"no secure connection ({words})"
    return words


def _say(words: object) -> str:
    """Return the words of a library in our manner: harmless, lower case, no full stop."""
    text = safe(words).rstrip(".")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


@cache
def trusted() -> ssl.SSLContext:
    """Return whom this process trusts, read once: the list is long (25 ms)."""
    return httpx2.create_ssl_context(trust_env=False)


class _Transport(httpx2.HTTPTransport):
    """The usual transport, on a network that keeps the time.

    httpx2 limits each read, not the whole: a server that sends a byte of a header now and then
    would hold us for ever. The network below is the only place that sees every byte.
    """

    def __init__(self, network: httpcore2.NetworkBackend) -> None:
        super().__init__(verify=trusted(), trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trusted(),
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=network,
        )


class _TimedNetwork(httpcore2.NetworkBackend):
    """The system's network, with every step cut to what is left of the time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._system = httpcore2.SyncBackend()

    def start(self, seconds: float) -> None:
        """Let everything from now on be over in *seconds*."""
        self._until = self._clock.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, negative when the time is up."""
        return self._until - self._clock.monotonic()

    def cut(self, timeout: float | None) -> float:
        """Return *timeout*, or what is left if that is less.

        Raises:
            ReadTimeout: Nothing is left.
        """
        left = self.left()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self._system.connect_tcp(
            host, port, self.cut(timeout), local_address, socket_options
        )
        return _TimedStream(stream, self)


class _TimedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, network: _TimedNetwork) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._network.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.cut(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._network.cut(timeout))
        return _TimedStream(stream, self._network)
