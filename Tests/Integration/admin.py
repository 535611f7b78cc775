"""Operators of a gateway: HTTP over the socket in its state folder, and over the policy's loopback address."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from client import Response
from gateway import Gateway
from lines import PATIENCE


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    """A connection to the socket at `path`, which may be longer than the address of a socket has room for."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plain:
            plain.settimeout(PATIENCE)
            plain.connect(f"/proc/self/fd/{folder}/{path.name}")
            yield plain
    finally:
        os.close(folder)


class SocketConnection(http.client.HTTPConnection):
    """Python's own client over a socket that is connected already."""

    def __init__(self, plain: socket.socket) -> None:
        super().__init__("localhost")
        self.sock = plain


class Admin:
    """The socket in the state folder."""

    def __init__(self, door: Gateway) -> None:
        self.path = door.state / "admin.sock"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        with connected(self.path) as plain:
            return exchange(SocketConnection(plain), method, path, body, headers)

    def get(self, path: str) -> dict[str, Any]:
        response = self.ask("GET", path)
        assert response.status == 200, response
        return response.json

    def post(self, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
        response = self.ask("POST", path, {} if body is None else body)
        assert response.status == status, response
        return response.json

    def refused(self, status: int, error: str, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Is not answered as asked, for this reason."""
        response = self.ask(method, path, body, **headers)
        assert (response.status, response.json["error"]) == (status, error), response
        assert response.json["message"]
        return response

    def raw(self, *pieces: bytes, end: bool = False) -> bytes:
        """All that comes back for these bytes."""
        with connected(self.path) as plain:
            for piece in pieces:
                plain.sendall(piece)
            if end:
                plain.shutdown(socket.SHUT_WR)
            return read_all(plain)


def read_all(plain: socket.socket) -> bytes:
    found = b""
    try:
        while piece := plain.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any, headers: dict[str, str]
) -> Response:
    payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, payload, headers)
    response = connection.getresponse()
    return Response(response.status, response.headers, response.read())


class LoopbackAdmin(Admin):
    """The address of the policy's `admin`."""

    def __init__(self, port: int, token: str | None) -> None:
        self.port = port
        self.token = token

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        if self.token:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()
