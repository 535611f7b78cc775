"""`authorize`: a service elsewhere decides. It runs on aiohttp; those that are no HTTP servers are made by hand."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from authorization_service import AuthorizationService, says
from client import LOOP
from conftest import StartGateway
from gateway import Gateway, make_certificates
from lines import wait_until
from policy import route, token
from upstreams import Upstream

COOKIE = "session=very-secret-cookie"


def ask(url: str, **settings: Any) -> dict[str, Any]:
    """An `authorize` entry."""
    return {"authorize": {"url": url, "timeout": "2s"} | settings}


def handshake(door: Gateway, path: str = "/echo", **fields: str) -> bytes:
    """The bytes of one; `_` stands for `-` in the names of fields."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: localhost:{door.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def test_admits_with_the_fields_of_the_service(gateway: StartGateway, upstream: Upstream) -> None:
    """H9, H10: nothing that the client sends under the names of the service's fields arrives, however it is spelt."""
    with AuthorizationService(says(204, X_User="alice", X_Roles="admin", X_Other="no")) as service:
        entry = ask(service.url, copy_response_headers=["X-User", "X-Roles", "X-None"], subject_header="X-User")
        door = gateway(upstream, middleware=[entry])
        door.secrets.add("very-secret")
        spoofed = {"x-user": "root", "X_User": "root", "X_ROLES": "root", "X-None": "root", "x_none": "root"}
        fields = {"Cookie": COOKIE, "Connection": "X-User", "X-Tenant": "acme", **spoofed}
        with door.connect("/echo?room=1", additional_headers=fields) as socket:
            socket.send("hi")
            assert socket.recv() == "hello:hi"
        seen = upstream.wait("open")["headers"]
        assert (seen["x-user"], seen["x-roles"]) == ("alice", "admin")
        assert "root" not in str(seen) and "x-none" not in seen and "x-other" not in seen
        assert seen["cookie"] == COOKIE
        assert door.wait_audit("opened")["subject"] == "alice"
        request = service.requests[0]
        told = {name.lower(): value for name, value in request.headers.items()}
        host = f"localhost:{door.port}"
        assert (request.method, request.path) == ("GET", "/check")
        assert told.pop("x-request-id") == door.wait_audit("opened")["request_id"]
        assert told == {
            "host": f"127.0.0.1:{service.port}",
            "user-agent": "portcullis",
            "accept": "*/*",
            "cookie": COOKIE,
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "https",
            "x-forwarded-host": host,
            "x-forwarded-method": "GET",
            "x-forwarded-uri": "/echo?room=1",
            "x-original-url": f"https://{host}/echo?room=1",
        }


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (401, "authorization-required", 401),
        (403, "authorization-denied", 403),
        (302, "authorization-unavailable", 503),
        (404, "authorization-unavailable", 503),
        (500, "authorization-unavailable", 503),
    ],
)
def test_refusals(gateway: StartGateway, upstream: Upstream, status: int, reason: str, expected: int) -> None:
    """H38: what is no clear yes admits nobody; a redirect is not followed."""
    with AuthorizationService(says(status, Location="/welcome", WWW_Authenticate='Basic realm="x"')) as service:
        door = gateway(upstream, middleware=[ask(service.url, subject_header="X-User")])
        response = door.refused(reason, expected)
        assert response.headers.get("WWW-Authenticate") == ('Basic realm="x"' if status == 401 else None)
        assert [request.path for request in service.requests] == ["/check"]
    assert upstream.count("open") == 0


def test_challenge_of_a_service_without_one(gateway: StartGateway, upstream: Upstream) -> None:
    with AuthorizationService(says(401)) as service:
        response = gateway(upstream, middleware=[ask(service.url)]).refused("authorization-required", 401)
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="portcullis"'


@contextmanager
def raw_service(answer: bytes, *, closes: bool = True) -> Iterator[str]:
    """A server that sends these bytes to everybody, whatever is asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                    kept.append(peer)
                    peer.recv(65536)
                    peer.sendall(answer)
                    if closes:
                        peer.close()
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/check"
        server.shutdown(socket.SHUT_RDWR)
        for peer in kept:
            peer.close()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "closes"),
    [
        (b"", True),
        (b"", False),
        (b"garbage\r\n\r\n", True),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + bytes(200_000), True),
        (b"HTTP/1.1 200 OK\r\nX-User: " + b"a" * 100_000 + b"\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nX-User: " + b"a" * 9_000 + b"\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nX-User: a\x01b\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nX-User: a\rX-Admin: 1\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nX-User: Jos\xe9\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 999999 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", False),
    ],
)
def test_answers_that_are_none(gateway: StartGateway, upstream: Upstream, answer: bytes, closes: bool) -> None:
    """H12, H38: garbage, too little, too much, too late."""
    with raw_service(answer, closes=closes) as url:
        door = gateway(upstream, middleware=[ask(url, timeout="500ms", copy_response_headers=["X-User"])])
        door.refused("authorization-unavailable", 503)
        door.log.wait(lambda line: "authorization service gives no usable answer" in line or "X-User" in str(answer))
    assert upstream.count("open") == 0


def test_nobody_listens(gateway: StartGateway, upstream: Upstream) -> None:
    """H38: a service that is down admits nobody, and its log line names it without what stands behind the `?`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    door = gateway(upstream, middleware=[ask(f"http://127.0.0.1:{port}/check?key=my-secret-key")])
    door.secrets |= {"very-secret", "my-secret"}
    for _ in range(3):
        door.refused("authorization-unavailable", 503, additional_headers={"Cookie": COOKIE})
    line = door.log.wait(lambda line: "no usable answer" in line)
    assert f"service=http://127.0.0.1:{port}/check " in f"{line} "
    assert sum("no usable answer" in line for line in door.log.so_far()) == 1


