"""The server of a page: one address of this machine, a random port, a token, and no request from elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from bokeh.server.util import bind_sockets
from panel.io.application import build_applications
from panel.template.base import BaseTemplate
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.web import ErrorHandler

from kinetics.errors import Fault, InputError
from kinetics.explorer.listening import LOOPBACK, is_loopback
from kinetics.files.reading import reason_of

TOKEN_BYTES = 24
_MAX_MESSAGE = 8_000_000
"""Bytes of a message of the page: a table of counts in letters."""


class GuardedTornado(BokehTornado):
    """Bokeh's application, which answers 403 to a request whose Host or Origin is not its own.

    Without the check of Host, a page of another site could reach the server under a name that it lets resolve to this
    machine; without that of Origin, it could send what a user did not.
    """

    def __init__(self, applications: Any, *, hosts: frozenset[str] | None, **options: Any) -> None:
        self._hosts = hosts
        super().__init__(applications, **options)

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:
        """The handler of a request."""
        if not self._is_own(request):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 403})
        return super().find_handler(request, **options)

    def _is_own(self, request: HTTPServerRequest) -> bool:
        host = request.headers.get("Host", "").lower()
        origin = request.headers.get("Origin")
        is_host = self._hosts is None or host in self._hosts
        return is_host and (origin is None or origin.lower() == f"http://{host}")


class Server:
    """A server that listens, and serves once `run` is called.

    Parameters
    ----------
    page : callable
        Makes a page for each visit.
    address : str
        Where to listen.
    port : int
        On which port; 0 for a random one that is free.
    """

    def __init__(self, page: Callable[[], BaseTemplate], *, address: str = LOOPBACK, port: int = 0) -> None:
        try:
            sockets, self.port = bind_sockets(address, port)
        except OSError as error:
            raise InputError(Fault(f"cannot listen at {address}:{port}: {reason_of(error)}", name="port")) from error
        token = secrets.token_urlsafe(TOKEN_BYTES)
        shown = f"[{address}]" if ":" in address else address
        self.url = f"http://{shown}:{self.port}/{token}/"
        names = {shown, "localhost"}
        hosts = frozenset(f"{name}:{self.port}" for name in names) if is_loopback(address) else None
        application = GuardedTornado(
            build_applications(page, title="Explorer"),
            hosts=hosts,
            prefix=f"/{token}",
            extra_websocket_origins=["*"] if hosts is None else sorted(hosts),
            websocket_max_message_size_bytes=_MAX_MESSAGE,
        )
        http = HTTPServer(application)
        http.add_sockets(sockets)
        self._loop = IOLoop.current()
        self._server = BaseServer(self._loop, application, http)
        self._server.start()

    def run(self) -> None:
        """Serve until `stop`, or an interrupt of the keyboard."""
        self._loop.start()

    def stop(self) -> None:
        """Stop from another thread."""
        self._loop.add_callback(self._loop.stop)
