"""A scenario as it runs: its connections, and what each step does and expects."""

import select
import socket
import ssl
import struct
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import frames
from client import RawClient, Response
from doors import Door
from gateway import Gateway
from lines import PATIENCE
from words import REQUEST, RESPONSE, FrameWords
from upstreams import Peer


@dataclass
class Step:
    line: int
    words: str
    run: Callable[["Run"], None]


@dataclass
class Scenario:
    path: Path
    title: str
    policy: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


class Run:
    """One scenario on its way: its connections, which have an address of their own."""

    def __init__(self, door: Door, source: str) -> None:
        self.door, self.source = door, source
        self.clients: dict[int, RawClient] = {}
        self.failures: dict[int, Exception] = {}
        self.responses: dict[int, Response] = {}
        self._connections_before = door.upstream.connections

    def play(self, scenario: Scenario) -> None:
        """AssertionError, which names the line, where the gateway does something else."""
        try:
            for step in scenario.steps:
                self._play(scenario, step)
        finally:
            for client in self.clients.values():
                client.close()
            self.door.release(self.source)
        self.door.check_bystander()

    def _play(self, scenario: Scenario, step: Step) -> None:
        try:
            step.run(self)
        except (AssertionError, OSError, EOFError) as error:
            what = f"{type(error).__name__}: {error}"
            raise AssertionError(f"{scenario.path}:{step.line}: {step.words[:120]}\n  {what}") from error

    def client(self, index: int) -> RawClient:
        if index not in self.clients:
            self.connect(index, "tls", "")
        if index in self.failures:
            raise self.failures[index]
        return self.clients[index]

    def connect(self, index: int, kind: str, value: str) -> None:
        gateway = self.door.gateway
        try:
            if kind == "plain":
                self.clients[index] = PlainClient(gateway.port, self.source)
            else:
                self.clients[index] = gateway.raw(source=self.source, context=tls_context(gateway, kind, value))
        except (ssl.SSLError, ConnectionError) as failure:
            self.failures[index] = failure

    def open(self, index: int) -> None:
        self.client(index).send(("\r\n".join(REQUEST) + "\r\n\r\n").encode())
        self.answer(index, ("\r\n".join(RESPONSE) + "\r\n\r\n").encode())
        self.expect_response(index, 101, None)

    def peer(self, index: int) -> Peer:
        return self.door.peer(self.source, index)

    def answer(self, index: int, data: bytes) -> None:
        peer = self.peer(index)
        accept = frames.accept_for(peer.field("Sec-WebSocket-Key") or "")
        peer.send(data.replace(b"{accept}", accept.encode()))

    def response_head(self, index: int) -> str:
        expect(index in self.responses, "there was no response yet")
        return "".join(f"{name}: {value}\r\n" for name, value in self.responses[index].headers.items())

    def expect_response(self, index: int, status: int, reason: str | None) -> None:
        client = self.client(index)
        response = client.response() if reason else client.head()
        self.responses[index] = response
        expect(response.status == status, f"{response.status} {response.body.decode()}")
        if reason:
            self.door.gateway.check_refusal(response, reason, status)

    def expect_no_tls(self, index: int) -> None:
        if index not in self.clients and index not in self.failures:
            self.connect(index, "tls", "")
        if index in self.failures:
            return
        client = self.client(index)
        expect(isinstance(client, PlainClient), "the TLS handshake succeeded")
        answer = rest(client)
        expect(not answer or answer[0] == 0x15 and len(answer) == 7, f"more than a TLS alert: {answer!r}")

    def expect_silence(self, index: int) -> None:
        if self.door.upstream.connections == self._connections_before:
            return
        peer = self.peer(index)
        readable, _, _ = select.select([peer.socket], [], [], 0.2)
        expect(not readable, "bytes, or the end")
        peer.socket.setblocking(False)
        buffered = peer.stream.peek(1)
        peer.socket.settimeout(PATIENCE)
        expect(not buffered, f"{buffered!r:.100}")


class PlainClient(RawClient):
    """A connection without TLS."""

    def __init__(self, port: int, source: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))  # type: ignore[assignment]
        self.stream = self.socket.makefile("rb")


def rest(client: RawClient) -> bytes:
    try:
        return client.stream.read()
    except ConnectionError:
        return b""


def tls_context(gateway: Gateway, kind: str, value: str) -> ssl.SSLContext | None:
    """A client's TLS settings that offer one version, cipher or protocol and nothing else; None for the usual ones."""
    if not value:
        return None
    context = ssl.create_default_context(cafile=str(gateway.certificates / "ca.pem"))
    if kind == "alpn":
        context.set_alpn_protocols([value])
        return context
    version = ssl.TLSVersion[f"TLSv{value.replace('.', '_')}"] if kind == "tls" else ssl.TLSVersion.TLSv1_2
    with warnings.catch_warnings():
        # The old versions are deprecated: they are tried here so that they fail.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(f"{value if kind == 'cipher' else 'ALL'}:@SECLEVEL=0")
    return context


def drip(client: RawClient | Peer, data: bytes) -> None:
    for byte in data:
        try:
            client.send(bytes([byte]))
        except OSError:
            return
        time.sleep(0.01)
        if is_answered(client):
            return


def is_answered(client: RawClient | Peer) -> bool:
    """Whether bytes have come. A socket can be readable without any: for a session ticket of TLS."""
    client.socket.setblocking(False)
    try:
        return bool(client.stream.peek(1))
    except (ssl.SSLWantReadError, ConnectionError):
        return False
    finally:
        client.socket.settimeout(PATIENCE)


def end_connection(end: RawClient | Peer, abruptly: bool) -> None:
    if not abruptly:
        end.socket.shutdown(socket.SHUT_RDWR)
        return
    # With nothing to linger for, closing sends a reset; the socket is closed only after its stream.
    end.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.stream.close()
    end.socket.close()


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def expect_end(end: RawClient | Peer, is_ended: bool) -> None:
    """Whoever sees the end ends its own side too."""
    expect(is_ended, "more bytes")
    end.stream.close()
    end.socket.close()


def expect_in(text: str, wanted: str, is_there: bool) -> None:
    expect((wanted.lower() in text.lower()) == is_there, f"the head is:\n{text}")


def expect_bytes(client: RawClient, wanted: bytes) -> None:
    found = frames.read_exactly(client.stream, len(wanted))
    expect(found == wanted, f"{found!r}")


def expect_frames(receive: Callable[[], frames.Frame | None], wanted: FrameWords, count: int, by_upstream: bool) -> None:
    for _ in range(count):
        frame = receive()
        expect(frame is not None, "the end")
        assert frame
        expect(wanted.matches(frame, by_upstream), f"{frame!r:.300}")
