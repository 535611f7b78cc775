"""Rates and limits: at the route with an answer, at the listener before any TLS work."""

import ssl
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

import frames
import policy as policies
from client import RawClient
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import PATIENCE, wait_until
from policy import token
from sanitizers import KIND
from upstreams import Peer, Upstream

DROPPED = (ssl.SSLError, ConnectionError)


def check_dropped(door: Gateway, reason: str, source: str = "127.0.0.1") -> None:
    """A connection ends before TLS, and leaves its line in the audit log."""
    with pytest.raises(DROPPED):
        door.raw(source=source).close()
    line = door.wait_audit("refused", reason=reason)
    assert line["client"] == source


def test_connection_rate(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[{"connection_rate": {"rate": "1/1m", "burst": 2}}])
    for _ in range(2):
        door.connect().close()
    response = door.refused("connection-rate-exceeded", 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    # Each address has a bucket of its own.
    door.connect(source="127.0.0.2").close()


def test_rotating_addresses_of_an_untrusted_peer(gateway: StartGateway, upstream: Upstream) -> None:
    """H11: X-Forwarded-For does not help against the limiter."""
    door = gateway(upstream, middleware=[{"connection_rate": {"rate": "1/1m", "burst": 1}}])
    door.connect(additional_headers={"X-Forwarded-For": "203.0.113.1"}).close()
    for last in range(2, 12):
        headers = {"X-Forwarded-For": f"203.0.113.{last}"}
        door.refused("connection-rate-exceeded", 429, additional_headers=headers)


def test_connection_limit(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[{"connection_limit": {"maximum": 2}}])
    first, second = door.connect(), door.connect()
    response = door.refused("connection-limit-exceeded", 429)
    assert int(response.headers["Retry-After"]) >= 1
    door.connect(source="127.0.0.2").close()
    first.close()
    door.wait_audit("closed", client="127.0.0.1")
    door.connect().close()
    second.close()


def test_connections_of_a_listener(gateway: StartGateway, upstream: Upstream) -> None:
    """H28: one more is dropped before TLS; those that are there go on."""
    door = gateway(upstream, listener={"limits": {"connections": 2}})
    with door.connect() as first, door.connect() as second:
        check_dropped(door, "capacity-exceeded")
        for socket in (first, second):
            socket.send("hi")
            assert socket.recv() == "hello:hi"
    door.wait_audit("closed")
    door.connect().close()


def test_connections_of_all_listeners(gateway: StartGateway, upstream: Upstream, certificates: Path) -> None:
    """H28: `limits.connections` counts the whole process."""
    door = gateway(upstream)
    second = policies.listener(certificates)
    before = len(door.log.so_far())
    door.reload(door.policy | {"listeners": door.policy["listeners"] | {"second": second}, "limits": {"connections": 2}})
    port = door.listening("second", after=before)
    with door.connect() as first, RawClient(port, door.context()) as other:
        other.upgrade()
        check_dropped(door, "capacity-exceeded")
        with pytest.raises(DROPPED):
            RawClient(port, door.context()).close()
        assert door.wait_audit("refused", listener="second")["reason"] == "capacity-exceeded"
        first.send("hi")
        assert first.recv() == "hello:hi"
    door.wait_audit("closed", listener="second")
    wait_until(lambda: admits(door), "there is room again")


def admits(door: Gateway) -> bool:
    try:
        door.connect().close()
    except DROPPED:
        return False
    return True


def test_memory_ceiling(gateway: StartGateway, raw_upstream: StartUpstream, portcullis: Path) -> None:
    """At `limits.memory` new connections are refused, and those that are idle end with 1013, the oldest first; those that
    are at work stay, and all is as before when there is memory again."""
    ends = threading.Event()

    def serve(peer: Peer) -> None:
        peer.switch()
        if peer.head.startswith(b"GET /pour "):
            peer.socket.settimeout(0.2)
            with suppress(OSError):
                while not ends.is_set():
                    with suppress(TimeoutError):
                        peer.socket.send(frames.encode(frames.BINARY, bytes(60_000), masked=False))
        else:
            for frame in peer.messages():
                peer.send(frames.encode(frame.opcode, frame.payload, masked=False))

    routes = [
        policies.route(),
        policies.route("pour", limits={"buffered_bytes": "1MiB"}, timeouts={"ping_interval": "1h", "idle": "1h"}),
    ]
    door = gateway(raw_upstream(serve), routes=routes)
    ceiling = max(64, door.resident_kib() // 1024 + 48)
    door.reload(door.policy | {"limits": {"memory": f"{ceiling}MiB"}})
    with ExitStack() as held:
        idle = [held.enter_context(door.connect()) for _ in range(3)]
        busy = held.enter_context(door.connect())

        def work() -> None:
            while not ends.wait(0.5):
                busy.send("still here")
                assert busy.recv() == "still here"

        worker = threading.Thread(target=work)
        worker.start()
        held.callback(worker.join)
        held.callback(ends.set)
        full = "memory ceiling reached"
        # Each of these holds a megabyte in the gateway, which its client does not read.
        for _ in range(120):
            if any(full in line for line in door.log.so_far()):
                break
            with suppress(*DROPPED):
                client = held.enter_context(door.raw(receive_buffer=4096))
                client.upgrade(frames.upgrade_request("/pour"))
        door.log.wait(lambda line: full in line)
        with pytest.raises(DROPPED):
            door.raw().close()
        door.wait_audit("refused", reason="capacity-exceeded")

        # Nobody is idle before ten seconds have passed.
        codes = [socket.closing(PATIENCE * 2) for socket in idle]
        assert codes == [(1013, "capacity-exceeded")] * 3

        def closed() -> list[tuple[str, int]]:
            lines = [line for line in door.audit.so_far() if line["event"] == "closed" and line["route"] == "echo"]
            return [(line["reason"], line["close_code"]) for line in lines]

        wait_until(lambda: closed() == [("capacity-exceeded", 1013)] * 3, "all three are in the audit log")
    if KIND:
        return  # a sanitizer's own memory about what was used is never given back
    door.log.wait(lambda line: "below the memory ceiling again" in line)
    with door.connect() as again:
        again.send("hi")
        assert again.recv() == "hi"


def test_admission_filter(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"admission": [{"ip_filter": {"deny": ["127.0.0.2"]}}]})
    check_dropped(door, "ip-denied", source="127.0.0.2")
    door.connect().close()


def test_admission_rate(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"admission": [{"connection_rate": {"rate": "1/1m", "burst": 1}}]})
    door.connect().close()
    check_dropped(door, "connection-rate-exceeded")
    door.connect(source="127.0.0.2").close()


