"""A monitor on the loopback that takes signs of life."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Monitor(ThreadingHTTPServer):
    """A monitor that takes pings, and can be told to be in trouble."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.heard: list[tuple[str, str, str]] = []
        self.status = 200
        self.hold: threading.Event | None = None
        self.arrived = threading.Semaphore(0)
        self.url = f"http://127.0.0.1:{self.server_port}/ping/uuid"


class _Answer(BaseHTTPRequestHandler):
    server: Monitor

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        text = self.rfile.read(length).decode()
        self.server.heard.append((self.command, self.path, text))
        self.server.arrived.release()
        if self.server.hold is not None:
            self.server.hold.wait(60)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass
