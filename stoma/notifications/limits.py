"""An end to a conversation that does not come to one."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Timer

from stoma.notifications.errors import DeliveryError


@contextmanager
def ended_after(seconds: float, found: Callable[[], socket.socket | None]) -> Iterator[Event]:
    """Cut the connection that *found* returns when the body has taken *seconds*.

    A timeout limits one step; a server that says a byte now and then takes a step for ever.

    Yields:
        What is set when the time was up.
    """
    over = Event()

    def cut() -> None:
        over.set()
        connection = found()
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def trusted(ca_file: str) -> ssl.SSLContext:
    """Return what a secure connection is checked with: the system's authorities, or *ca_file*.

    Raises:
        DeliveryError: The file can not be used.
    """
    try:
        path = str(Path(ca_file).expanduser()) if ca_file else None
        context = ssl.create_default_context(cafile=path)
    except (OSError, RuntimeError) as error:
        words = getattr(error, "strerror", None) or error
        raise DeliveryError(f"ca_file {ca_file} can not be used: {words}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def said(error: BaseException) -> str:
    """Return what went wrong with a connection, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection ({error.reason or error})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return str(error) or type(error).__name__
