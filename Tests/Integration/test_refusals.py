"""Every reason for which a handshake is refused, as docs/refusals.md spells them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import frames
from client import Response
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import PATIENCE
from policy import route, token
from upstreams import Peer, RawUpstream, Upstream

KEY = "dGhlIHNhbXBsZSBub25jZQ=="

UPGRADE = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def answer(door: Gateway, request: bytes) -> Response:
    """What a request gets, and that the connection ends after it."""
    with door.raw() as client:
        client.send(request)
        response = client.response()
        assert client.is_ended()
        return response


@pytest.fixture
def silent(raw_upstream: StartUpstream) -> RawUpstream:
    """An upstream that must not be dialled at all."""
    return raw_upstream(lambda peer: peer.rest())


# The request itself

MALFORMED_REQUESTS = {
    "not HTTP": b"hello\r\n\r\n",
    "HTTP/1.0": b"GET /echo HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "HTTP/2.0": b"GET /echo HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "bare line feeds": frames.upgrade_request().replace(b"\r\n", b"\n"),
    "bare carriage return": frames.request("/echo", UPGRADE | {"X": "a\rb"}),
    "NUL in a value": frames.request("/echo", UPGRADE | {"X": "a\0b"}),
    "folded line": frames.request("/echo", UPGRADE | {"X": "a\r\n b"}),
    "white space before a colon": frames.request("/echo", UPGRADE | {"X ": "a"}),
    "white space in a name": frames.request("/echo", UPGRADE | {"X Y": "a"}),
    "no host": frames.upgrade_request(without="Host"),
    "two hosts": frames.upgrade_request().replace(b"Host:", b"Host: localhost\r\nHost:"),
    "absolute form with another host": frames.upgrade_request("wss://other.test/echo"),
    "dot segments": frames.upgrade_request("/public/../echo"),
    "encoded dot segments": frames.upgrade_request("/public/%2e%2E/echo"),
    "encoded slash": frames.upgrade_request("/echo%2Fx"),
    "encoded NUL": frames.upgrade_request("/echo%00"),
    "bad percent-encoding": frames.upgrade_request("/echo%zz"),
    "fragment": frames.upgrade_request("/echo#x"),
}


@pytest.mark.parametrize("name", MALFORMED_REQUESTS)
def test_malformed_request(gateway: StartGateway, silent: RawUpstream, name: str) -> None:
    """H12."""
    door = gateway(silent)
    door.check_refusal(answer(door, MALFORMED_REQUESTS[name]), "malformed-request", 400)
    assert silent.connections == 0


MALFORMED_UPGRADES = {
    "no key": frames.upgrade_request(without="Sec-WebSocket-Key"),
    "short key": frames.request("/echo", UPGRADE | {"Sec-WebSocket-Key": "c2hvcnQ="}),
    "key that is not base64": frames.request("/echo", UPGRADE | {"Sec-WebSocket-Key": "!" * 22 + "=="}),
    "POST": frames.request("/echo", UPGRADE, method="POST"),
    "body": frames.request("/echo", UPGRADE | {"Content-Length": "5"}) + b"12345",
    "transfer coding": frames.request("/echo", UPGRADE | {"Transfer-Encoding": "chunked"}) + b"0\r\n\r\n",
    "list of protocols": frames.request("/echo", UPGRADE | {"Upgrade": "websocket, h2c"}),
    "no Connection": frames.upgrade_request(without="Connection"),
}


@pytest.mark.parametrize("name", MALFORMED_UPGRADES)
def test_malformed_upgrade(gateway: StartGateway, silent: RawUpstream, name: str) -> None:
    """H1, H5, H7 and H8: the upstream sees nothing."""
    door = gateway(silent)
    door.check_refusal(answer(door, MALFORMED_UPGRADES[name]), "malformed-upgrade", 400)
    assert silent.connections == 0


@pytest.mark.parametrize(
    ("name", "detail"),
    [("two hosts", "there must be exactly one Host"), ("short key", "Sec-WebSocket-Key is not 16 bytes in base64")],
)
def test_what_is_wrong_with_a_request_is_in_the_log(
    gateway: StartGateway, silent: RawUpstream, name: str, detail: str
) -> None:
    door = gateway(silent, options=["--log-level", "debug"])
    response = answer(door, (MALFORMED_REQUESTS | MALFORMED_UPGRADES)[name])
    line = door.log.wait(lambda line: "request refused" in line)
    assert f'reason="{detail}"' in line
    assert f"request_id={response.json['request_id']}" in line


def test_headers_too_large(gateway: StartGateway, silent: RawUpstream) -> None:
    """H13."""
    door = gateway(silent)
    with door.raw() as client:
        client.send(frames.request("/echo", UPGRADE | {"X": "x" * 16_384}))
        door.check_refusal(client.response(), "headers-too-large", 431)


def test_too_many_headers(gateway: StartGateway, silent: RawUpstream) -> None:
    """H13."""
    door = gateway(silent)
    with door.raw() as client:
        client.send(frames.request("/echo", UPGRADE | {f"X-{number}": "x" for number in range(100)}))
        door.check_refusal(client.response(), "headers-too-large", 431)


def test_headers_without_end(gateway: StartGateway, silent: RawUpstream) -> None:
    """H13: the gateway does not read on and on."""
    door = gateway(silent)
    with door.raw() as client:
        try:
            for _ in range(20 * 1024):
                client.send(b"X: " + b"x" * 1019 + b"\r\n")
        except OSError:
            pass
        else:
            raise AssertionError("20 MB of a head were taken")
    door.wait_audit("refused", reason="headers-too-large")


def test_plain_http(gateway: StartGateway, silent: RawUpstream) -> None:
    door = gateway(silent)
    response = answer(door, frames.request("/echo", {"Host": "localhost"}))
    door.check_refusal(response, "upgrade-required", 426)
    assert response.headers["Upgrade"] == "websocket"
    assert response.headers["Sec-WebSocket-Version"] == "13"


@pytest.mark.parametrize("version", ["8", "7", "14", "13, 8", ""])
def test_version_unsupported(gateway: StartGateway, silent: RawUpstream, version: str) -> None:
    """H3."""
    door = gateway(silent)
    response = answer(door, frames.request("/echo", UPGRADE | {"Sec-WebSocket-Version": version}))
    door.check_refusal(response, "version-unsupported", 426)
    assert response.headers["Upgrade"] == "websocket"
    assert response.headers["Sec-WebSocket-Version"] == "13"
    assert silent.connections == 0


@pytest.mark.parametrize("head", [b"", b"GET /echo HTTP/1.1\r\nHost: loc"])
def test_request_timeout(gateway: StartGateway, silent: RawUpstream, head: bytes) -> None:
    """H23: a head that never ends."""
    door = gateway(silent, listener={"limits": {"handshake_timeout": "1s"}})
    with door.raw() as client:
        client.send(head)
        door.check_refusal(client.response(), "request-timeout", 408)
        assert client.is_ended()


def test_tls_that_takes_too_long(gateway: StartGateway, silent: RawUpstream) -> None:
    """H23: nobody can be answered, and yet it leaves its line in the audit log."""
    door = gateway(silent, listener={"limits": {"handshake_timeout": "1s"}})
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE) as client:
        assert client.recv(1) == b""
    line = door.wait_audit("refused")
    assert line["reason"] == "request-timeout" and "status" not in line


# The router


@pytest.mark.parametrize("path", ["/", "/echo/more", "/echox", "/Echo", "/other/echo"])
def test_route_not_found(gateway: StartGateway, silent: RawUpstream, path: str) -> None:
    gateway(silent).refused("route-not-found", 404, path)


def test_plain_http_to_an_unknown_route(gateway: StartGateway, silent: RawUpstream) -> None:
    door = gateway(silent)
    door.check_refusal(answer(door, frames.request("/", {"Host": "localhost"})), "route-not-found", 404)


@pytest.mark.parametrize("path", ["/a/special;x=1/room", "/a/special;x", "/a/;x/special", "/a;x/special"])
def test_path_parameters_do_not_lead_past_a_route(gateway: StartGateway, silent: RawUpstream, path: str) -> None:
    """A server that leaves `;x` out would see the path of the guarded route."""
    routes = [
        route("special", match={"path_prefix": "/a/special"}, middleware=[token()]),
        route("general", match={"path_prefix": "/a"}),
    ]
    gateway(silent, routes=routes).refused("route-not-found", 404, path)


def test_path_parameters_within_a_route(gateway: StartGateway, upstream: Upstream) -> None:
    gateway(upstream, routes=[route("general", match={"path_prefix": "/a"})]).connect("/a/room;x=1").close()
    assert upstream.wait("open")["url"] == "/a/room;x=1"


def test_host_of_another_route(gateway: StartGateway, silent: RawUpstream) -> None:
    match = {"hosts": ["chat.example.com", "*.example.org"], "path_prefix": "/chat"}
    door = gateway(silent, routes=[route("chat", match=match)])
    for host in ["localhost", "example.com", "x.chat.example.com", "example.org", "chat.example.com.evil"]:
        response = answer(door, frames.upgrade_request("/chat", host))
        door.check_refusal(response, "route-not-found", 404)


@pytest.mark.parametrize("host", ["chat.example.com", "CHAT.example.com:8443", "a.example.org", "a.b.example.org"])
@pytest.mark.parametrize("path", ["/chat", "/chat/room/1", "/%63hat?room=1"])
def test_hosts_and_paths_that_match(gateway: StartGateway, upstream: Upstream, host: str, path: str) -> None:
    match = {"hosts": ["chat.example.com", "*.example.org"], "path_prefix": "/chat"}
    with gateway(upstream, routes=[route("chat", match=match)]).raw() as client:
        client.upgrade(frames.upgrade_request(path, host))


def test_first_route_that_matches_wins(gateway: StartGateway, upstream: Upstream) -> None:
    routes = [
        route("special", match={"path": "/a/special"}),
        route("general", match={"path_prefix": "/a"}),
        route("late", match={"path": "/a/late"}),
    ]
    door = gateway(upstream, routes=routes)
    for path, name in [("/a/special", "special"), ("/a/late", "general"), ("/a", "general")]:
        door.connect(path).close()
        assert door.wait_audit("opened", path=path)["route"] == name


# The chain. Tokens have a file of their own, and so have rates and limits.


def test_ip_denied(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[{"ip_filter": {"allow": ["127.0.0.0/8"], "deny": ["127.0.0.2/32"]}}])
    door.refused("ip-denied", 403, source="127.0.0.2")
    door.connect(source="127.0.0.3").close()


def test_ip_not_allowed(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[{"ip_filter": {"allow": ["127.0.0.3", "2001:db8::/32"]}}])
    door.refused("ip-not-allowed", 403, source="127.0.0.2")
    door.connect(source="127.0.0.3").close()


ORIGIN = {"origin": {"allow": ["https://app.example.com", "https://*.example.org"]}}


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com.evil.org",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://example.org",
        "https://a.example.org.evil",
        "https://evilexample.org",
        "null",
    ],
)
def test_origin_denied(gateway: StartGateway, silent: RawUpstream, origin: str) -> None:
    """H34."""
    gateway(silent, middleware=[ORIGIN]).refused("origin-denied", 403, origin=origin)


@pytest.mark.parametrize(
    "origin", ["https://app.example.com", "https://app.example.com:443", "https://a.b.example.org"]
)
def test_origin_allowed(gateway: StartGateway, upstream: Upstream, origin: str) -> None:
    gateway(upstream, middleware=[ORIGIN]).connect(origin=origin).close()


def test_origin_missing(gateway: StartGateway, upstream: Upstream) -> None:
    gateway(upstream, middleware=[ORIGIN]).refused("origin-missing", 403)
    admitting = {"origin": ORIGIN["origin"] | {"missing": "allow"}}
    gateway(upstream, middleware=[admitting]).connect().close()


# The upstream


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port at which nobody listens, kept so that nobody else can."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def test_upstream_unreachable(gateway: StartGateway) -> None:
    with deaf_port() as port:
        gateway(f"ws://127.0.0.1:{port}").refused("upstream-unreachable", 502)


@pytest.mark.parametrize("status", ["200 OK", "301 Moved", "403 Forbidden", "500 Broken"])
def test_upstream_refused(gateway: StartGateway, raw_upstream: StartUpstream, status: str) -> None:
    """H3 and H4: no tunnel, the upstream's connection closed."""

    def serve(peer: Peer) -> bytes:
        peer.switch(status=status)
        return peer.rest()

    server = raw_upstream(serve)
    door = gateway(server)
    with door.raw() as client:
        client.send(frames.upgrade_request() + frames.encode(frames.TEXT, b"for a tunnel"))
        line = door.check_refusal(client.response(), "upstream-refused", 502)
    assert line["upstream_status"] == int(status[:3])
    door.log.wait(lambda line: f'upstream did not upgrade reason="it answered {status[:3]}"' in line)
    assert server.result() == b""


