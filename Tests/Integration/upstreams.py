"""Servers behind the gateway: the `ws` library, and hand-made ones that answer wrongly."""

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import frames
from lines import PATIENCE, Lines, wait_until

SCRIPT = Path(__file__).with_name("upstream.js")


class Upstream:
    """`upstream.js`: a WebSocket server on the `ws` library, which tells what it saw."""

    def __init__(self) -> None:
        node = shutil.which("node") or shutil.which("nodejs")
        assert node, "Node.js is missing; ./dev test installs it"
        self._process = subprocess.Popen(
            [node, str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"NODE_PATH": "/usr/share/nodejs"},
        )
        assert self._process.stdout
        self.events = Lines(self._process.stdout, json.loads)
        self.port: int = self.wait("listening")["port"]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def wait(self, event: str, patience: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """The first event of that kind with these fields."""
        wanted = {"event": event, **fields}
        return self.events.wait(lambda line: wanted.items() <= line.items(), patience)

    def count(self, event: str, at_least: int = 0) -> int:
        """So many of these as it has told of by now, or when there are `at_least` so many: what a client has seen may come
        here later."""
        wait_until(lambda: self._count(event) >= at_least, f"{at_least} of {event!r}")
        return self._count(event)

    def _count(self, event: str) -> int:
        return sum(line["event"] == event for line in self.events.so_far())

    def kill(self) -> None:
        """Ends the server and every connection that it has, as a crash would."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def end(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self.events.to_end()
            self._process.stdout.close()


class Peer:
    """A TCP connection that arrived at a hand-made upstream, with its request head already read."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.stream = connection.makefile("rb")
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            line = self.stream.readline()
            if not line:
                break
            self.head += line

    def field(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            found, _, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return None

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def switch(self, *lines: str, accept: str | None = None, status: str = "101 Switching Protocols") -> None:
        """Answers with a valid 101, but for what is given: header lines, an Accept ("" for none), a status."""
        value = frames.accept_for(self.field("Sec-WebSocket-Key") or "") if accept is None else accept
        head = [f"HTTP/1.1 {status}", "Upgrade: websocket", "Connection: Upgrade"]
        if value:
            head.append(f"Sec-WebSocket-Accept: {value}")
        self.send("\r\n".join([*head, *lines, "", ""]).encode())

    def frame(self) -> frames.Frame | None:
        return frames.read_frame(self.stream)

    def messages(self) -> Iterator[frames.Frame]:
        """Data frames until a close frame, which is answered with its like, or until the end of the stream."""
        while frame := self.frame():
            if frame.opcode == frames.CLOSE:
                self.send(frames.encode(frames.CLOSE, frame.payload, masked=False))
                return
            if frame.opcode < frames.CLOSE:
                yield frame

    def rest(self) -> bytes:
        """Everything until the gateway ends the connection."""
        try:
            return self.stream.read()
        except ConnectionError:
            return b""


class RawUpstream:
    """Runs `serve` for each connection, in a thread each, and closes the connection after it.

    Whatever `serve` returns is put into `results`, in the order of the connections' ends.
    """

    def __init__(self, serve: Callable[[Peer], Any]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"
        self._done = threading.Condition()
        self._results: list[Any] = []
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def connections(self) -> int:
        return len(self._threads)

    def result(self, index: int = 0) -> Any:
        """What `serve` returned for the connection that ended as the `index`th."""
        with self._done:
            assert self._done.wait_for(lambda: len(self._results) > index, PATIENCE), "the upstream saw no end"
            value = self._results[index]
        if isinstance(value, BaseException):
            raise value
        return value

    def end(self) -> None:
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._acceptor.join(PATIENCE)
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            thread = threading.Thread(target=self._run, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        self._open.add(connection)
        result: Any
        try:
            peer = Peer(connection)
            try:
                result = self._serve(peer)
            finally:
                peer.stream.close()
        except Exception as error:  # handed to the test by `result`
            result = error
        finally:
            self._open.discard(connection)
            connection.close()
        with self._done:
            self._results.append(result)
            self._done.notify_all()