def test_waiting_keeps_nobody_else(gateway: StartGateway, upstream: Upstream) -> None:
    """A hundred handshakes wait for a slow service while a connection on each worker goes on, and then all come in."""
    with AuthorizationService(says()) as service:
        middleware = [ask(service.url, timeout="20s")]
        door = gateway(upstream, routes=[route(middleware=middleware), route("free")])
        live = [door.connect("/free") for _ in range(4)]
        service.answer = service.hold

        async def connect() -> Any:
            return await door.connect_async()

        waiting = [asyncio.run_coroutine_threadsafe(connect(), LOOP._loop) for _ in range(100)]
        # As many as are on their way at once; the others wait for their turn.
        service.wait_for(32)
        for number in range(20):
            for connection in live:
                connection.send(str(number))
                assert connection.recv() == f"hello:{number}"
        with door.connect("/free") as another:
            another.send("hi")
            assert another.recv() == "hello:hi"
        assert not any(handshake.done() for handshake in waiting)
        service.release()
        for handshake in waiting:
            LOOP.run(handshake.result(15).close())
        for connection in live:
            connection.close()


def test_service_that_hangs_keeps_no_other_service(gateway: StartGateway, upstream: Upstream) -> None:
    with AuthorizationService(says()) as hanging, AuthorizationService(says()) as quick:
        hanging.answer = hanging.hold
        routes = [
            route(middleware=[ask(hanging.url, timeout="20s")]),
            route("quick", middleware=[ask(quick.url)]),
        ]
        door = gateway(upstream, routes=routes)
        clients = [door.raw() for _ in range(150)]
        for client in clients:
            client.send(handshake(door))
        hanging.wait_for(32)
        door.connect("/quick").close()
        assert hanging.waiting == 32
        for client in clients:
            client.close()
        wait_until(lambda: len(door.audit.so_far()) >= 152, "all have an audit line")
        hanging.release()


def test_client_that_leaves_while_waiting(gateway: StartGateway, upstream: Upstream) -> None:
    with AuthorizationService(says()) as service:
        service.answer = service.hold
        door = gateway(upstream, middleware=[ask(service.url, timeout="20s")])
        with door.raw() as client:
            client.send(handshake(door))
            service.wait_for(1)
        door.wait_audit("refused", reason="client-lost")
        service.release()
        service.answer = says()
        door.connect().close()
    assert upstream.count("open", 1) == 1


def test_drain_while_waiting(gateway: StartGateway, upstream: Upstream) -> None:
    """H26: who waits for an answer is told, and not left."""
    with AuthorizationService(says()) as service:
        service.answer = service.hold
        door = gateway(upstream, middleware=[ask(service.url, timeout="20s")])
        with door.raw() as client:
            client.send(handshake(door))
            service.wait_for(1)
            door.terminate()
            door.check_refusal(client.response(), "draining", 503)
        assert door.wait_ended() == 0


def test_cache(gateway: StartGateway, upstream: Upstream) -> None:
    """What was admitted is admitted for its time without a question, for the same client, place and fields alone."""
    with AuthorizationService(says(200, X_User="alice")) as service:
        entry = ask(service.url, copy_response_headers=["X-User"], cache={"ttl": "2s", "key": ["Cookie"]})
        door = gateway(upstream, middleware=[entry])
        door.secrets.add("very-secret")

        def enter(path: str = "/echo", cookie: str = COOKIE, source: str = "127.0.0.1") -> int:
            door.connect(path, source=source, additional_headers={"Cookie": cookie, "X-User": "root"}).close()
            return len(service.requests)

        began = time.monotonic()
        assert enter() == 1
        service.answer = says(403)
        assert enter() == 1
        assert time.monotonic() - began < 2, "too slow a machine to see a cache of 2 s"
        for other in ({"cookie": COOKIE + "2"}, {"path": "/echo?a"}, {"source": "127.0.0.2"}):
            with pytest.raises(Exception, match="403"):
                enter(**other)
        assert len(service.requests) == 4
        wait_until(lambda: time.monotonic() - began > 2.1, "the answer is old")
        door.refused("authorization-denied", 403, additional_headers={"Cookie": COOKIE})
        assert len(service.requests) == 5
        assert [line["headers"]["x-user"] for line in upstream.events.so_far() if line["event"] == "open"] == ["alice"] * 2