INVALID_ANSWERS = {
    "no Accept": lambda peer: peer.switch(accept=""),
    "wrong Accept": lambda peer: peer.switch(accept=frames.accept_for(KEY)),
    "subprotocol that was not offered": lambda peer: peer.switch("Sec-WebSocket-Protocol: chat"),
    "extension that was not offered": lambda peer: peer.switch("Sec-WebSocket-Extensions: permessage-deflate"),
    "no Upgrade": lambda peer: peer.send(
        f"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        f"{frames.accept_for(peer.field('Sec-WebSocket-Key') or '')}\r\n\r\n".encode()
    ),
    "not HTTP": lambda peer: peer.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "head without end": lambda peer: peer.send(b"HTTP/1.1 101 Go\r\n" + b"X: y\r\n" * 10_000),
    "end at once": lambda peer: None,
}


@pytest.mark.parametrize("name", INVALID_ANSWERS)
def test_upstream_invalid_response(gateway: StartGateway, raw_upstream: StartUpstream, name: str) -> None:
    """H2."""

    def serve(peer: Peer) -> bytes:
        INVALID_ANSWERS[name](peer)
        return b"" if name == "end at once" else peer.rest()

    server = raw_upstream(serve)
    door = gateway(server)
    with door.raw() as client:
        client.send(frames.upgrade_request() + frames.encode(frames.TEXT, b"for a tunnel"))
        door.check_refusal(client.response(), "upstream-invalid-response", 502)
    assert server.result() == b""


