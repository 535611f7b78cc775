"""Rates and limits: at the route with an answer, at the listener before any TLS work."""

import ssl

import pytest

import policy as policies
from conftest import StartGateway
from gateway import Gateway
from policy import token
from upstreams import Upstream

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
