"""Below the gate: no answer, half an answer, an endless one; and bodies in all their packings."""

import gzip
import socket
import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from stoma.exceptions import (
    BadAnswerError,
    CollectError,
    DeadlineError,
    RequestRefusedError,
    SourceUnreachableError,
)
from stoma.httpclient import Gate, GatePolicy
from stoma.wire import MIB, Reply, read_body, trusted
from tests.fakes import FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer, bomb, cut_off, dribbling, dropped, silent, torn

SOURCE = "arxiv"
POLICY = {"read_seconds": 5, "max_body_bytes": 4 * MIB}


# --- no answer, or half of one ----------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (dropped(), SourceUnreachableError, "server disconnected"),
        (torn(), SourceUnreachableError, "reset"),
        (torn(HEAD + b"Content-Length: 100\r\n\r\n<feed>"), SourceUnreachableError, "reset"),
        (Answer(raw=lambda _: iter([b"hello\r\n\r\n"])), SourceUnreachableError, "illegal"),
        (
            Answer(raw=lambda _: iter([HEAD + b"X: " + b"y" * 200_000])),
            SourceUnreachableError,
            "too large|too long|exceed",
        ),
        (cut_off(b"x" * 100, keep=40), BadAnswerError, "cut off"),
        (
            Answer(raw=lambda _: iter([HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"])),
            BadAnswerError,
            "cut off",
        ),
        (
            Answer(gzip.compress(b"x" * 9000)[:-9], headers={"Content-Encoding": "gzip"}),
            BadAnswerError,
            "cut off in its gzip data",
        ),
        (Answer(b"plain", headers={"Content-Encoding": "gzip"}), BadAnswerError, "not gzip"),
        (Answer(b"??", headers={"Content-Encoding": "br"}), BadAnswerError, "packed as 'br'"),
        (Answer(bytes(4 * MIB + 1)), BadAnswerError, "more than 4194304 bytes"),
        (bomb(3 * MIB), BadAnswerError, "more than 100 times"),
        (bomb(200 * MIB), BadAnswerError, "more than"),
    ],
)
def test_what_is_no_whole_answer_is_an_error(
    server: ReplayServer, gate: Gate, answer: Answer, kind: type[CollectError], words: str
) -> None:
    server.answer("/", answer)

    with pytest.raises(kind, match=words) as caught:
        gate.get(f"{server.url}/")

    assert server.url.removeprefix("http://") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_closed_port_is_named(clock: FakeClock, budgets: FreeBudgets) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        policy = GatePolicy(base_url=f"http://{host}")

        with (
            Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as gate,
            pytest.raises(SourceUnreachableError, match=f"no answer from {host}: .*refused"),
        ):
            gate.get(f"http://{host}/")


def test_a_host_that_lets_us_knock_is_named(
    clock: FakeClock, budgets: FreeBudgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", nobody)
    policy = GatePolicy(base_url="http://127.0.0.1:9")

    with (
        Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as gate,
        pytest.raises(SourceUnreachableError, match="no connection within 10 s"),
    ):
        gate.get("http://127.0.0.1:9/")


def test_a_name_that_does_not_resolve_is_named(
    clock: FakeClock, budgets: FreeBudgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    policy = GatePolicy(base_url="http://export.arxiv.example")

    with (
        Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as gate,
        pytest.raises(SourceUnreachableError) as caught,
    ):
        gate.get("http://export.arxiv.example/api")

    assert str(caught.value) == (
        "no answer from export.arxiv.example: "
        "its name can not be resolved (name or service not known)"
    )


def test_a_name_that_can_not_be_one_is_refused(clock: FakeClock, budgets: FreeBudgets) -> None:
    url = f"http://{'a' * 70}.example/"

    with (
        Gate("arxiv", policy=GatePolicy(base_url=url), budgets=budgets, clock=clock) as gate,
        pytest.raises(RequestRefusedError, match="can not be sent"),
    ):
        gate.get(url)


def test_a_request_too_long_to_send_is_refused(server: ReplayServer, gate: Gate) -> None:
    with pytest.raises(RequestRefusedError, match="can not be sent: URL too long"):
        gate.get(f"{server.url}/", {"q": "x" * 70_000})


def test_a_server_without_tls_is_told_apart(clock: FakeClock, budgets: FreeBudgets) -> None:
    with ReplayServer() as plain:
        url = plain.url.replace("http:", "https:")

        with (
            Gate("arxiv", policy=GatePolicy(base_url=url), budgets=budgets, clock=clock) as gate,
            pytest.raises(SourceUnreachableError, match="no secure connection"),
        ):
            gate.get(url)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of the loopback with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stoma tests")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "loopback.pem"
    file.write_bytes(
        signed.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[ReplayServer]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with ReplayServer(tls) as running:
        yield running.answer("/", Answer(b"ok"))


def test_an_answer_comes_through_a_secure_connection(
    secure: ReplayServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda **_: trusting)
    trusted.cache_clear()
    request.addfinalizer(trusted.cache_clear)
    policy = GatePolicy(base_url=secure.url)

    with Gate("arxiv", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as gate:
        answer = gate.get(f"{secure.url}/")

    assert answer.body == b"ok"


def test_a_certificate_nobody_vouches_for_is_refused(
    secure: ReplayServer, clock: FakeClock, budgets: FreeBudgets
) -> None:
    policy = GatePolicy(base_url=secure.url)

    with (
        Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as gate,
        pytest.raises(SourceUnreachableError, match=r"no secure connection .*CERTIFICATE"),
    ):
        gate.get(f"{secure.url}/")

    assert secure.seen == []


@pytest.mark.parametrize("said", [b"", HEAD, HEAD + b"Content-Length: 9\r\n\r\n<fee"])
def test_silence_ends_after_the_read_timeout(
    server: ReplayServer, clock: FakeClock, budgets: FreeBudgets, said: bytes
) -> None:
    server.answer("/", silent(said))
    policy = GatePolicy(base_url=server.url, read_seconds=0.05)

    with (
        Gate("arxiv", policy=policy, budgets=budgets, clock=clock) as gate,
        pytest.raises(SourceUnreachableError, match=r"silent for 0\.05 s"),
    ):
        gate.get(f"{server.url}/")


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        (HEAD, b"X: y\r\n"),
        (HEAD + b"Content-Length: 1000000\r\n\r\n", b"<"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
@pytest.mark.parametrize(
    ("deadline", "kind", "words"),
    [
        (None, SourceUnreachableError, "did not come to its end within 60 s"),
        (20, DeadlineError, "time limit of 20 s"),
    ],
)
def test_a_byte_now_and_then_does_not_hold_us(
    server: ReplayServer,
    clock: FakeClock,
    budgets: FreeBudgets,
    head: bytes,
    drop: bytes,
    deadline: float | None,
    kind: type[CollectError],
    words: str,
) -> None:
    a_second: Callable[[], None] = lambda: clock.advance(timedelta(seconds=1))  # noqa: E731
    server.answer("/", dribbling(head, drop, a_second, times=90))
    policy = GatePolicy(base_url=server.url, read_seconds=5)

    with (
        Gate("arxiv", policy=policy, budgets=budgets, clock=clock, deadline=deadline) as gate,
        pytest.raises(kind, match=words),
    ):
        gate.get(f"{server.url}/")


def test_an_endless_body_is_not_read_to_its_end(server: ReplayServer, gate: Gate) -> None:
    def endless(_: ReplayServer) -> Iterator[bytes]:
        yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"8000\r\n" + bytes(0x8000) + b"\r\n"

    server.answer("/", Answer(raw=endless))

    with pytest.raises(BadAnswerError, match="more than 4194304 bytes"):
        gate.get(f"{server.url}/")


def test_a_gate_can_ask_again_after_a_failure(server: ReplayServer, gate: Gate) -> None:
    server.answer("/", torn(HEAD), cut_off(b"abc", 1), Answer(b"ok"))

    with pytest.raises(SourceUnreachableError):
        gate.get(f"{server.url}/")
    with pytest.raises(BadAnswerError):
        gate.get(f"{server.url}/")

    assert gate.get(f"{server.url}/").body == b"ok"


# --- reading a body ---------------------------------------------------------------------------


def reply(chunks: Iterable[bytes], **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply("example.org", 200, named, chunks)


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(members=st.lists(st.binary(max_size=200), min_size=1, max_size=3), size=st.integers(1, 50))
def test_gzip_unpacks_whatever_the_pieces(members: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(each) for each in members)

    body = read_body(reply(in_pieces(packed, size), content_encoding="gzip"), MIB, 100)

    assert body == b"".join(members)


@pytest.mark.parametrize("size", [MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 7])
@pytest.mark.parametrize("pieces", [1, 100, 10**9])
def test_gzip_unpacks_across_the_size_of_a_piece(size: int, pieces: int) -> None:
    packed = gzip.compress(bytes(size))

    body = read_body(reply(in_pieces(packed, pieces), content_encoding="x-gzip"), 4 * MIB, 2000)

    assert len(body) == size


@given(data=st.binary(min_size=1, max_size=300), data_at=st.data())
def test_gzip_cut_anywhere_is_an_error(data: bytes, data_at: st.DataObject) -> None:
    packed = zlib.compress(data, wbits=31)
    keep = data_at.draw(st.integers(1, len(packed) - 1))

    with pytest.raises(BadAnswerError, match="cut off"):
        read_body(reply([packed[:keep]], content_encoding="gzip"), MIB, 100)


@pytest.mark.parametrize(
    ("announced", "sound"),
    [("5", True), ("005", True), ("", True), ("five", True), ("4", False), ("6", False)],
)
def test_the_announced_length_counts(announced: str, sound: bool) -> None:
    answer = reply([b"he", b"", b"llo"], content_length=announced)

    if sound:
        assert read_body(answer, MIB, 100) == b"hello"
    else:
        with pytest.raises(BadAnswerError, match=f"5 of {announced} bytes"):
            read_body(answer, MIB, 100)


def test_the_announced_length_says_nothing_about_chunks() -> None:
    answer = reply([b"hello"], content_length="9", transfer_encoding="chunked")

    assert read_body(answer, MIB, 100) == b"hello"


def test_an_empty_body_may_be_called_gzip() -> None:
    assert read_body(reply([], content_encoding="gzip"), MIB, 100) == b""
