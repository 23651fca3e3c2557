"""Who is outside: the sources that are asked, and those who are told. Only if that is wanted."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from stoma.doctor.findings import Finding, Ground, fault, note, ok, warning
from stoma.settings.notifications import SmtpChannel
from stoma.settings.sources import SourceSettings

_PATIENCE_SECONDS: Final = 10.0
_TRY: Final = "to try: stoma doctor --online"


def sources(ground: Ground) -> Iterator[Finding]:
    """See that the hosts of the sources can be reached; nothing is asked of them."""
    if ground.loaded is None:
        return
    if not ground.online:
        yield note("not tried", _TRY)
        return
    for name, section in ground.loaded.settings.sources:
        for url in section.urls if isinstance(section, SourceSettings) else ():
            parts = urlsplit(url)
            secure = parts.scheme == "https"
            host, port = parts.hostname or "", parts.port or (443 if secure else 80)
            problem = unreachable(host, port, secure=secure)
            if problem:
                yield fault(f"{name}: {host} can not be reached: {problem}", _LOOK)
            else:
                yield ok(f"{name}: {host} can be reached")


_LOOK: Final = "look at the network, the name server, and any firewall or proxy between"


def messages(ground: Ground) -> Iterator[Finding]:
    """See that somebody is told of failures, and that mail servers can be reached."""
    if ground.loaded is None:
        return
    wanted = ground.loaded.settings.notifications
    if not wanted.channels and not ground.loaded.settings.heartbeat.url.get_secret_value():
        yield note("nobody is told when something fails", "see docs/how-to/get-notified.md")
    if wanted.channels and not (wanted.notify or wanted.digest):
        yield warning(
            "there are channels, and nothing uses them unless a task names one",
            "stoma config set notifications.notify NAME",
        )
    for name, channel in wanted.channels.items():
        if isinstance(channel, SmtpChannel):
            yield _mail(name, channel, ground)
        else:
            yield ok(f"channel {name} ({channel.type})")


def _mail(name: str, channel: SmtpChannel, ground: Ground) -> Finding:
    port = channel.port or (465 if channel.security == "tls" else 587)
    where = f"channel {name}: the mail server {channel.host}"
    if not ground.online:
        return note(f"{where} was not tried", _TRY)
    problem = unreachable(channel.host, port)
    if problem:
        return fault(f"{where}, port {port}, can not be reached: {problem}", _LOOK)
    return ok(f"{where} can be reached; to send one: stoma notify test {name}")


def unreachable(
    host: str, port: int, *, secure: bool = False, seconds: float = _PATIENCE_SECONDS
) -> str:
    """Return why a host can not be reached; empty if it can. Nothing is asked of it.

    Args:
        host: Its name.
        port: The port.
        secure: Whether it has to prove who it is (TLS).
        seconds: How long that may take.
    """
    try:
        with socket.create_connection((host, port), timeout=seconds) as plain:
            if secure:
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                    pass
    except (OSError, ValueError) as error:  # a certificate that does not hold is an OSError too
        return str(error) or type(error).__name__
    return ""