def test_https(
    gateway: StartGateway, upstream: Upstream, certificates: Path, portcullis: Path, tmp_path: Path
) -> None:
    """The service's certificate must be signed by `ca`; without it, by one of those that the system trusts."""
    other = make_certificates(portcullis, tmp_path / "other", "localhost")
    with AuthorizationService(says(), certificates) as service:
        url = service.url
        routes = [
            route("good", middleware=[ask(url, ca=str(certificates / "ca.pem"))]),
            route("other", middleware=[ask(url, ca=str(other / "ca.pem"))]),
            route("none", middleware=[ask(url)]),
            route("name", middleware=[ask(url.replace("localhost", "127.0.0.1"), ca=str(certificates / "ca.pem"))]),
        ]
        door = gateway(upstream, routes=routes)
        door.connect("/good").close()
        for path in ("/other", "/none"):
            door.refused("authorization-unavailable", 503, path)
        assert len(service.requests) == 1


def test_authority_that_cannot_be_read(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """H33: at a reload it is told, and what is in force stays."""
    door = gateway(upstream)
    (tmp_path / "empty.pem").write_text("")
    bad = route(middleware=[ask("https://localhost:1/", ca=str(tmp_path / "empty.pem"))])
    good = door.policy
    (door.policies / "policy.yaml").write_text(str(good | {"routes": [bad]}).replace("True", "true"))
    assert "empty.pem" in "\n".join(door.fail_to_reload())
    door.connect().close()


def test_behind_a_token_in_the_query(gateway: StartGateway, upstream: Upstream) -> None:
    """H36: the service is not told the token that `token` has taken out of the query; it is asked where that holds alone."""
    with AuthorizationService(says()) as service:
        door = gateway(upstream, middleware=[token(**{"from": [{"query": "access_token"}]}), ask(service.url)])
        good = door.issue("alice")
        door.refused("token-missing", 401)
        assert not service.requests
        door.connect(f"/echo?a=1&access_token={good}").close()
        assert service.requests[0].headers["X-Forwarded-Uri"] == "/echo?a=1"
        assert good not in str(service.requests[0].headers)
        assert door.wait_audit("opened")["subject"] == "alice"


def test_token_revoked_while_waiting(gateway: StartGateway, upstream: Upstream) -> None:
    """H37: a token that is revoked while the service thinks lets nobody in."""
    with AuthorizationService(says()) as service:
        service.answer = service.hold
        door = gateway(upstream, middleware=[token(), ask(service.url, timeout="20s")])
        good = door.issue("alice")
        with door.raw() as client:
            client.send(handshake(door, Authorization=f"Bearer {good}"))
            service.wait_for(1)
            door.revoke("--subject", "alice")
            time.sleep(1)
            service.release()
            door.check_refusal(client.response(), "token-revoked", 401)
    assert upstream.count("open") == 0


def test_behind_a_first_message(gateway: StartGateway, upstream: Upstream) -> None:
    """From the 101 on a refusal of the service is a close frame."""
    with AuthorizationService(says()) as service:
        entries = [token(**{"from": [{"first_message": {}}]}), ask(service.url)]
        door = gateway(upstream, middleware=entries)
        good = door.issue("alice")
        for status, reason, code in [(403, "denied", 1008), (401, "required", 1008), (500, "unavailable", 1013)]:
            service.answer = says(status)
            with door.connect() as client:
                client.send(f'{{"token": "{good}"}}')
                assert client.closing() == (code, f"authorization-{reason}")
            line = door.wait_audit("refused", reason=f"authorization-{reason}")
            assert (line["close_code"], line["subject"]) == (code, "alice")
        service.answer = says()
        with door.connect() as client:
            client.send(f'{{"token": "{good}"}}')
            client.send("hi")
            assert client.recv() == "hello:hi"


def test_shadow(gateway: StartGateway, upstream: Upstream) -> None:
    """Asked and noted; the handshake goes on as it came."""
    with AuthorizationService(says(403, X_User="alice")) as service:
        entry = ask(service.url, copy_response_headers=["X-User"], subject_header="X-User", mode="shadow")
        door = gateway(upstream, middleware=[entry])
        door.connect(additional_headers={"X-User": "me"}).close()
        line = door.wait_audit("opened")
        assert line["shadow"] == [{"middleware": "authorize", "reason": "authorization-denied"}]
        assert "subject" not in line
        service.answer = says(200, X_User="alice")
        door.connect(additional_headers={"X-User": "me"}).close()
        assert len(service.requests) == 2
    seen = [line["headers"]["x-user"] for line in upstream.events.so_far() if line["event"] == "open"]
    assert seen == ["me", "me"]