def test_admission_limit(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"admission": [{"connection_limit": {"maximum": 1}}]})
    with door.connect():
        check_dropped(door, "connection-limit-exceeded")
        door.connect(source="127.0.0.2").close()


SHADOWS = {
    "ip_filter": ({"deny": ["127.0.0.0/8"]}, "ip-denied"),
    "connection_rate": ({"rate": "1/1m", "burst": 1}, "connection-rate-exceeded"),
    "connection_limit": ({"maximum": 1}, "connection-limit-exceeded"),
    "origin": ({"allow": ["https://example.com"]}, "origin-missing"),
    "token": ({"issuers": ["local"]}, "token-missing"),
}


@pytest.mark.parametrize("name", SHADOWS)
def test_shadow_mode_admits_and_tells(gateway: StartGateway, upstream: Upstream, name: str) -> None:
    settings, reason = SHADOWS[name]
    door = gateway(upstream, middleware=[{name: settings | {"mode": "shadow"}}])
    with door.connect(), door.connect("/echo?second") as second:
        second.send("hi")
        assert second.recv() == "hello:hi"
    lines = [line for line in door.audit.so_far() if line["event"] == "opened"]
    # A rate and a limit of one admit the first connection.
    assert lines[1]["shadow"] == [{"middleware": name, "reason": reason}]


def test_shadow_before_an_enforced_entry(gateway: StartGateway, upstream: Upstream) -> None:
    shadow = {"ip_filter": {"deny": ["127.0.0.1"], "mode": "shadow"}}
    door = gateway(upstream, middleware=[shadow, token()])
    response = door.refused("token-missing", 401)
    line = door.wait_audit("refused", request_id=response.json["request_id"])
    assert line["shadow"] == [{"middleware": "ip_filter", "reason": "ip-denied"}]


def test_shadow_admission(gateway: StartGateway, upstream: Upstream) -> None:
    entry = {"ip_filter": {"deny": ["127.0.0.1"], "mode": "shadow"}}
    door = gateway(upstream, listener={"admission": [entry]})
    door.connect().close()
    assert door.wait_audit("opened")["shadow"] == [{"middleware": "ip_filter", "reason": "ip-denied"}]


def test_each_route_counts_for_itself(gateway: StartGateway, upstream: Upstream) -> None:
    rate = {"connection_rate": {"rate": "1/1m", "burst": 1}}
    routes = [policies.route("one", middleware=[rate]), policies.route("two", middleware=[rate])]
    door = gateway(upstream, routes=routes)
    door.connect("/one").close()
    door.connect("/two").close()
    door.refused("connection-rate-exceeded", 429, "/one")
