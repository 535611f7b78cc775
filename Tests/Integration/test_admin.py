"""The operators' door: what can be asked of a gateway that runs, by whom, and what it withstands."""

import asyncio
import os
import random
import re
import secrets
import signal
import socket
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import policy as policies
from admin import Admin, LoopbackAdmin, connected, read_all
from conftest import StartGateway
from gateway import Gateway, run
from lines import PATIENCE, wait_until
from policy import token
from upstreams import Upstream

READS = ["/status", "/connections", "/tokens", "/policy", "/healthz", "/readyz", "/metrics"]
WRITES = ["/reload", "/drain", "/connections/close", "/tokens", "/tokens/revoke"]


def curl(door: Gateway, *arguments: str) -> subprocess.CompletedProcess[str]:
    """From within the state folder, since curl takes no long path."""
    return subprocess.run(
        ["curl", "-sS", "--max-time", str(PATIENCE), "--unix-socket", "admin.sock", *arguments],
        cwd=door.state, capture_output=True, text=True, check=True,
    )


# What it answers


def test_status(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    admin = Admin(door)
    with door.connect():
        status = wait_until(lambda: (found := admin.get("/status"))["connections"] == 1 and found, "one connection")
    assert status["pid"] == door.process.pid
    assert not status["draining"] and not status["partial"] and status["last_reload"] is None
    assert status["listeners"] == [
        {"name": "public", "address": f"127.0.0.1:{door.port}", "connections": 1, "maximum": 10000}
    ]
    assert [worker["index"] for worker in status["workers"]] == [0, 1]
    assert sum(worker["connections"] for worker in status["workers"]) == 1
    assert sum(worker["load"] for worker in status["workers"]) == 1
    assert 1 << 20 < status["memory"]["resident_bytes"] < status["memory"]["ceiling_bytes"]
    assert 10 < status["descriptors"]["used"] <= status["descriptors"]["limit"]
    assert status["admin"] == {"socket": str(door.state / "admin.sock")}
    assert status["policy"]["version"] and status["started"].endswith("Z") and status["uptime_seconds"] >= 0
    assert run(door.binary, "--version").stdout == status["version"] + "\n"


def test_policy_in_force(gateway: StartGateway, upstream: Upstream) -> None:
    """The files as they were when they were read, whatever stands there now."""
    door = gateway(upstream)
    text = (door.policies / "policy.yaml").read_text()
    (door.policies / "policy.yaml").write_text("routes: [")
    policy = Admin(door).get("/policy")
    assert [(Path(file["name"]).name, file["text"]) for file in policy["files"]] == [("policy.yaml", text)]
    assert policy["version"] == Admin(door).get("/status")["policy"]["version"]


def test_reload(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    admin = Admin(door)
    before = admin.get("/status")["policy"]
    policies.write(door.policies, door.policy | {"routes": [policies.route("other")]})
    answer = admin.post("/reload")
    assert answer["status"] == "in-force" and answer["version"] != before["version"]
    door.refused("route-not-found", 404)
    status = admin.get("/status")
    assert status["policy"]["version"] == answer["version"] and status["policy"]["since"] > before["since"]
    assert (status["last_reload"]["outcome"], status["last_reload"]["version"]) == ("in-force", answer["version"])


def test_reload_of_a_bad_file(gateway: StartGateway, upstream: Upstream) -> None:
    """All diagnostics, and all stays as it was."""
    door = gateway(upstream)
    admin = Admin(door)
    (door.policies / "policy.yaml").write_text("routs: []\nlimits: {memory: lots}\n")
    refusal = admin.refused(422, "policy-refused", "POST", "/reload").json
    assert any("routs" in line and ":1:1: error:" in line for line in refusal["diagnostics"])
    assert any("memory" in line for line in refusal["diagnostics"])
    last = admin.get("/status")["last_reload"]
    assert (last["outcome"], last["diagnostics"]) == ("refused", refusal["diagnostics"])
    door.connect().close()
    # What HUP has come to is told, too.
    policies.write(door.policies, door.policy)
    door.reload()
    assert admin.get("/status")["last_reload"]["outcome"] == "in-force"


def test_health_and_readiness(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    admin = Admin(door)
    assert admin.get("/healthz") == {"status": "ok"}
    assert admin.get("/readyz") == {"status": "ready"}
    metrics = admin.ask("GET", "/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b"\n# TYPE " in b"\n" + metrics.body and metrics.body.endswith(b"\n")


def test_not_ready_without_a_store(gateway: StartGateway, upstream: Upstream) -> None:
    """H38: no token is admitted, and monitors know."""
    door = gateway(upstream)
    for path in door.state.glob("tokens.sqlite*"):
        path.rename(path.with_suffix(".gone"))
    admin = Admin(door)
    wait_until(lambda: admin.ask("GET", "/readyz").status == 503, "the gateway is not ready")
    admin.refused(503, "token-store-unavailable", "GET", "/readyz")
    assert admin.get("/healthz") == {"status": "ok"}


def test_drain(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"limits": {"drain_window": "3s"}})
    admin = Admin(door)
    with door.connect() as first, door.connect() as second:
        assert admin.post("/drain", status=202) == {"status": "draining"}
        admin.refused(503, "draining", "GET", "/readyz")
        assert admin.get("/status")["draining"] is True
        assert admin.get("/healthz")["status"] == "draining"
        assert admin.post("/drain", status=202) == {"status": "draining"}
        assert {first.closing()[0], second.closing()[0]} == {1012}
    assert door.wait_ended() == 0
    assert not (door.state / "admin.sock").exists()


def test_every_change_is_in_the_log(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    admin = Admin(door)
    issued = admin.post("/tokens", {"subject": "alice"})
    door.secrets.add(issued["token"])
    admin.post("/tokens/revoke", {"token": issued["token"]})
    admin.post("/connections/close", {"subject": "nobody"})
    admin.post("/reload")
    admin.post("/drain", status=202)
    assert door.wait_ended() == 0
    door._check_secrets()
    lines = [line for line in door.log.to_end() if " notice admin: " in line]
    for what in ("token issued", "token revoked", "connections closed", "reload asked for", "drain asked for"):
        (line,) = [line for line in lines if f"admin: {what}" in line]
        assert "door=socket" in line and f"process {os.getpid()}" in line


# Connections


def test_list_filters_and_order(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, routes=[policies.route(), policies.route("chat", middleware=[token()])])
    admin = Admin(door)
    alice, bob = door.issue("alice"), door.issue("bob")

    def ids(query: str) -> list[str]:
        return [found["request_id"] for found in admin.get(f"/connections?{query}")["connections"]]

    with ExitStack() as open_:
        clients = []
        for path, held, source in (
            ("/echo", None, "127.0.0.2"),
            ("/chat", alice, "127.0.0.3"),
            ("/chat", bob, "127.0.0.4"),
        ):
            clients.append(open_.enter_context(door.connect(path, token=held, source=source)))
        opened = [door.wait_audit("opened", client=f"127.0.0.{last}") for last in (2, 3, 4)]
        first, second, third = [line["request_id"] for line in opened]
        clients[1].send("x" * 5000)
        clients[1].recv()
        for _ in range(3):
            clients[2].send("y")
            clients[2].recv()
        assert ids("") == [first, second, third]
        assert ids("sort=bytes") == [second, third, first]
        assert ids("sort=messages")[:1] == [third]
        assert ids("sort=idle")[:1] == [first]
        assert ids("route=chat") == [second, third]
        assert ids("route=chat&subject=bob") == [third]
        assert ids("subject=nobody") == []
        assert ids(f"token={opened[1]['token_id']}") == [second]
        assert ids("address=127.0.0.2") == [first]
        assert ids("address=127.0.0.2/31") == [first, second]
        assert ids("listener=public&limit=2") == [first, second]
        assert admin.get("/connections?limit=1")["total"] == 3
        assert ids(f"id={third}") == [third]
        assert ids("state=closing") == []
        (found,) = admin.get("/connections?subject=alice")["connections"]
        assert found["bytes"] == {"from_client": 5000, "from_upstream": 5006}
        assert found["messages"] == {"from_client": 1, "from_upstream": 1}
        assert (found["route"], found["path"], found["state"]) == ("chat", "/chat", "open")
        assert (found["client"], found["token_id"]) == ("127.0.0.3", opened[1]["token_id"])
        assert found["upstream"] and found["policy_version"] == opened[1]["policy_version"]
        assert found["age_ms"] >= found["idle_ms"] >= 0


def test_handshakes_are_listed(gateway: StartGateway, upstream: Upstream) -> None:
    """Who has connected and says nothing is seen, too."""
    door = gateway(upstream)
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE):
        (found,) = wait_until(lambda: Admin(door).get("/connections?state=handshake")["connections"], "it is listed")
        assert found["listener"] == "public" and "route" not in found
        assert Admin(door).post("/connections/close", {"all": True})["closed"] == 0


@pytest.mark.parametrize(
    "query",
    ["rout=echo", "sort=size", "limit=0", "limit=10001", "limit=x", "address=here", "state=x", "route=a&route=b"],
)
def test_query_that_is_not_understood(gateway: StartGateway, upstream: Upstream, query: str) -> None:
    Admin(gateway(upstream)).refused(400, "malformed-request", "GET", f"/connections?{query}")


def test_close_one_and_many(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token()])
    admin = Admin(door)
    held = {name: door.issue(name) for name in ("alice", "bob")}
    with ExitStack() as open_:
        clients = {
            name: [open_.enter_context(door.connect(token=held[name])) for _ in range(3)] for name in ("alice", "bob")
        }
        one = admin.get("/connections?subject=alice&limit=1")["connections"][0]["request_id"]
        assert admin.post("/connections/close", {"id": one})["closed"] == 1
        line = door.wait_audit("closed", request_id=one)
        assert (line["reason"], line["close_code"], line["closed_by"]) == ("closed-by-operator", 1008, "gateway")
        assert admin.post("/connections/close", {"subject": "alice"})["closed"] == 2
        for client in clients["alice"]:
            assert client.closing() == (1008, "closed-by-operator")
        clients["bob"][0].send("hi")
        assert clients["bob"][0].recv() == "hello:hi"
        answer = admin.post("/connections/close", {"all": True, "over": "1s"})
        assert (answer["closed"], answer["over_ms"], answer["partial"]) == (3, 1000, False)
        for client in clients["bob"]:
            assert client.closing() == (1008, "closed-by-operator")
    assert admin.post("/connections/close", {"all": True})["closed"] == 0


def test_close_by_a_name_that_is_not_there(gateway: StartGateway, upstream: Upstream) -> None:
    """An error, unless a policy before had it and it still has connections."""
    door = gateway(upstream, on_policy_change="keep")
    admin = Admin(door)
    with door.connect() as client:
        door.wait_audit("opened")
        door.reload(door.policy | {"routes": [policies.route("other")]})
        admin.refused(404, "route-unknown", "POST", "/connections/close", {"route": "ecko"})
        admin.refused(404, "listener-unknown", "POST", "/connections/close", {"listener": "pubic"})
        assert admin.post("/connections/close", {"route": "other", "listener": "public"})["closed"] == 0
        assert admin.post("/connections/close", {"route": "echo"})["closed"] == 1
        assert client.closing() == (1008, "closed-by-operator")
    door.wait_audit("closed")
    assert "no route `echo`" in command(door, "connections", "close", "--route", "echo", code=1).stderr


def test_closes_are_spread(gateway: StartGateway, upstream: Upstream) -> None:
    """One after the other; a drain that comes meanwhile takes those that are left."""
    door = gateway(upstream)
    admin = Admin(door)
    with ExitStack() as open_:
        clients = [open_.enter_context(door.connect()) for _ in range(8)]
        assert admin.post("/connections/close", {"route": "echo", "over": "24s"})["closed"] == 8
        # The first of each worker, which have four each: after 6 s.
        wait_until(lambda: admin.get("/connections?state=open")["total"] == 6, "two are closed")
        door.terminate()
        codes = sorted(client.closing()[0] for client in clients)
    assert codes == [1008] * 2 + [1012] * 6
    door.wait_ended()


@pytest.mark.parametrize(
    "body",
    [{}, {"all": False}, {"all": True, "id": "x"}, {"rout": "x"}, {"id": 1}, {"all": True, "over": "1"},
     {"all": True, "over": "2h"}, {"address": "x"}, [], b"", b"{", b'{"id":"a","id":"b"}'],
)  # fmt: skip
def test_close_that_does_not_say_which(gateway: StartGateway, upstream: Upstream, body: Any) -> None:
    door = gateway(upstream)
    with door.connect() as client:
        Admin(door).refused(400, "malformed-request", "POST", "/connections/close", body)
        client.ping()


# Tokens


def test_tokens(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(audience="chat")])
    admin = Admin(door)
    wish = {
        "subject": "alice", "audiences": ["chat"], "scopes": ["chat.read"], "ttl": "1h", "uses": 5,
        "claims": {"room": 7}, "from_address": ["127.0.0.0/8"],
    }  # fmt: skip
    response = admin.ask("POST", "/tokens", wish)
    issued = response.json
    door.secrets.add(issued["token"])
    assert response.status == 200 and response.headers["Cache-Control"] == "no-store"
    assert (issued["subject"], issued["audiences"], issued["uses"]) == ("alice", ["chat"], 5)
    (found,) = admin.get("/tokens?subject=alice&audience=chat&status=valid")["tokens"]
    assert found["id"] == issued["id"] and "token" not in found
    assert issued["token"] not in str(admin.get("/tokens"))
    with door.connect(token=issued["token"]) as client:
        answer = admin.post("/tokens/revoke", {"id": issued["id"]})
        assert (answer["outcome"], answer["tokens"]) == ("revoked", 1)
        assert client.closing() == (1008, "token-revoked")
    assert admin.post("/tokens/revoke", {"token": issued["token"]})["outcome"] == "already-revoked"
    assert [found["state"] for found in admin.get("/tokens")["tokens"]] == ["revoked"]
    unknown = admin.refused(404, "token-unknown", "POST", "/tokens/revoke", {"subject": "nobody"}).json
    assert "no token was issued for subject nobody from this state folder" in unknown["message"]
    admin.refused(404, "token-unknown", "POST", "/tokens/revoke", {"token": "x.y.z"})
    assert admin.post("/tokens/revoke", {"all": True})["outcome"] == "revoked"


def test_list_of_tokens_is_bounded(gateway: StartGateway, upstream: Upstream) -> None:
    admin = Admin(gateway(upstream))
    for _ in range(3):
        admin.post("/tokens", {"subject": "alice"})
    answer = admin.get("/tokens?limit=2")
    assert (len(answer["tokens"]), answer["more"]) == (2, True)
    assert admin.get("/tokens?limit=3")["more"] is False


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "subject"), ({"subject": ""}, "subject"), ({"subject": 7}, "subject"),
        ({"subject": "a", "ttl": "1y"}, "ttl"), ({"subject": "a", "uses": 0}, "uses"),
        ({"subject": "a", "claims": {"sub": "b"}}, "subject"), ({"subject": "a", "claims": []}, "claims"),
        ({"subject": "a", "scopes": ["a b"]}, "scopes"), ({"subject": "a", "audiences": [1]}, "audiences"),
        ({"subject": "a", "from_address": ["x"]}, "from_address"), ({"subject": "a", "subjct": "b"}, "subjct"),
        ({"subject": "a", "not_before": "soon"}, "not_before"),
        ({"subject": "a", "claims": {"big": "x" * 20000}}, "longer"),
    ],
)  # fmt: skip
def test_token_that_cannot_be_issued(gateway: StartGateway, upstream: Upstream, body: Any, named: str) -> None:
    admin = Admin(gateway(upstream))
    assert named in admin.refused(400, "malformed-request", "POST", "/tokens", body).json["message"]
    assert admin.get("/tokens")["tokens"] == []


