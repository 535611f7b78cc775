"""A token as the first message: the gateway opens the connection itself, and the server behind hears of it afterwards."""

import json
import socket
import time
from typing import Any

import pytest

import forgery
import frames
from client import Client
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import wait_until
from policy import token
from sanitizers import SLOWNESS
from upstreams import Peer, Upstream


def door_with(**settings: Any) -> list[dict[str, Any]]:
    carriers = [{"header": "Authorization"}, {"first_message": settings.pop("first_message", {})}]
    return [token(**{"from": carriers}, **settings)]


def sends(client: Client, good: str) -> None:
    client.send(json.dumps({"token": good}))


def test_first_message_admits(gateway: StartGateway, upstream: Upstream) -> None:
    """Nothing reaches the upstream before, and the message itself never does."""
    door = gateway(upstream, middleware=door_with())
    good = door.issue("alice")
    with door.connect() as client:
        time.sleep(0.3)
        assert upstream.count("open") == 0
        sends(client, good)
        client.send("hi")
        assert client.recv() == "hello:hi"
        assert upstream.count("open", 1) == 1
    line = door.wait_audit("opened")
    assert line["subject"] == "alice"
    assert door.wait_audit("closed")["messages"]["from_client"] == 1


def test_message_and_more_in_one_write(gateway: StartGateway, upstream: Upstream) -> None:
    """Pings before it are answered, fragments are one message, and what follows waits for the upstream."""
    door = gateway(upstream, middleware=door_with())
    text = json.dumps({"a": [1, {"token": "no"}], "token": door.issue()}).encode()
    with door.raw() as raw:
        assert raw.upgrade().status == 101
        message = frames.encode(0x1, text[:10], final=False) + frames.encode(0x9, b"p") + frames.encode(0x0, text[10:])
        raw.send(message + frames.encode(0x1, b"one") + frames.encode(0x1, b"two"))
        answers = [raw.frame() for _ in range(3)]
        assert [(frame.opcode, frame.payload) for frame in answers if frame] == [
            (0xA, b"p"),
            (0x1, b"hello:one"),
            (0x1, b"hello:two"),
        ]


def test_token_in_the_header_needs_no_message(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=door_with())
    with door.connect(token=door.issue()) as client:
        client.send("hi")
        assert client.recv() == "hello:hi"
    door.refused("token-malformed", 401, token="bad")


def test_pointer(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=door_with(first_message={"pointer": "/auth/0/bearer"}))
    with door.connect() as client:
        client.send(json.dumps({"auth": [{"bearer": door.issue()}]}))
        client.send("hi")
        assert client.recv() == "hello:hi"


@pytest.mark.parametrize(
    "message, reason",
    [
        ("hello", "token-malformed"),
        ("{}", "token-missing"),
        ('{"token": 7}', "token-missing"),
        ('{"token": "x"}', "token-malformed"),
        ('{"token": "GOOD", "token": "GOOD"}', "token-malformed"),
        ('{"token": "FORGED"}', "token-unknown-key"),
        (json.dumps({"token": "x", "padding": "y" * 8192}), "token-malformed"),
        (b'{"token": "GOOD"}', "token-malformed"),
    ],
)
def test_anything_else(gateway: StartGateway, upstream: Upstream, message: str | bytes, reason: str) -> None:
    door = gateway(upstream, middleware=door_with())
    good = door.issue()
    forged = forgery.unsigned({"alg": "EdDSA", "kid": "x"}, "AAAA")
    if isinstance(message, str):
        message = message.replace("GOOD", good).replace("FORGED", forged)
    else:
        message = message.replace(b"GOOD", good.encode())
    with door.connect() as client:
        client.send(message)
        assert client.closing() == (1008, reason)
    line = door.wait_audit("refused")
    assert (line["reason"], line["close_code"]) == (reason, 1008)
    assert "status" not in line
    assert upstream.count("open") == 0


def test_expired_and_revoked(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=door_with(audience="chat"))
    with door.connect() as client:
        sends(client, door.issue("alice", "news"))
        assert client.closing() == (1008, "token-audience-mismatch")


def test_silence(gateway: StartGateway, upstream: Upstream) -> None:
    """One deadline for the whole message, whatever comes meanwhile."""
    door = gateway(upstream, middleware=door_with(first_message={"timeout": "1s"}))
    with door.raw() as raw:
        assert raw.upgrade().status == 101
        start = time.monotonic()
        raw.send(frames.encode(0x1, b'{"tok', final=False))
        while time.monotonic() < start + 0.8:
            raw.send(frames.encode(0x9, b""))
            assert raw.frame()
            time.sleep(0.1)
        close = raw.close_frame()
        assert close.payload == b"\x03\xf0token-missing"
        # Not the handshake's own deadline, which is ten seconds.
        assert time.monotonic() - start < 5 * SLOWNESS
    assert upstream.count("open") == 0


def test_client_that_leaves(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=door_with())
    with door.connect() as client:
        client.close(4001, "never mind")
    line = door.wait_audit("refused")
    assert (line["reason"], line["close_code"]) == ("client-closed", 4001)
    with door.raw() as raw:
        assert raw.upgrade().status == 101
    door.wait_audit("refused", reason="client-lost")
    with door.raw() as raw:
        assert raw.upgrade().status == 101
        raw.send(b"\xff\xff")
        assert raw.close_frame().payload[:2] == b"\x03\xea"
    door.wait_audit("refused", reason="protocol-error")


def test_upstream_that_is_not_there(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """From the 101 on a refusal is a close frame."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    door = gateway(f"ws://127.0.0.1:{port}", middleware=door_with())
    with door.connect() as client:
        sends(client, door.issue())
        assert client.closing() == (1011, "upstream-unreachable")
    line = door.wait_audit("refused", reason="upstream-unreachable")
    assert line["close_code"] == 1011


def test_subprotocol(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """The client is told one, and the server behind has to take the same one."""
    taken: list[str | None] = ["chat", None]

    def serve(peer: Peer) -> Any:
        offer = peer.field("Sec-WebSocket-Protocol")
        chosen = taken.pop(0)
        peer.switch(*([f"Sec-WebSocket-Protocol: {chosen}"] if chosen else []))
        for frame in peer.messages():
            peer.send(frames.encode(0x1, frame.payload, masked=False))
        return offer

    server = raw_upstream(serve)
    door = gateway(server, middleware=door_with())
    good = door.issue()
    with door.connect(subprotocols=["chat", "other"]) as client:
        sends(client, good)
        client.send("hi")
        assert client.recv() == "hi"
    assert server.result(0) == "chat"
    with door.connect(subprotocols=["chat", "other"]) as client:
        sends(client, good)
        assert client.closing() == (1011, "upstream-invalid-response")


def test_drain(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=door_with())
    with door.connect() as client:
        door.terminate()
        assert client.closing() == (1012, "draining")
    door.wait_audit("refused", reason="draining")


def test_lockout_counts_messages(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=door_with(failures={"rate": "2/1m", "block": "1m"}))
    for _ in range(2):
        with door.connect() as client:
            client.send('{"token": "x"}')
            assert client.closing() == (1008, "token-malformed")
    door.refused("token-failures-exceeded", 429)


def test_descriptors_come_back(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=door_with())
    with door.connect():
        pass
    before = door.descriptors()
    for _ in range(50):
        with door.raw() as raw:
            raw.upgrade()
    wait_until(lambda: door.descriptors() <= before, "descriptors to come back")
