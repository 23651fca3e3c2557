"""A site served on the loopback, by a thread of this process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from stoma.api.app import create_app
from stoma.clock import Clock
from stoma.settings import Loaded


@contextmanager
def serving(loaded: Loaded, clock: Clock | None = None) -> Iterator[str]:
    """Serve a site of a registry on the loopback; return its address."""
    api = create_app(loaded, clock=clock)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(api, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            api.state.web.app.close()