# Other people's clients


def test_curl(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    assert f'"pid":{door.process.pid}' in curl(door, "http://localhost/status").stdout
    assert curl(door, "-X", "POST", "http://localhost/reload").stdout.startswith('{"status":"in-force"')
    close = curl(door, "-d", '{"all": true}', "http://localhost/connections/close").stdout
    assert '"closed":0' in close
    # Waits for the gateway's word before it sends a body.
    asked = curl(door, "-i", "-H", "Expect: 100-continue", "-d", '{"all": true}', "http://localhost/connections/close")
    assert "100 Continue" in asked.stdout and '"closed":0' in asked.stdout
    head = curl(door, "-I", "http://localhost/healthz").stdout
    assert head.startswith("HTTP/1.1 200 OK") and "Connection: close" in head and "Content-Length: 16" in head


def test_aiohttp(gateway: StartGateway, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    door = gateway(upstream)
    monkeypatch.chdir(door.state)

    async def ask() -> Any:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector("admin.sock")) as session:
            found = []
            for _ in range(3):
                async with session.get("http://localhost/status") as response:
                    found.append((await response.json())["pid"])
            async with session.post("http://localhost/tokens", json={"subject": "alice"}) as response:
                found.append((await response.json())["subject"])
            return found

    assert asyncio.run(ask()) == [door.process.pid] * 3 + ["alice"]


@pytest.mark.parametrize("path", READS)
def test_head_has_no_body(gateway: StartGateway, upstream: Upstream, path: str) -> None:
    head, _, body = Admin(gateway(upstream)).raw(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK") and body == b""


# What it refuses


def test_what_is_not_there(gateway: StartGateway, upstream: Upstream) -> None:
    admin = Admin(gateway(upstream))
    message = admin.refused(404, "not-found", "GET", "/nothing").json["message"]
    for path in READS + WRITES:
        assert path in message
    for method, path, allowed in [("POST", "/status", "GET, HEAD"), ("GET", "/reload", "POST"),
                                  ("DELETE", "/tokens", "GET, HEAD, POST")]:  # fmt: skip
        assert admin.refused(405, "method-not-allowed", method, path).headers["Allow"] == allowed


def test_no_browser(gateway: StartGateway, upstream: Upstream) -> None:
    admin = Admin(gateway(upstream))
    for method, path in [("GET", "/status"), ("POST", "/drain")]:
        admin.refused(403, "browser-refused", method, path, Origin="http://localhost")


HEAD = b"POST /connections/close HTTP/1.1\r\nHost: localhost\r\n"
GARBAGE = [
    (b"\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", 400),
    (b"GET /status HTTP/1.1\r\n\r\n", 400),
    (b"GET /status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET /status HTTP/1.1\nHost: a\n\n", 400),
    (b"GET /../status HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (b"GET /%2e%2e/status HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400),
    (b"GET /status HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 431),
    (b"GET /status HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 200 + b"\r\n", 431),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411),
    (HEAD + b"Content-Length: 65537\r\n\r\n", 413),
    (HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
    (HEAD + b"Content-Length: -1\r\n\r\n", 400),
    (HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
    (HEAD + b"Content-Length: 9\r\n\r\n{}", 400),
    (HEAD + b"\r\n", 400),
    (HEAD + b"Content-Length: 200\r\n\r\n" + b"[" * 200, 400),
    (HEAD + b"Content-Length: 3\r\n\r\n\xff\xfe{", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\n" * 40, 400),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "status"), GARBAGE)
def test_garbage(gateway: StartGateway, upstream: Upstream, sent: bytes, status: int) -> None:
    admin = Admin(gateway(upstream))
    answer = admin.raw(sent, end=True)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert admin.get("/healthz") == {"status": "ok"}


def test_fuzz(gateway: StartGateway, upstream: Upstream) -> None:
    """Whole requests with bytes changed, cut and doubled: an answer or none, and the gateway lives."""
    door = gateway(upstream)
    admin = Admin(door)
    seed = secrets.randbelow(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    texts = [HEAD + b'Content-Length: 16\r\n\r\n{"all": true   }', b"GET /connections?sort=age&limit=3 HTTP/1.1\r\nHost: a\r\n\r\n"]
    for _ in range(300):
        text = bytearray(chance.choice(texts))
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(text))
            match chance.randrange(3):
                case 0:
                    text[place] = chance.randrange(256)
                case 1:
                    del text[place : place + chance.randrange(1, 9)]
                case _:
                    text[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(9)))
        answer = admin.raw(bytes(text), end=True)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4", b"HTTP/1.1 100")), (text, answer)
    assert admin.get("/healthz") == {"status": "ok"}


def test_nothing_behind_a_request_is_read_as_another(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    assert Admin(door).raw(request + b"POST /drain HTTP/1.1\r\nHost: a\r\n\r\n").count(b"HTTP/1.1 ") == 1
    assert Admin(door).get("/readyz") == {"status": "ready"}


# What it withstands


def test_a_byte_at_a_time(gateway: StartGateway, upstream: Upstream) -> None:
    request = HEAD + b'Content-Length: 13\r\n\r\n{"all": true}'
    answer = Admin(gateway(upstream)).raw(*[request[index : index + 1] for index in range(len(request))])
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_peer_that_never_ends_its_request(gateway: StartGateway, upstream: Upstream) -> None:
    """One absolute deadline, which no byte puts off; others are answered meanwhile."""
    door = gateway(upstream)
    ended = threading.Event()

    def drip(plain: socket.socket) -> None:
        while not ended.wait(0.2):
            try:
                plain.send(b"x")
            except OSError:
                return

    with connected(door.state / "admin.sock") as plain:
        plain.sendall(b"GET /status HTTP/1.1\r\nHost: a\r\nX: ")
        thread = threading.Thread(target=drip, args=(plain,))
        thread.start()
        try:
            assert Admin(door).get("/healthz") == {"status": "ok"}
            plain.settimeout(10 + PATIENCE)
            assert read_all(plain).startswith(b"HTTP/1.1 408 ")
        finally:
            ended.set()
            thread.join()


def test_crowd_that_says_nothing(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """One more than may be answered at once waits for its turn; the other door is free."""
    door = gateway(upstream)
    admin = Admin(door)
    loopback = with_loopback(door, tmp_path)
    with ExitStack() as crowd:
        for _ in range(32):
            crowd.enter_context(connected(admin.path))
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(admin.get, "/healthz")
            # Each answer is a round of the thread that accepts, which sees the late one as well.
            for _ in range(20):
                assert loopback.get("/status")["pid"] == door.process.pid
            assert not late.done()
            crowd.close()
            assert late.result(PATIENCE) == {"status": "ok"}


def test_a_hundred_at_once(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    admin = Admin(door)

    def ask(number: int) -> int:
        return admin.ask("GET", ["/status", "/connections", "/metrics", "/policy"][number % 4]).status

    # Every worker has begun by then.
    assert admin.get("/healthz") == {"status": "ok"}
    before = door.descriptors()
    with door.connect() as client, ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(ask, range(400)))
        client.send("hi")
        assert client.recv() == "hello:hi"
    assert answers == [200] * 400
    wait_until(lambda: door.descriptors() <= before, "all descriptors are given back")


# The socket itself


def test_nobody_else_may_open_it(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    found = os.stat(door.state / "admin.sock")
    assert stat.S_ISSOCK(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_uid == os.getuid()


def test_loose_umask(portcullis: Path, gateway: StartGateway, upstream: Upstream) -> None:
    before = os.umask(0)
    try:
        door = gateway(upstream)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(door.state / "admin.sock").st_mode) == 0o600


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_other_users_are_refused(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """Also where somebody has opened the file and its folder to all."""
    door = gateway(upstream)
    path = door.state / "admin.sock"
    os.chmod(door.state, 0o755)
    os.chmod(path, 0o666)
    with connected(path) as kept:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_all(kept).startswith(b"HTTP/1.1 200")
    folder = os.open(door.state, os.O_RDONLY)
    child = os.fork()
    if child == 0:
        try:
            os.fchdir(folder)
            os.setgid(65534)
            os.setuid(65534)
            with socket.socket(socket.AF_UNIX) as plain:
                plain.settimeout(PATIENCE)
                plain.connect("admin.sock")
                plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                os._exit(0 if read_all(plain) == b"" else 1)
        except BrokenPipeError:
            os._exit(0)
        except BaseException:
            os._exit(2)
    os.close(folder)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_socket_of_a_dead_gateway_is_replaced(gateway: StartGateway, upstream: Upstream) -> None:
    dead = gateway(upstream)
    dead.process.kill()
    dead.wait_ended()
    assert (dead.state / "admin.sock").is_socket()
    door = gateway(upstream, state=dead.state)
    assert Admin(door).get("/status")["pid"] == door.process.pid


def test_socket_of_a_living_gateway_stays(gateway: StartGateway, upstream: Upstream) -> None:
    """The second one runs without it, says so, and leaves the first one's alone at its end."""
    first = gateway(upstream)
    second = gateway(upstream, state=first.state)
    second.log.wait(lambda line: "no admin socket" in line and "another gateway answers" in line)
    second.connect().close()
    second.stop()
    assert Admin(first).get("/status")["pid"] == first.process.pid


def test_successor_of_one_that_drains_gets_the_socket(gateway: StartGateway, upstream: Upstream) -> None:
    """Once the one that drains has gone."""
    first = gateway(upstream, listener={"limits": {"drain_window": "30s"}}, timeouts={"close": "30s"})
    # Does not answer the gateway's close, and so keeps it until the test is done with it.
    with first.raw() as client:
        client.upgrade()
        first.terminate()
        first.wait_until_draining()
        second = gateway(upstream, state=first.state)
        second.log.wait(lambda line: "no admin socket" in line and "another gateway answers" in line)
        assert Admin(second).get("/status")["pid"] == first.process.pid
        assert command(first, "reload", code=1).stderr == "portcullis: the gateway drains: it takes no new policy\n"
        Admin(first).refused(409, "draining", "POST", "/reload")
    assert first.wait_ended() == 0
    second.log.wait(lambda line: "admin socket listening" in line)
    assert f"process {second.process.pid}" in command(second, "status").stdout
    assert Admin(second).get("/status")["admin"] == {"socket": str(second.state / "admin.sock")}


def test_something_else_stands_there(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "admin.sock").write_text("mine")
    door = gateway(upstream, state=state)
    door.log.wait(lambda line: "no admin socket" in line and "not a socket" in line)
    door.stop()
    assert (state / "admin.sock").read_text() == "mine"


def test_long_path(portcullis: Path, gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """Longer than the address of a socket has room for."""
    state = tmp_path / ("long-" * 20) / "state"
    door = gateway(upstream, state=state)
    assert len(str(state / "admin.sock")) > 108
    assert Admin(door).get("/status")["pid"] == door.process.pid
    found = subprocess.run(
        [portcullis, "status", "--state", state], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert f"process {door.process.pid}" in found.stdout


# The loopback address


def with_loopback(door: Gateway, folder: Path, secret: str | None = None, mode: int = 0o600) -> LoopbackAdmin:
    """Has the gateway answer at a loopback address from now on."""
    secret = secret or secrets.token_hex(32)
    file = folder / "admin.token"
    file.write_text(secret + "\n")
    file.chmod(mode)
    door.secrets.add(secret)
    before = len(door.log.so_far())
    door.reload(door.policy | {"admin": {"address": "127.0.0.1:0", "token_file": str(file)}})
    line = door.log.wait(lambda line: "admin listening" in line, after=before)
    return LoopbackAdmin(int(re.search(r"address=127\.0\.0\.1:(\d+)$", line)[1]), secret)  # type: ignore[index]


def test_loopback(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    door = gateway(upstream)
    admin = with_loopback(door, tmp_path)
    assert admin.get("/status")["admin"]["address"] == f"127.0.0.1:{admin.port}"
    admin.post("/reload")
    door.log.wait(lambda line: "admin: reload asked for" in line and "door=tcp" in line)
    for name in ("localhost", "127.0.0.1", f"localhost:{admin.port}", "[::1]:80", "127.1.2.3"):
        assert admin.ask("GET", "/status", Host=name).status == 200
    for name in ("evil.example", "localhost.evil.example", "192.0.2.1", "127.0.0.1.evil.example", "[::2]"):
        admin.refused(403, "host-refused", "GET", "/status", Host=name)
        admin.refused(403, "host-refused", "GET", "/healthz", Host=name)
    admin.refused(403, "browser-refused", "GET", "/status", Origin="http://evil.example")


def test_loopback_wants_its_token(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    door = gateway(upstream)
    good = with_loopback(door, tmp_path)
    nobody = LoopbackAdmin(good.port, None)
    assert nobody.get("/healthz") == {"status": "ok"} and nobody.get("/readyz") == {"status": "ready"}
    token = good.token or ""
    wrong = [None, "", "Bearer", "Bearer ", f"Basic {token}", token, f"Bearer {token[:-1]}", f"Bearer {token}x", "Bearer x"]

    def ask(value: str | None) -> tuple[str | None, str | None, int]:
        response = nobody.ask("GET", "/metrics", **({} if value is None else {"Authorization": value}))
        return value, response.headers["WWW-Authenticate"], response.status

    with ThreadPoolExecutor(len(wrong)) as pool:
        for answer in pool.map(ask, wrong):
            assert answer[1:] == ('Bearer realm="portcullis"', 401), answer
    assert nobody.ask("GET", "/metrics", Authorization=f"bearer {token}").status == 200
    for path in WRITES:
        assert nobody.ask("POST", path, {}).status == 401
    door.log.wait(lambda line: "no good token" in line)


def test_loopback_follows_the_policy(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """A changed token counts at once, also for who has connected before; without `admin` nobody listens."""
    door = gateway(upstream)
    first = with_loopback(door, tmp_path)
    with socket.create_connection(("127.0.0.1", first.port), PATIENCE) as early:
        (tmp_path / "admin.token").write_text("n" * 40)
        door.secrets.add("n" * 40)
        door.reload()
        early.sendall(
            f"GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {first.token}\r\n\r\n".encode()
        )
        assert read_all(early).startswith(b"HTTP/1.1 401 ")
    # The same socket goes on.
    assert LoopbackAdmin(first.port, "n" * 40).get("/status")["pid"] == door.process.pid
    other = dict(door.policy["admin"]) | {"address": "127.0.0.2:0"}
    door.reload(door.policy | {"admin": other})
    door.log.wait(lambda line: "admin listening address=127.0.0.2:" in line)
    door.reload({name: value for name, value in door.policy.items() if name != "admin"})
    door.log.wait(lambda line: "admin no longer listening" in line)
    wait_until(lambda: is_refused(first.port), "nobody listens")


def test_loopback_moves_and_comes_back(
    portcullis: Path, certificates: Path, upstream: Upstream, tmp_path: Path
) -> None:
    """The address of the start is given up like any other."""
    file = tmp_path / "admin.token"
    file.write_text("m" * 40)
    file.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [one.getsockname()[1], other.getsockname()[1]]

    def policy(port: int) -> policies.Settings:
        return policies.whole(
            listeners={"public": policies.listener(certificates)},
            upstreams={"main": policies.upstream(upstream.url)},
            routes=[policies.route()],
        ) | {"admin": {"address": f"127.0.0.1:{port}", "token_file": str(file)}}

    with Gateway(portcullis, tmp_path / "moving", certificates, policy(ports[0]), None) as door:
        door.secrets.add("m" * 40)
        door.log.wait(lambda line: f"admin listening address=127.0.0.1:{ports[0]}" in line)
        for before, after in (ports, reversed(ports)):
            lines = len(door.log.so_far())
            door.reload(policy(after))
            for what in (f"no longer listening address=127.0.0.1:{before}", f"listening address=127.0.0.1:{after}"):
                door.log.wait(lambda line: f"admin {what}" in line, after=lines)
            assert is_refused(before)
            assert LoopbackAdmin(after, "m" * 40).get("/status")["pid"] == door.process.pid


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize(
    ("text", "mode", "named"),
    [
        ("x" * 31, 0o600, "at least 32"), ("x" * 40 + " y", 0o600, "without spaces"), ("", 0o600, "at least 32"),
        ("x" * 5000, 0o600, "at least 32"), ("x" * 40, 0o640, "chmod 600"), ("x" * 40, 0o604, "chmod 600"),
        (None, 0, "cannot be read"),
    ],
)  # fmt: skip
def test_token_file_that_is_no_good(
    gateway: StartGateway, upstream: Upstream, tmp_path: Path, text: str | None, mode: int, named: str
) -> None:
    """The reload is refused, and says where and why; the gateway goes on as it was, and one that starts does not."""
    door = gateway(upstream)
    file = tmp_path / "admin.token"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    policies.write(door.policies, door.policy | {"admin": {"address": "127.0.0.1:0", "token_file": str(file)}})
    refusal = Admin(door).refused(422, "policy-refused", "POST", "/reload").json
    assert named in str(refusal["diagnostics"]) and "policy.yaml:" in str(refusal["diagnostics"])
    door.connect().close()
    started = subprocess.run(
        [door.binary, "run", "--policies", door.policies, "--state", tmp_path / "state"],
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert started.returncode == 1 and named in started.stderr
    assert not text or text not in started.stderr


# The commands


def command(door: Gateway, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(
        [door.binary, *words, "--state", door.state], capture_output=True, text=True, timeout=PATIENCE + 10
    )
    assert found.returncode == code, found
    return found


def test_commands(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token()])
    held = door.issue("alice")
    with door.connect(token=held) as client:
        status = command(door, "status").stdout
        assert f"process {door.process.pid}" in status and f"127.0.0.1:{door.port}" in status
        assert f'"pid" : {door.process.pid}' in command(door, "status", "--json").stdout
        listed = command(door, "connections", "list", "--subject", "alice", "--sort", "bytes").stdout.splitlines()
        assert len(listed) == 2 and "alice" in listed[1] and "open" in listed[1]
        assert command(door, "connections", "list", "--route", "a&b=c").stderr == "no connections\n"
        shown = command(door, "policy", "show").stdout
        assert (door.policies / "policy.yaml").read_text() in shown
        assert "is in force" in command(door, "reload").stdout
        assert command(door, "connections", "close", "--subject", "bob").stdout == "closed 0 connections\n"
        assert command(door, "connections", "close", "--subject", "alice").stdout == "closed 1 connection\n"
        assert client.closing() == (1008, "closed-by-operator")
    command(door, "connections", "close", code=64)
    command(door, "connections", "close", "--all", "--id", "x", code=64)
    assert "--sort" in command(door, "connections", "list", "--sort", "size", code=64).stderr
    assert "--only" in command(door, "connections", "list", "--only", "x", code=64).stderr
    (door.policies / "policy.yaml").write_text("routs: []")
    assert ":1:1: error: unknown key `routs`" in command(door, "reload", code=1).stderr
    command(door, "drain", "--wait")
    assert door.wait_ended() == 0
    for words in (["status"], ["reload"], ["drain"], ["connections", "list"], ["policy", "show"]):
        found = command(door, *words, code=4)
        assert "no gateway runs with this state folder" in found.stderr and found.stdout == ""


def test_commands_over_loopback(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    door = gateway(upstream)
    admin = with_loopback(door, tmp_path)
    there = ["--admin", f"http://127.0.0.1:{admin.port}", "--admin-token-file", str(tmp_path / "admin.token")]
    assert f"process {door.process.pid}" in command(door, "status", *there).stdout
    assert "go together" in command(door, "status", *there[:2], code=64).stderr
    far = ["--admin", "http://192.0.2.1:9", *there[2:]]
    assert "loopback" in command(door, "status", *far, code=1).stderr
    (tmp_path / "admin.token").write_text("w" * 40)
    assert "Authorization" in command(door, "status", *there, code=1).stderr
    nobody = ["--admin", "http://127.0.0.1:9", *there[2:]]
    assert "no gateway answers" in command(door, "status", *nobody, code=4).stderr
    door.process.send_signal(signal.SIGTERM)
