"""An HTTP server on this machine that can be told to misbehave."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Server:
    """Answers GET by `pages[path]`, which writes the response; counts the requests."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.requests: list[str] = []
        self.release = threading.Event()  # lets go of stalled answers
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(self.path)
                page = outer.pages.get(self.path)
                if page is None:
                    self.send_error(404)
                else:
                    page(self)

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def serve(self, path: str, body: bytes, *, promised: int | None = None) -> None:
        """Answer with `body`; with `promised`, announce that many bytes and hang up early."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            _send(handler, body, len(body) if promised is None else promised)

        self.pages[path] = page

    def stall(self, path: str, body: bytes, *, promised: int) -> None:
        """Send `body` as the beginning of `promised` bytes, then nothing until released."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            _send(handler, body, promised)
            handler.wfile.flush()
            self.release.wait(30)

        self.pages[path] = page

    def close(self) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()


def _send(handler: BaseHTTPRequestHandler, body: bytes, length: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.close()