def test_upstream_that_is_silent(gateway: StartGateway, silent: RawUpstream) -> None:
    door = gateway(silent, dial={"handshake_timeout": "1s"})
    door.refused("upstream-timeout", 504)


@contextmanager
def hanging_endpoint() -> Iterator[str]:
    """One that does not answer who connects."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # One connection fills the queue; the kernel lets the next ones wait.
        with socket.create_connection(full.getsockname()), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())
            yield f"ws://127.0.0.1:{full.getsockname()[1]}"


LATE = 'upstream not reached reason="no answer within its share of connect_timeout"'


def test_upstream_that_does_not_accept(gateway: StartGateway) -> None:
    with hanging_endpoint() as hanging:
        door = gateway(hanging, dial={"connect_timeout": "1s"}, options=["--log-level", "debug"])
        door.refused("upstream-timeout", 504)
        door.log.wait(lambda line: LATE in line)


def test_endpoint_that_hangs_beside_one_that_does_not(gateway: StartGateway, upstream: Upstream) -> None:
    """The next one is tried before the time for all is over, and the one that hangs only behind it for a while."""
    with hanging_endpoint() as hanging:
        dial = {"endpoints": [hanging, upstream.url], "connect_timeout": "2s"}
        door = gateway(upstream, dial=dial, options=["--log-level", "debug"])
        for _ in range(4):
            door.connect().close()
        door.log.wait(lambda line: LATE in line and f"upstream={hanging}" in line)
        assert sum(LATE in line for line in door.log.so_far()) == 1
    opened = [line for line in door.audit.so_far() if line["event"] == "opened"]
    assert all(line["upstream"] == upstream.url for line in opened)
