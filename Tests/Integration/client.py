"""Clients: the `websockets` library, and one that sends whatever bytes a test wants."""

import asyncio
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import websockets.asyncio.client
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

import frames
from lines import PATIENCE


class Loop:
    """An event loop in a thread of its own.

    All clients of the `websockets` library live on it. That library's blocking client reads and writes a TLS socket
    from two threads at once, and then Python's `ssl` loses a message now and then.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


LOOP = Loop()


class Client:
    """A connection of the `websockets` library, for tests that go one step after another."""

    def __init__(self, url: str, **options: Any) -> None:
        async def connect() -> ClientConnection:
            return await websockets.asyncio.client.connect(url, **options)

        self.connection: ClientConnection = LOOP.run(connect())

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, message: str | bytes | Iterable[str]) -> None:
        """Sends a message; each element of an iterable is a fragment."""
        LOOP.run(self.connection.send(message))

    def recv(self, timeout: float = PATIENCE) -> str | bytes:
        """The next message. ConnectionClosed at the end, TimeoutError where nothing comes."""
        return LOOP.run(asyncio.wait_for(self.connection.recv(), timeout))

    def ping(self, payload: str = "") -> None:
        """Sends a ping and waits for its pong."""

        async def ping() -> None:
            await asyncio.wait_for(await self.connection.ping(payload), PATIENCE)

        LOOP.run(ping())

    def close(self, code: int = 1000, reason: str = "") -> None:
        LOOP.run(self.connection.close(code, reason))

    def closing(self, timeout: float = PATIENCE) -> tuple[int, str]:
        """Code and reason of the close frame that comes next."""
        try:
            message = self.recv(timeout)
        except ConnectionClosed as ended:
            assert ended.rcvd, "the connection ended without a close frame"
            return ended.rcvd.code, ended.rcvd.reason
        raise AssertionError(f"a message, and no close frame: {message!r:.100}")


@dataclass
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


class RawClient:
    """One TLS connection to the gateway."""

    def __init__(
        self,
        port: int,
        context: ssl.SSLContext,
        *,
        server_name: str = "localhost",
        source: str = "127.0.0.1",
        receive_buffer: int | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            plain.settimeout(PATIENCE)
            if receive_buffer:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.bind((source, 0))
            plain.connect(("127.0.0.1", port))
            self.socket = context.wrap_socket(plain, server_hostname=server_name, session=session)
        except BaseException:
            plain.close()
            raise
        self.stream = self.socket.makefile("rb")

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stream.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_frame(self, opcode: int, payload: bytes = b"", **options: Any) -> None:
        self.send(frames.encode(opcode, payload, **options))

    def frame(self) -> frames.Frame | None:
        return frames.read_frame(self.stream)

    def close_frame(self) -> frames.Frame:
        """The next close frame; pings and messages before it are passed over, unanswered."""
        while frame := self.frame():
            if frame.opcode == frames.CLOSE:
                return frame
        raise AssertionError("the gateway ended the connection without a close frame")

    def head(self) -> Response:
        """A response without its body: status line and header fields."""
        status_line = self.stream.readline().decode()
        assert status_line.startswith("HTTP/1.1 "), f"not a status line: {status_line!r}"
        return Response(int(status_line.split()[1]), http.client.parse_headers(self.stream), b"")

    def response(self) -> Response:
        """A whole response, up to its Content-Length."""
        response = self.head()
        response.body = frames.read_exactly(self.stream, int(response.headers["Content-Length"]))
        return response

    def upgrade(self, request: bytes | None = None) -> Response:
        """Sends an upgrade request and takes the 101."""
        self.send(request or frames.upgrade_request())
        response = self.head()
        assert response.status == 101, self.stream.read()
        return response

    def is_ended(self) -> bool:
        """Whether the gateway ends the connection, without a byte more."""
        try:
            return self.stream.read(1) == b""
        except ConnectionError:
            return True
