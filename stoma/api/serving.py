"""Serving the web: where it listens, and what must hold before it does."""

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from types import FrameType

import uvicorn

from stoma.api.app import create_app
from stoma.api.context import Web
from stoma.clock import Clock
from stoma.exceptions import SettingsError
from stoma.operations.accounts import anybody
from stoma.settings import Loaded

_log = logging.getLogger(__name__)

#: How long open requests, streams above all, may go on once an end was asked for.
_GRACEFUL_SECONDS = 3


def serve(loaded: Loaded, *, clock: Clock | None = None) -> None:
    """Serve the web until SIGTERM or SIGINT.

    Raises:
        SettingsError: It would be open to others without credentials, or can not listen there.
        RegistryError: The registry can not be used.
    """
    api = create_app(loaded, clock=clock)
    web: Web = api.state.web
    try:
        settings = loaded.settings.web
        is_open = not anybody(web.app)
        if is_open and not _is_loopback(settings.host):
            raise SettingsError(
                f"web.host is {settings.host!r}, and there is neither a user nor a token: "
                "anybody who reaches it could do anything",
                hint="make one first: stoma users add NAME --admin",
            )
        with _listening(settings.host, settings.port) as listener:
            _announce(listener, settings.prefix, is_open=is_open)
            logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its own start and stop
            config = uvicorn.Config(
                api,
                lifespan="on",
                access_log=False,
                log_config=None,
                proxy_headers=False,  # whoever asks is who connects
                server_header=False,
                timeout_graceful_shutdown=_GRACEFUL_SECONDS,
                h11_max_incomplete_event_size=64 * 1024,
            )
            _Server(config, web).run(sockets=[listener])
    finally:
        web.app.close()


class _Server(uvicorn.Server):
    """Lets streams end when it is asked to end: they would go on for ever."""

    def __init__(self, config: uvicorn.Config, web: Web) -> None:
        super().__init__(config)
        self._web = web

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order on SIGTERM and SIGINT, and with 0: that is what was asked for."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note that the end was asked for."""
        super().handle_exit(sig, frame)
        self._web.streams.end()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, number)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise SettingsError(
            f"can not listen on {host} port {port}: {error.strerror or error}",
            hint="choose another: --port N, or the setting web.port",
        ) from error
    return listener


def _announce(listener: socket.socket, prefix: str, *, is_open: bool) -> None:
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    _log.info("the web is at http://%s:%d%s/", name, port, prefix)
    if is_open:
        _log.info(
            "there is no user and no token: this machine needs none; to change that: "
            "stoma users add NAME --admin"
        )
