"""What the gateway holds for peers that do not read: little, and not for ever."""

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

import frames
from client import RawClient
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import PATIENCE, wait_until
from sanitizers import footprint
from upstreams import Peer, RawUpstream

CONNECTIONS = 50
OFFERED = 4 * 1024 * 1024
"""Bytes for each connection, 200 MiB in all."""
LIMIT_KIB = 64
SMALL_WINDOW = 4096
PADDING = bytes(121)


class Source(RawUpstream):
    """An upstream whose connections, once switched, are the test's to use."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self._is_over = threading.Event()
        super().__init__(self._hold)

    def _hold(self, peer: Peer) -> None:
        peer.switch()
        peer.socket.settimeout(None)
        self.peers.append(peer)
        self._is_over.wait()

    def end(self) -> None:
        self._is_over.set()
        super().end()


@pytest.fixture
def source() -> Iterator[Source]:
    server = Source()
    yield server
    server.end()


@contextmanager
def clients_without_window(door: Gateway, source: Source, count: int) -> Iterator[list[RawClient]]:
    """Clients that have upgraded, and from which on nothing is read."""
    with ExitStack() as opened:
        clients = [opened.enter_context(door.raw(receive_buffer=SMALL_WINDOW)) for _ in range(count)]
        for client in clients:
            client.upgrade()
        wait_until(lambda: len(source.peers) == count, "all connections are at the upstream")
        yield clients


def closed(door: Gateway, **fields: str) -> int:
    wanted = {"event": "closed", **fields}
    return sum(wanted.items() <= line.items() for line in door.audit.so_far())


def pour(sockets: list[socket.socket], data: bytes) -> int:
    """Sends `data` to each, as far as it is taken, until none has taken a byte for a second; how much that was."""
    rest = {each: memoryview(data) for each in sockets}
    for each in sockets:
        each.setblocking(False)
    sent = 0
    while rest:
        _, writable, _ = select.select([], list(rest), [], 1)
        if not writable:
            break
        for each in writable:
            try:
                count = each.send(rest[each][: 64 * 1024])
            except OSError:
                count = len(rest[each])
                sent -= count
            rest[each] = rest[each][count:]
            sent += count
            if not rest[each]:
                del rest[each]
    return sent


def warm(door: Gateway, source: Source) -> None:
    """Has each worker make the buffers that it keeps, so that these are not measured."""
    with clients_without_window(door, source, 4):
        pour([peer.socket for peer in source.peers], frames.encode(frames.TEXT, b"b", masked=False) * 100_000)
        source.peers.clear()
    wait_until(lambda: closed(door) == 4, "the first are gone")


def test_upstreams_that_pour_at_closed_windows(gateway: StartGateway, source: Source) -> None:
    """H22: 50 upstreams offer 200 MiB. At most 64 KiB are held for each client, and all are gone by the deadline."""
    door = gateway(source, timeouts={"ping_interval": "4s", "pong_timeout": "4s", "close": "1s"})
    warm(door, source)
    with clients_without_window(door, source, CONNECTIONS):
        before = door.resident_kib()
        message = frames.encode(frames.BINARY, bytes(16_000), masked=False)
        sent = pour([peer.socket for peer in source.peers], message * (OFFERED // len(message)))
        held = door.resident_kib() - before
        assert sent < CONNECTIONS * OFFERED, "the upstreams were never held back"
        # A buffer of which a part has been sent keeps its pages, and what is encrypted and what is not yet lie in two.
        bound = footprint(2 * LIMIT_KIB * CONNECTIONS)
        assert held <= bound, f"{held / CONNECTIONS:.0f} KiB are held for each client"
        wait_until(lambda: closed(door, reason="write-timeout") == CONNECTIONS, "all are given up", 2 * PATIENCE)


GROWING = {
    "name": "grow",
    "from": "upstream",
    "when": {"text": {"contains": "a"}},
    "do": {"replace": {"with": "b" * 1000}},
}


def test_messages_that_grow_at_closed_windows(gateway: StartGateway, source: Source) -> None:
    """H22: a rule that makes a thousand bytes of each does not make the gateway hold more than a message over the limit."""
    door = gateway(source, messages=[GROWING], timeouts={"close": "1s"})
    warm(door, source)
    with clients_without_window(door, source, 10) as clients:
        before = door.resident_kib()
        message = frames.encode(frames.TEXT, b"a", masked=False) * (2 * OFFERED // 3)
        sent = pour([peer.socket for peer in source.peers], message)
        held = door.resident_kib() - before
        assert sent < len(clients) * len(message), "the upstreams were never held back"
        # What has been received and has to wait is another buffer, and whole pages count.
        bound = footprint(3 * LIMIT_KIB * len(clients))
        assert held <= bound, f"{held / len(clients):.0f} KiB are held for each client"
        for _ in range(50_000):
            assert clients[0].frame() == frames.Frame(frames.TEXT, b"b" * 1000)


class Flood:
    """Bytes on their way to the gateway, and what comes back, on one thread: Python's TLS is not for two."""

    def __init__(self, client: RawClient, data: bytes) -> None:
        self._socket, self._rest = client.socket, memoryview(data)
        self._socket.setblocking(False)
        self._received = bytearray()

    @property
    def is_sent(self) -> bool:
        return not self._rest

    def send(self) -> bool:
        """False where there is no room. A part that was refused must be the same when it is tried again, and is."""
        try:
            self._rest = self._rest[self._socket.send(self._rest[:16_384]) :]
        except ssl.SSLWantWriteError:
            return False
        return True

    def send_until_stalled(self) -> None:
        while self._rest and (self.send() or select.select([], [self._socket], [], 1)[1]):
            pass

    def pongs(self) -> Iterator[bytes]:
        """The payloads of pongs that have come, each shorter than 126 bytes."""
        try:
            self._received += self._socket.recv(65_536)
        except ssl.SSLWantReadError:
            select.select([self._socket], [], [], 0.01)
        while len(self._received) >= 2 and len(self._received) >= (end := 2 + self._received[1]):
            assert self._received[0] == 0x80 | frames.PONG
            yield bytes(self._received[2:end])
            del self._received[:end]


