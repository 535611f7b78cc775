"""The audit log. That each request has its lines, and that no token is among them, is looked at after every test."""

import json
from datetime import datetime

import frames
from conftest import StartGateway
from policy import token
from upstreams import Upstream

AUDIENCE = [token(audience="chat", **{"from": [{"header": "Authorization"}, {"query": "access_token"}]})]


def test_a_connection(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=AUDIENCE)
    text = door.issue("alice", "chat")
    with door.connect("/echo?room=1", token=text, origin="https://example.com") as socket:
        for message in ["one", "three", b"four"]:
            socket.send(message)
            socket.recv()
        opened = door.wait_audit("opened")
        assert not [line for line in door.audit.so_far() if line["event"] == "closed"]
        socket.close(4000, "bye")
    closed = door.wait_audit("closed")

    assert datetime.fromisoformat(opened["time"]) <= datetime.fromisoformat(closed["time"])
    for line in (opened, closed):
        assert line["listener"] == "public"
        assert line["client"] == "127.0.0.1"
        assert line["host"] in ("localhost", f"localhost:{door.port}")
        assert line["path"] == "/echo"
        assert line["origin"] == "https://example.com"
        assert line["route"] == "echo"
        assert line["subject"] == "alice"
        assert line["token_id"]
        assert line["policy_version"]
        assert line["upstream"]
    for name in ("request_id", "policy_version", "token_id", "upstream"):
        assert opened[name] == closed[name]

    assert closed["messages"] == {"from_client": 3, "from_upstream": 3}
    assert closed["bytes"]["from_client"] >= len("onethreefour")
    assert closed["bytes"]["from_upstream"] >= len("hello:onehello:threefour")
    assert (closed["close_code"], closed["closed_by"]) == (4000, "client")
    assert closed["duration_ms"] >= 0


def test_a_refusal(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=AUDIENCE)
    response = door.refused("token-missing", 401, "/echo?room=1", origin="https://example.com")
    line = door.wait_audit("refused", request_id=response.json["request_id"])
    assert line["path"] == "/echo"
    assert line["origin"] == "https://example.com"
    assert line["route"] == "echo"
    assert (line["reason"], line["status"]) == ("token-missing", 401)
    assert not line.get("subject")


def test_secrets_are_in_no_output(gateway: StartGateway, upstream: Upstream) -> None:
    """Tokens, cookies and payloads: `Gateway.stop` looks for them in the audit log and in standard error."""
    door = gateway(upstream, middleware=AUDIENCE)
    text = door.issue("alice", "chat")
    secrets = {"cookie-secret-1", "payload-secret-2", "header-secret-3", "close-secret-4", "upstream-secret-5"}
    door.secrets |= secrets
    headers = {"Cookie": "session=cookie-secret-1", "X-API-Key": "header-secret-3"}
    with door.connect(f"/echo?access_token={text}", additional_headers=headers) as socket:
        socket.send("payload-secret-2")
        assert socket.recv() == "hello:payload-secret-2"
        socket.send("fragment:upstream-secret-5")
        assert socket.recv()
        socket.close(4000, "close-secret-4")
    door.refused("token-malformed", 401, "/echo?access_token=payload-secret-2", additional_headers=headers)
    with door.raw() as client:
        client.upgrade(frames.upgrade_request(f"/echo?access_token={text}", Cookie="session=cookie-secret-1"))
        client.send_frame(3, b"payload-secret-2")
        assert client.close_frame().code == 1002
    door.stop()
    assert len(door.audit.so_far()) == 5


def test_hostile_bytes_stay_inside_their_line(gateway: StartGateway, upstream: Upstream) -> None:
    """A peer cannot write lines of its own into the log."""
    door = gateway(upstream)
    quote = 'https://example.com"}\\'
    with door.raw() as client:
        client.send(frames.upgrade_request('/echo/"}{"event":"opened"', Origin=quote))
        assert client.response().status in (400, 404)
    with door.raw() as client:
        client.send(b'\xff\xfe \x00\n{"event": "opened"}\r\n\r\n')
        assert client.response().status == 400
    with door.raw() as client:
        client.send(frames.upgrade_request("/nowhere", Origin=quote))
        assert client.response().status == 404
    door.stop()
    lines = door.audit.so_far()
    assert [line["event"] for line in lines] == ["refused"] * 3
    assert lines[2]["origin"] == quote


def test_every_request_has_its_own_id(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    for _ in range(5):
        door.connect().close()
        door.refused("route-not-found", 404, "/nowhere")
    door.stop()
    lines = door.audit.so_far()
    assert len({line["request_id"] for line in lines}) == 10
    assert len(lines) == 15
    assert len({json.dumps(line["policy_version"]) for line in lines}) == 1
