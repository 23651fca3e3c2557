"""Channels, against real servers on the loopback."""

import hmac
import socket
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from stoma.domain.notice import Event, Notice
from stoma.exceptions import SecretError
from stoma.notifications import CHANNELS
from stoma.notifications.base import Parcel
from stoma.notifications.errors import DeliveryError
from stoma.notifications.limits import ended_after
from stoma.secrets import Places, Secrets
from stoma.settings.notifications import NotificationSettings
from tests.fakes import START, FakeClock
from tests.receivers import Hook, Mailbox, certificate, http_receiver, mail_server

NOTICE = Notice(
    event=Event.FAILURE,
    at=START,
    title="stoma: papers failed: no answer\r\nBcc: everybody@example.org",
    text="papers failed\n\nGrüße aus Köln\n",
    html="<h1>papers failed</h1>",
    task_id="papers",
    run_id=7,
    facts={"task_id": "papers", "run_id": 7},
)
PARCEL = Parcel(id="stoma-1", notice=NOTICE)
SECRETS = Secrets(
    Places(environ={"STOMA_SECRET_MAIL": "open sesame", "STOMA_SECRET_HOOK": "whsec_c2VjcmV0IQ=="})
)
HERE = ("127.0.0.0/8",)


def deliver(parcel: Parcel = PARCEL, **settings: Any) -> None:
    loaded = NotificationSettings.model_validate({"channels": {"it": settings}})
    channel = loaded.channels["it"]
    CHANNELS.get(channel.type)(channel, SECRETS, FakeClock()).deliver(parcel)


def refused(**settings: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        deliver(**settings)
    return caught.value


# --- e-mail ---------------------------------------------------------------------------------------


def mail(box: Mailbox | int, **settings: Any) -> dict[str, Any]:
    return {
        "type": "smtp",
        "host": "127.0.0.1",
        "port": box if isinstance(box, int) else box.port,
        "security": "none",
        "sender": "stoma@example.org",
        "to": ["you@example.org", "me@example.org"],
    } | settings


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path)


