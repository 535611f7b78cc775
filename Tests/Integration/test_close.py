"""How connections end: close frames both ways, lost peers, and what is not allowed in a frame."""

import struct

import pytest

import frames
from conftest import StartGateway, StartUpstream
from sanitizers import MEMORY
from upstreams import Peer, Upstream


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "away"), (3000, "é" * 61), (4000, "bye"), (4999, "x")])
def test_clients_close_arrives_unchanged(gateway: StartGateway, upstream: Upstream, code: int, reason: str) -> None:
    door = gateway(upstream)
    door.connect().close(code, reason)
    assert upstream.wait("close")["code"] == code
    assert upstream.wait("close")["reason"] == reason
    line = door.wait_audit("closed")
    assert (line["close_code"], line["closed_by"]) == (code, "client")


@pytest.mark.parametrize(("code", "reason"), [(1000, "done"), (1001, ""), (1011, "broken"), (4001, "a: reason, of it")])
def test_upstreams_close_arrives_unchanged(gateway: StartGateway, upstream: Upstream, code: int, reason: str) -> None:
    door = gateway(upstream)
    with door.connect() as socket:
        socket.send(f"close:{code}:{reason}")
        assert socket.closing() == (code, reason)
    line = door.wait_audit("closed")
    assert (line["close_code"], line["closed_by"]) == (code, "upstream")


def test_close_without_a_code_stays_without_one(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).raw() as client:
        client.upgrade()
        client.send_frame(frames.CLOSE)
        assert upstream.wait("close")["code"] == 1005
        assert client.close_frame().payload == b""
        assert client.is_ended()


def test_messages_before_a_close_arrive(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).connect() as socket:
        socket.send("flood:20:60000")
        socket.send("close:4003:after the flood")
        for number in range(20):
            assert socket.recv()[:4] == struct.pack("!I", number)
        assert socket.closing() == (4003, "after the flood")


def test_upstream_that_ends_without_a_close_frame(gateway: StartGateway, upstream: Upstream) -> None:
    """H27."""
    door = gateway(upstream)
    with door.connect() as socket:
        socket.send("die")
        assert socket.closing()[0] == 1011
    line = door.wait_audit("closed")
    assert (line["close_code"], line["closed_by"], line["reason"]) == (1011, "upstream", "upstream-lost")


def test_upstream_whose_process_is_killed(gateway: StartGateway, upstream: Upstream) -> None:
    """H27."""
    with gateway(upstream).connect() as socket:
        socket.send("hi")
        assert socket.recv() == "hello:hi"
        upstream.kill()
        assert socket.closing()[0] == 1011


def test_client_that_ends_without_a_close_frame(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    with door.raw() as client:
        client.upgrade()
        upstream.wait("open")
    upstream.wait("close")
    line = door.wait_audit("closed")
    assert (line["closed_by"], line["reason"]) == ("client", "client-lost")


def test_client_that_ignores_a_close(gateway: StartGateway, upstream: Upstream) -> None:
    """H24: gone within the close deadline."""
    with gateway(upstream, timeouts={"close": "1s"}).raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"close:4001:go")
        assert client.close_frame().code == 4001
        assert client.is_ended()


