"""A close handshake that is under way when the gateway has a reason of its own to end the connection."""

import contextlib
import threading
import time
from typing import Any

import pytest

import frames
from admin import Admin
from conftest import StartGateway, StartUpstream
from lines import PATIENCE
from policy import token
from upstreams import Peer

SECRET = {"name": "secret", "when": {"text": {"contains": "secret"}}, "do": "close"}

LAST_WORDS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "a rule": (b"secret", {"messages": [SECRET | {"from": "both"}]}),
    "too big": (b"x" * 2000, {"limits": {"message_bytes": "1KiB"}}),
    "rate": (b"x", {"message_rate": {"rate": "1/1h", "burst": 1}}),
    "not UTF-8": (b"\xff", {}),
    "not JSON": (b"words", {"messages": [{"name": "x", "from": "both", "do": {"remove": {"pointer": "/a"}}}]}),
}
"""What the side that has not closed yet sends before its answer, and the policy that refuses it."""


@pytest.mark.parametrize("name", LAST_WORDS)
def test_upstreams_last_words_are_refused(gateway: StartGateway, raw_upstream: StartUpstream, name: str) -> None:
    """The client that closed gets its own code back, and none of what was refused."""
    words, policy = LAST_WORDS[name]

    def serve(peer: Peer) -> None:
        peer.switch()
        closed = peer.frame()
        assert closed and closed.opcode == frames.CLOSE
        last = frames.encode(frames.TEXT, words, masked=False) * 2
        peer.send(last + frames.encode(frames.CLOSE, closed.payload, masked=False))
        peer.rest()

    door = gateway(raw_upstream(serve), **policy)
    with door.raw() as client:
        client.upgrade()
        client.send(frames.encode_close(4001, "bye"))
        while (frame := client.frame()) and frame.opcode != frames.CLOSE:
            assert frame.payload != words or name == "rate"
        assert frame and frame.code == 4001
        assert client.is_ended()
    line = door.wait_audit("closed")
    assert (line["closed_by"], line["close_code"], line["reason"]) == ("client", 4001, "client-closed")


@pytest.mark.parametrize("name", LAST_WORDS)
def test_clients_last_words_are_refused(gateway: StartGateway, raw_upstream: StartUpstream, name: str) -> None:
    """The upstream that closed gets its own code back."""
    words, policy = LAST_WORDS[name]

    def serve(peer: Peer) -> tuple[list[bytes], int | None]:
        peer.switch()
        peer.send(frames.encode_close(4002, "enough", masked=False))
        seen = []
        while (frame := peer.frame()) and frame.opcode != frames.CLOSE:
            seen.append(frame.payload)
        return seen, frame.code if frame else None

    server = raw_upstream(serve)
    door = gateway(server, **policy)
    with door.raw() as client:
        client.upgrade()
        frame = client.frame()
        assert frame and (frame.opcode, frame.code) == (frames.CLOSE, 4002)
        client.send(frames.encode(frames.TEXT, words) * 2 + frames.encode(frames.CLOSE, frame.payload))
        assert client.is_ended()
    seen, code = server.result()
    assert code == 4002
    assert words not in seen or name == "rate"
    line = door.wait_audit("closed")
    assert (line["closed_by"], line["close_code"]) == ("upstream", 4002)


def talks_on(peer: Peer) -> None:
    """Answers no close frame, and goes on sending."""
    peer.switch()
    try:
        while True:
            peer.send(frames.encode(frames.TEXT, b"tick", masked=False))
            time.sleep(0.05)
    except OSError:
        pass


@pytest.mark.parametrize("end", ["revoked", "expired", "operator", "policy"])
def test_who_may_stay_no_longer_is_not_waited_for(
    gateway: StartGateway, raw_upstream: StartUpstream, end: str
) -> None:
    """H37: a client that has closed, and whose upstream goes on sending, gets nothing more once it may not be there."""
    door = gateway(raw_upstream(talks_on), middleware=[token()], timeouts={"close": "1h"})
    carried = door.issue("alice", None, *(["--ttl", "2s"] if end == "expired" else []))
    with door.raw() as client:
        client.upgrade(frames.upgrade_request(Authorization=f"Bearer {carried}"))
        client.send(frames.encode_close(4001, "bye"))
        for _ in range(10):
            frame = client.frame()
            assert frame and frame.payload == b"tick"
        match end:
            case "revoked":
                door.revoke("--subject", "alice")
            case "operator":
                assert Admin(door).post("/connections/close", {"all": True, "over": "0s"})["closed"] == 1
            case "policy":
                route = door.policy["routes"][0] | {"middleware": [token(), {"ip_filter": {"deny": ["127.0.0.0/8"]}}]}
                door.reload(door.policy | {"routes": [route]})
        while (frame := client.frame()) and frame.opcode != frames.CLOSE:
            assert frame.payload == b"tick"
        assert frame and frame.code == 4001
        assert client.is_ended()
    assert door.wait_audit("closed")["reason"] == "client-closed"


def test_a_flood_behind_a_mistake_takes_nothing_of_the_other_side(
    gateway: StartGateway, raw_upstream: StartUpstream
) -> None:
    """An upstream goes on sending behind its mistake: the client, which is slow, gets all that came before it, and the end."""
    # More than the kernel takes for a client that does not read (about 3 MB), and the rest less than may be queued.
    count = 200

    def serve(peer: Peer) -> None:
        peer.switch()
        assert next(peer.messages())
        with contextlib.suppress(OSError):
            peer.send(frames.encode(frames.BINARY, b"g" * 20_000, masked=False) * count)
            peer.socket.settimeout(1)
            flood = frames.encode(frames.BINARY, b"b" * 64_000_000, masked=False)
            try:
                peer.socket.sendall(flood)
            except TimeoutError:
                stopped.set()
            peer.socket.settimeout(PATIENCE)
            peer.rest()

    stopped = threading.Event()
    limits = {"message_bytes": "64KiB", "buffered_bytes": "2MiB"}
    door = gateway(raw_upstream(serve), limits=limits, timeouts={"close": "20s"})
    with door.raw(receive_buffer=8192) as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"go")
        # What is held up meanwhile is what would be lost: the upstream has been stopped in the middle of its flood.
        stopped.wait(PATIENCE)
        seen = 0
        while (frame := client.frame()) and frame.opcode == frames.BINARY:
            seen += 1
        assert (seen, frame and frame.code) == (count, 1001)