def test_a_mail_has_text_and_html_and_a_subject_of_one_line() -> None:
    with mail_server() as box:
        deliver(**mail(box))

    (got,) = box.mails
    assert got["Subject"] == "stoma: papers failed: no answer\\x0d Bcc: everybody@example.org"
    assert got["Bcc"] is None
    assert got["Message-ID"] == "<stoma-1@example.org>"
    assert got["Auto-Submitted"] == "auto-generated"
    text = got.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.splitlines() == NOTICE.text.splitlines()
    assert "<h1>" in got.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert list(box.recipients[0]) == ["you@example.org", "me@example.org"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_secure_connection_carries_the_password(pem: Path, security: str) -> None:
    cert = {"starttls": pem} if security == "starttls" else {"tls": pem}
    password = "open sesame" if security == "starttls" else ""

    with mail_server(**cert, password=password) as box:
        user = {"username": "stoma", "password": {"secret": "MAIL"}} if password else {}
        deliver(**mail(box, security=security, ca_file=str(pem), **user))

    assert len(box.mails) == 1
    assert box.logins == ([("stoma", "open sesame")] if password else [])


def test_a_certificate_that_nobody_vouches_for_is_refused(pem: Path) -> None:
    with mail_server(starttls=pem) as box:
        error = refused(**mail(box, security="starttls"))

    assert "certificate is not trusted" in str(error)
    assert box.mails == []


def test_a_server_without_tls_gets_nothing_where_tls_is_demanded() -> None:
    with mail_server() as box:
        error = refused(**mail(box, security="starttls"))

    assert not error.retryable
    assert box.mails == []


@pytest.mark.parametrize(
    ("reply", "retryable"),
    [("451 greylisted, try again later", True), ("550 no such mailbox", False)],
)
def test_what_a_mail_server_says_decides_whether_to_try_again(reply: str, retryable: bool) -> None:
    with mail_server() as box:
        box.replies.append(reply)
        error = refused(**mail(box))

    assert reply in str(error)
    assert error.retryable is retryable


def test_a_wrong_password_is_not_tried_again(pem: Path) -> None:
    with mail_server(starttls=pem, password="another one") as box:
        error = refused(
            **mail(
                box,
                security="starttls",
                ca_file=str(pem),
                username="stoma",
                password={"secret": "MAIL"},
            )
        )

    assert not error.retryable
    assert "535" in str(error)


def test_a_password_that_is_not_there_is_named() -> None:
    with mail_server() as box, pytest.raises(SecretError, match="NOWHERE"):
        deliver(**mail(box, username="stoma", password={"secret": "NOWHERE"}))


def test_nobody_at_the_other_end_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    error = refused(**mail(port))

    assert error.retryable
    assert "refused" in str(error)


def test_a_mail_server_that_says_a_byte_now_and_then_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refused(**mail(silent.getsockname()[1], timeout_seconds=0.2))

    assert error.retryable


@pytest.mark.parametrize(
    ("refuses", "retryable"),
    [
        ({"me@example.org": "550 unknown"}, False),  # the other one has it: never twice
        ({"me@example.org": "451 later", "you@example.org": "451 later"}, True),
        ({"me@example.org": "550 no", "you@example.org": "550 no"}, False),
    ],
)
def test_addresses_that_are_refused_are_named(refuses: dict[str, str], retryable: bool) -> None:
    with mail_server() as box:
        box.refuses = refuses
        error = refused(**mail(box))

    assert refuses["me@example.org"] in str(error)
    assert error.retryable is retryable


def test_a_conversation_that_does_not_end_is_cut() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ended_after(0.05, lambda: ours) as over:
        assert ours.recv(1) == b""
        assert over.is_set()


# --- webhooks -------------------------------------------------------------------------------------


@pytest.fixture
def hook() -> Iterator[Hook]:
    with http_receiver() as receiver:
        yield receiver


def web(hook: Hook, **settings: Any) -> dict[str, Any]:
    return {"type": "webhook", "url": hook.url, "allow_private": HERE} | settings


def test_a_webhook_is_signed_so_that_the_receiver_can_check_it(hook: Hook) -> None:
    deliver(**web(hook, secret={"secret": "HOOK"}))

    (got,) = hook.got
    signed = f"stoma-1.{got.headers['webhook-timestamp']}.".encode() + got.body
    wanted = hmac.new(b64decode("c2VjcmV0IQ=="), signed, sha256).digest()
    assert got.headers["webhook-signature"] == f"v1,{b64encode(wanted).decode()}"
    assert got.headers["webhook-id"] == "stoma-1"
    assert got.json["type"] == "stoma.failure"
    assert got.json["data"]["run_id"] == 7


def test_a_webhook_without_a_secret_is_not_signed(hook: Hook) -> None:
    deliver(**web(hook))

    assert "webhook-signature" not in hook.got[0].headers


@pytest.mark.parametrize(
    ("status", "retryable"), [(500, True), (429, True), (404, False), (301, False)]
)
def test_the_status_decides_whether_to_try_again(hook: Hook, status: int, retryable: bool) -> None:
    hook.replies.append(status)
    hook.headers["Location"] = "http://169.254.169.254/"

    error = refused(**web(hook))

    assert f"HTTP {status}" in str(error)
    assert error.retryable is retryable
    assert len(hook.got) == 1  # a redirect is not followed


def test_a_receiver_that_asks_for_time_gets_it(hook: Hook) -> None:
    hook.replies.append(503)
    hook.headers["Retry-After"] = "120"

    assert refused(**web(hook)).retry_after_seconds == 120


def test_a_receiver_that_does_not_answer_is_left_in_time(hook: Hook) -> None:
    hook.replies.append(None)

    error = refused(**web(hook, timeout_seconds=0.2))

    assert error.retryable


def test_a_private_address_is_refused_unless_it_is_meant(hook: Hook) -> None:
    error = refused(**web(hook, allow_private=()))

    assert "not a public address" in str(error)
    assert "allow_private" in error.hint
    assert not error.retryable
    assert hook.got == []


def test_a_secret_that_is_no_base64_after_its_mark_is_refused(hook: Hook) -> None:
    assert "base64" in str(refused(**web(hook, secret="whsec_?")))


def test_a_webhook_goes_through_a_connection_that_is_checked(pem: Path) -> None:
    with http_receiver(tls=pem) as hook:
        deliver(**web(hook, ca_file=str(pem)))
        unknown = refused(**web(hook))
        nowhere = refused(**web(hook, ca_file="/nowhere"))

    assert len(hook.got) == 1
    assert "certificate is not trusted" in str(unknown)
    assert "ca_file /nowhere can not be used" in str(nowhere)


def test_an_address_that_programs_read_differently_is_refused() -> None:
    error = refused(type="webhook", url="https://example.org@127.0.0.1/")

    assert "none that can be used" in str(error)
    assert not error.retryable


def test_a_web_server_that_is_gone_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/"

    assert refused(type="webhook", url=url, allow_private=HERE).retryable


# --- ntfy, command, apprise -----------------------------------------------------------------------


def test_ntfy_gets_json_and_no_text_of_ours_in_a_header(hook: Hook) -> None:
    topic = hook.url.replace("/hook", "/alerts")
    deliver(type="ntfy", url=topic, token={"secret": "MAIL"}, allow_private=HERE)

    (got,) = hook.got
    assert got.path == "/"
    assert got.headers["authorization"] == "Bearer open sesame"
    assert got.json == {
        "topic": "alerts",
        "title": NOTICE.title,
        "message": NOTICE.text,
        "priority": 4,
        "tags": ["warning"],
    }


def test_ntfy_without_a_topic_says_so(hook: Hook) -> None:
    base = hook.url.removesuffix("/hook")

    assert "topic" in str(refused(type="ntfy", url=base, allow_private=HERE))


def test_a_command_gets_the_notice_on_its_input_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_SECRET_MAIL", "open sesame")
    out = tmp_path / "out"
    code = "import os, sys; open(sys.argv[1], 'w').write(sys.stdin.read() + str(os.environ))"

    deliver(type="command", command=[sys.executable, "-c", code, str(out)])

    written = out.read_text()
    assert '"type": "stoma.failure"' in written
    assert "STOMA_NOTICE_ID" in written
    assert "open sesame" not in written


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["false"], "ended with 1"),
        (["sh", "-c", "echo no >&2; exit 3"], "ended with 3: no"),
        (["/nowhere"], "can not be run"),
        (["sleep", "60"], "more than 0.2 s"),
    ],
)
def test_a_command_that_fails_is_tried_again(command: list[str], words: str) -> None:
    error = refused(type="command", command=command, timeout_seconds=0.2)

    assert words in str(error)
    assert error.retryable


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_refuses_an_address_it_does_not_know() -> None:
    pytest.importorskip("apprise")

    assert "none of apprise's" in str(refused(type="apprise", url="nonsense"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_delivers(hook: Hook) -> None:
    pytest.importorskip("apprise")

    deliver(type="apprise", url=hook.url.replace("http://", "json://"))
    hook.replies.append(500)
    error = refused(type="apprise", url=hook.url.replace("http://", "json://"))

    assert hook.got[0].json["title"] == NOTICE.title
    assert "did not take it" in str(error)
