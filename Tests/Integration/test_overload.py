"""Many hostile peers at once: those that behave do not notice, and nothing is left of the others."""

import resource
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

import frames
import policy as policies
from client import Client
from conftest import StartGateway
from gateway import Gateway
from lines import PATIENCE, wait_until
from sanitizers import SLOWNESS
from upstreams import Upstream

HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
"""The first bytes of a ClientHello."""


def plain(door: Gateway) -> socket.socket:
    return socket.create_connection(("127.0.0.1", door.port), PATIENCE)


def reset(connection: socket.socket) -> None:
    """With nothing to linger for, closing sends a reset, and not the end of the stream."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_plain(door: Gateway, data: bytes) -> None:
    connection = plain(door)
    connection.sendall(data)
    reset(connection)


def reset_secure(door: Gateway, request: bytes, frame: bytes) -> None:
    client = door.raw()
    if request:
        client.send(request)
    if frame:
        assert client.head().status == 101
        client.send(frame)
    client.stream.close()
    reset(client.socket)


HALF_FRAME = frames.encode(frames.BINARY, bytes(1000))[:500]
ABRUPT_ENDS = {
    "before TLS": (4000, lambda door: reset_plain(door, b"")),
    "inside the ClientHello": (4000, lambda door: reset_plain(door, HALF_HELLO)),
    "after TLS": (600, lambda door: reset_secure(door, b"", b"")),
    "inside the head": (400, lambda door: reset_secure(door, frames.upgrade_request()[:40], b"")),
    "before the 101": (200, lambda door: reset_secure(door, frames.upgrade_request(), b"")),
    "inside a frame": (800, lambda door: reset_secure(door, frames.upgrade_request(), HALF_FRAME)),
}


@pytest.mark.timeout(240 * SLOWNESS)
def test_10000_abrupt_ends(gateway: StartGateway, upstream: Upstream) -> None:
    """H25: no descriptor more than before, and no place in the listener's count."""
    assert sum(count for count, _ in ABRUPT_ENDS.values()) == 10_000
    # A place that were not given back would soon be missed.
    door = gateway(upstream, listener={"limits": {"connections": 300}})
    with door.connect() as bystander:
        before = door.descriptors()
        for name, (count, end) in ABRUPT_ENDS.items():
            for number in range(count):
                end(door)
                if number % 100 == 99:
                    wait_until(lambda: door.descriptors() < before + 100, f"the descriptors of those that end {name}")
        wait_until(lambda: door.descriptors() <= before, "the descriptors are back")
        bystander.send("still here")
        assert bystander.recv() == "hello:still here"
    seen = len(door.audit.so_far())
    with ExitStack() as opened:
        for _ in range(250):
            opened.enter_context(door.raw())
    assert not any(line.get("reason") == "capacity-exceeded" for line in door.audit.so_far()[seen:])


class Talk:
    """Connections that say something and want it back, again and again, in a thread of their own."""

    def __init__(self, clients: list[Client]) -> None:
        self._clients = clients
        self._is_over = threading.Event()
        self._failure: BaseException | None = None
        self.rounds = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Talk":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(PATIENCE)
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._is_over.is_set():
                for client in self._clients:
                    client.send(str(self.rounds))
                    assert client.recv() == f"hello:{self.rounds}"
                self.rounds += 1
        except BaseException as failure:  # raised in the test's thread
            self._failure = failure

    def goes_on(self) -> None:
        """Another round comes to its end."""
        before = self.rounds
        wait_until(lambda: self.rounds > before + 1 or self._failure, "the others are served")


@contextmanager
def talking(door: Gateway, count: int) -> Iterator[Talk]:
    with ExitStack() as opened:
        clients = [opened.enter_context(door.connect()) for _ in range(count)]
        yield opened.enter_context(Talk(clients))