def test_upstream_that_ignores_a_close(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H24, the other side."""

    def serve(peer: Peer) -> int | None:
        peer.switch()
        frame = peer.frame()
        peer.rest()
        return frame.code if frame else None

    server = raw_upstream(serve)
    with gateway(server, timeouts={"close": "1s"}).raw() as client:
        client.upgrade()
        client.send(frames.encode_close(4000))
        client.close_frame()
        assert client.is_ended()
    assert server.result() == 4000


# What a client may not send. Each is one frame or more, and the code that answers it.

PROTOCOL_ERRORS = {
    "unmasked": frames.encode(frames.TEXT, b"secret payload", masked=False),
    "reserved bit 1": frames.encode(frames.TEXT, b"secret payload", reserved=4),
    "reserved bit 2": frames.encode(frames.TEXT, b"secret payload", reserved=2),
    "reserved bit 3": frames.encode(frames.TEXT, b"secret payload", reserved=1),
    "reserved data opcode": frames.encode(3, b"secret payload"),
    "reserved control opcode": frames.encode(11, b"secret payload"),
    "fragmented ping": frames.encode(frames.PING, b"secret payload", final=False),
    "long ping": frames.encode(frames.PING, bytes(126)),
    "continuation without a start": frames.encode(frames.CONTINUATION, b"secret payload"),
    "length 5 in 16 bits": b"\x82\xfe\x00\x05" + bytes(9),
    "length 5 in 64 bits": b"\x82\xff" + (5).to_bytes(8, "big") + bytes(9),
    "length with its top bit set": b"\x82\xff\x80" + bytes(7) + bytes(4),
    "close of one byte": frames.encode(frames.CLOSE, b"\x03"),
    "close with 1005": frames.encode_close(1005),
    "close with 1006": frames.encode_close(1006),
    "close with 1015": frames.encode_close(1015),
    "close with 999": frames.encode_close(999),
    "close with 5000": frames.encode_close(5000),
}


@pytest.mark.parametrize("name", PROTOCOL_ERRORS)
def test_protocol_errors_of_a_client(gateway: StartGateway, raw_upstream: StartUpstream, name: str) -> None:
    """H15 and H19: 1002, and nothing of it goes to the upstream."""

    def serve(peer: Peer) -> bytes:
        peer.switch()
        return b"".join(frame.payload for frame in peer.messages())

    server = raw_upstream(serve)
    door = gateway(server)
    with door.raw() as client:
        client.upgrade()
        client.send(PROTOCOL_ERRORS[name])
        assert client.close_frame().code == 1002
        assert client.is_ended()
    assert server.result() == b""
    line = door.wait_audit("closed")
    assert (line["close_code"], line["closed_by"], line["reason"]) == (1002, "gateway", "protocol-error")


def test_start_inside_a_message(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"one", final=False)
        client.send_frame(frames.TEXT, b"two")
        assert client.close_frame().code == 1002


INVALID_TEXT = {
    "lone continuation byte": [b"\x80"],
    "overlong slash": [b"\xc0\xaf"],
    "surrogate": [b"\xed\xa0\x80"],
    "over U+10FFFF": [b"\xf4\x90\x80\x80"],
    "cut short": [b"abc\xe2\x82"],
    "across fragments": [b"fine", b"\xe2", b"\x28\xa1"],
}


@pytest.mark.parametrize("name", INVALID_TEXT)
def test_text_that_is_not_utf8(gateway: StartGateway, upstream: Upstream, name: str) -> None:
    """H20: 1007."""
    door = gateway(upstream)
    parts = INVALID_TEXT[name]
    with door.raw() as client:
        client.upgrade()
        for index, part in enumerate(parts):
            client.send_frame(frames.CONTINUATION if index else frames.TEXT, part, final=index == len(parts) - 1)
        assert client.close_frame().code == 1007
    assert door.wait_audit("closed")["reason"] == "invalid-text"


def test_bad_utf8_is_found_before_the_message_ends(gateway: StartGateway, upstream: Upstream) -> None:
    """H20: at the first bad byte."""
    with gateway(upstream).raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"good \xff bad", final=False)
        assert client.close_frame().code == 1007


def test_close_reason_that_is_not_utf8(gateway: StartGateway, upstream: Upstream) -> None:
    """H20."""
    with gateway(upstream).raw() as client:
        client.upgrade()
        client.send_frame(frames.CLOSE, b"\x03\xe8\xff")
        assert client.close_frame().code == 1007


def test_message_of_exactly_the_limit(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream, limits={"message_bytes": "1KiB"}).connect() as socket:
        socket.send(bytes(1024))
        assert socket.recv() == bytes(1024)


def test_clients_message_over_the_limit(gateway: StartGateway, upstream: Upstream) -> None:
    """1009 to its sender; the other side gets 1001."""
    with gateway(upstream, limits={"message_bytes": "1KiB"}).connect() as socket:
        socket.send(bytes(1025))
        assert socket.closing()[0] == 1009
    assert upstream.wait("close")["code"] == 1001


def test_upstreams_message_over_the_limit(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream, limits={"message_bytes": "1KiB"}).connect() as socket:
        socket.send("flood:1:1025")
        assert socket.closing()[0] == 1001
    assert upstream.wait("close")["code"] == 1009


def test_fragments_together_over_the_limit(gateway: StartGateway, upstream: Upstream) -> None:
    """H17."""
    with gateway(upstream, limits={"message_bytes": "1KiB"}).raw() as client:
        client.upgrade()
        client.send_frame(frames.BINARY, bytes(1000), final=False)
        client.send_frame(frames.CONTINUATION, bytes(25))
        assert client.close_frame().code == 1009


def test_too_many_fragments(gateway: StartGateway, upstream: Upstream) -> None:
    """H17: empty ones count."""
    with gateway(upstream, limits={"fragments": 4}).raw() as client:
        client.upgrade()
        client.send_frame(frames.BINARY, final=False)
        for _ in range(4):
            client.send_frame(frames.CONTINUATION, final=False)
        assert client.close_frame().code == 1009


def test_declared_length_is_refused_from_the_header(gateway: StartGateway, upstream: Upstream) -> None:
    """H16: a frame of 4 GiB, of which no byte of payload is sent: 1009, without a buffer for it."""
    door = gateway(upstream)
    with door.raw() as client:
        client.upgrade()
        before = door.resident_kib()
        client.send(b"\x82\xff" + (4 << 30).to_bytes(8, "big") + bytes(4))
        assert client.close_frame().code == 1009
        assert door.resident_kib() - before < 1024 * MEMORY
    assert upstream.wait("close")["code"] == 1001
    assert door.wait_audit("closed")["reason"] == "message-too-big"