def test_ping_flood_of_a_client_that_does_not_read(gateway: StartGateway, source: Source) -> None:
    """H21: it is not read any more while its pong waits; once it reads, the newest of its pings is answered."""
    door = gateway(source, timeouts={"ping_interval": "1h", "close": "1s"})
    warm(door, source)
    with clients_without_window(door, source, 1) as [client]:
        flood_without_reading(door, client)


def flood_without_reading(door: Gateway, client: RawClient) -> None:
    before = door.resident_kib()
    # So many that the kernel's buffers on the way do not hold them and their pongs.
    count = 500_000
    flood = Flood(client, b"".join(frames.encode(frames.PING, n.to_bytes(4, "big") + PADDING) for n in range(count)))
    flood.send_until_stalled()
    assert not flood.is_sent, "the flood was never held back"
    # Of one client alone, so that TLS's own buffers and half-used pages count; its pongs are 15 MB together.
    assert door.resident_kib() - before <= footprint(4 * LIMIT_KIB)
    pongs, last = 0, -1
    end = time.monotonic() + 2 * PATIENCE
    while last < count - 1 and time.monotonic() < end:
        if not flood.is_sent:
            flood.send()
        for payload in flood.pongs():
            number = int.from_bytes(payload[:4], "big")
            assert number > last
            pongs, last = pongs + 1, number
    assert last == count - 1, f"the last pong is for ping {last}"
    assert pongs < count


def test_ping_flood_of_an_upstream_that_does_not_read(gateway: StartGateway, source: Source) -> None:
    """H21: an empty ping is a third of its pong, and 40 MiB of them make nothing grow."""
    door = gateway(source, timeouts={"ping_interval": "1h", "close": "1s"})
    warm(door, source)
    with clients_without_window(door, source, 1):
        before = door.resident_kib()
        pings = frames.encode(frames.PING, masked=False) * (20 * 1024 * 1024)
        sent = pour([source.peers[0].socket], pings)
        assert sent < len(pings), "the flood was never held back"
        assert door.resident_kib() - before <= footprint(4 * LIMIT_KIB)