def test_flood_over_the_cap(gateway: StartGateway, upstream: Upstream) -> None:
    """H28: 1,000 connections over the cap end without a byte, before TLS. Those that are there go on."""
    door = gateway(upstream, listener={"limits": {"connections": 10}})
    with talking(door, 10) as talk:
        for _ in range(1_000):
            connection = plain(door)
            try:
                connection.sendall(HALF_HELLO)
                assert connection.recv(1) == b""
            except ConnectionError:
                pass
            connection.close()
        talk.goes_on()
    refused = [line for line in door.audit.so_far() if line["event"] == "refused"]
    assert [line["reason"] for line in refused] == ["capacity-exceeded"] * 1_000
    assert len([line for line in door.audit.so_far() if line["event"] == "opened"]) == 10


def test_out_of_descriptors(gateway: StartGateway, upstream: Upstream) -> None:
    """H28: accepting pauses and does not spin; who is there goes on, and who waits is served later."""
    door = gateway(upstream)
    limits = resource.prlimit(door.process.pid, resource.RLIMIT_NOFILE)
    with talking(door, 5) as talk:
        resource.prlimit(door.process.pid, resource.RLIMIT_NOFILE, (door.descriptors() + 4, limits[1]))
        waiting = [plain(door) for _ in range(20)]
        door.log.wait(lambda line: "out of file descriptors" in line)
        talk.goes_on()
    cpu, start = door.cpu_seconds(), time.monotonic()
    # Nobody talks now: what runs is what accepts.
    while time.monotonic() - start < 1:
        select.select([], [], [], 0.1)
    assert door.cpu_seconds() - cpu < 0.2 * SLOWNESS
    resource.prlimit(door.process.pid, resource.RLIMIT_NOFILE, limits)
    door.connect().close()
    for connection in waiting:
        connection.close()


@pytest.mark.timeout(180 * SLOWNESS)
def test_2000_slow_peers(gateway: StartGateway, upstream: Upstream) -> None:
    """H23: slow TLS, heads a byte at a time, an upstream that does not answer: each has one deadline. Others are served."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=1024)
    address = f"ws://127.0.0.1:{silent.getsockname()[1]}"
    door = gateway(
        upstream,
        listener={"limits": {"handshake_timeout": "15s"}},
        routes=[policies.route(), policies.route("silent", upstream="silent")],
        upstreams={"silent": policies.upstream(address, handshake_timeout="15s")},
    )
    request = frames.upgrade_request()
    with ExitStack() as opened:
        opened.callback(silent.close)
        good = opened.enter_context(talking(door, 3))
        before = door.descriptors()
        connections: list[socket.socket] = []
        for _ in range(1_200):
            connections.append(opened.enter_context(plain(door)))
            connections[-1].sendall(HALF_HELLO)
        heads = [opened.enter_context(door.raw()) for _ in range(400)]
        asking = [opened.enter_context(door.raw()) for _ in range(400)]
        for client in asking:
            client.send(frames.upgrade_request("/silent"))
        for byte in range(60):
            for client in heads:
                try:
                    client.send(request[byte : byte + 1])
                except OSError:
                    pass  # its time is over
            if byte % 20 == 0:
                door.connect().close()
                good.goes_on()
        for client in heads:
            assert client.response().status == 408
        for client in asking:
            assert client.response().status == 504
        for connection in connections:
            try:
                assert connection.recv(100) == b""
            except ConnectionError:
                pass
        wait_until(lambda: door.descriptors() <= before, "nothing is left of the slow ones")
        good.goes_on()
    reasons = [line.get("reason") for line in door.audit.so_far() if line["event"] == "refused"]
    assert (reasons.count("request-timeout"), reasons.count("upstream-timeout")) == (1600, 400)


def test_ipv6_counts_by_its_network(gateway: StartGateway, upstream: Upstream) -> None:
    """H29: addresses of one /64 are one client to rates and limits."""
    door = gateway(
        upstream,
        listener={"trusted_proxies": ["127.0.0.1/32"]},
        middleware=[{"connection_rate": {"rate": "1/1h", "burst": 2}}],
    )
    for number in range(2):
        door.connect(additional_headers={"X-Forwarded-For": f"2001:db8:1:2::{number}"}).close()
    for number in range(2, 12):
        headers = {"X-Forwarded-For": f"2001:db8:1:2:{number:x}::1"}
        door.refused("connection-rate-exceeded", 429, additional_headers=headers)
    door.connect(additional_headers={"X-Forwarded-For": "2001:db8:1:3::1"}).close()
