"""Deadlines of live connections. They are short here, and nothing is asserted about how long they took."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

import pytest

import frames
from conftest import StartGateway, StartUpstream
from lines import PATIENCE
from upstreams import Peer, Upstream


def test_idle(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, timeouts={"idle": "1s"})
    with door.connect() as socket:
        assert socket.closing() == (1008, "idle-timeout")
    line = door.wait_audit("closed")
    assert (line["reason"], line["close_code"], line["closed_by"]) == ("idle-timeout", 1008, "gateway")
    upstream.wait("close")


def test_messages_keep_a_connection_from_being_idle(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream, timeouts={"idle": "2s"}).connect() as socket:
        for number in range(4):
            socket.send(str(number))
            assert socket.recv() == f"hello:{number}"
            # Longer than the deadline all together.
            socket.ping()
            try:
                socket.recv(timeout=0.7)
            except TimeoutError:
                pass


def test_pings_alone_do_not(gateway: StartGateway, upstream: Upstream) -> None:
    """Without a data frame either way: a client that answers pings is idle all the same."""
    with gateway(upstream, timeouts={"idle": "1s", "ping_interval": "200ms"}).connect() as socket:
        assert socket.closing() == (1008, "idle-timeout")


def test_lifetime(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, timeouts={"lifetime": "1s"})
    with door.connect() as socket:
        assert socket.closing() == (1008, "lifetime-exceeded")
    assert door.wait_audit("closed")["reason"] == "lifetime-exceeded"


def test_pong(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, timeouts={"ping_interval": "300ms", "pong_timeout": "300ms"})
    with door.raw() as client:
        client.upgrade()
        ping = client.frame()
        assert ping and ping.opcode == frames.PING
        frame = client.close_frame()
        assert (frame.code, frame.reason) == (1008, "pong-timeout")
    assert door.wait_audit("closed")["reason"] == "pong-timeout"


def test_answered_pings_keep_a_connection(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, timeouts={"ping_interval": "300ms", "pong_timeout": "300ms"})
    with door.raw() as client:
        client.upgrade()
        for _ in range(4):
            ping = client.frame()
            assert ping and ping.opcode == frames.PING
            client.send_frame(frames.PONG, ping.payload)
        client.send_frame(frames.TEXT, b"still here")
        frame = client.frame()
        while frame and frame.opcode == frames.PING:
            client.send_frame(frames.PONG, frame.payload)
            frame = client.frame()
        assert frame == frames.Frame(frames.TEXT, b"hello:still here")


def test_client_that_stops_reading(gateway: StartGateway, upstream: Upstream) -> None:
    """H22: it is gone by a deadline, with all that was queued for it."""
    door = gateway(upstream, timeouts={"ping_interval": "500ms", "pong_timeout": "500ms", "close": "500ms"})
    with door.raw(receive_buffer=65_536) as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"flood:1000:60000")
        assert door.wait_audit("closed")["reason"] in ("write-timeout", "pong-timeout")
    upstream.wait("close")


def pongs(peer: Peer) -> None:
    """Answers pings until the connection goes, whatever else it does."""
    with contextlib.suppress(OSError, ValueError, EOFError):
        while frame := peer.frame():
            if frame.opcode == frames.PING:
                peer.send(frames.encode(frames.PONG, frame.payload, masked=False))


def test_client_that_reads_slowly(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """The upstream is not read meanwhile for longer than it may be silent. Neither of them is given up."""
    count = 120

    def flood(peer: Peer) -> None:
        peer.switch()
        threading.Thread(target=pongs, args=[peer], daemon=True).start()
        message = frames.encode(frames.BINARY, bytes(60_000), masked=False)
        for _ in range(count):
            peer.send(message)
        peer.socket.recv(1, socket.MSG_PEEK)

    door = gateway(raw_upstream(flood), timeouts={"ping_interval": "500ms", "pong_timeout": "500ms"})
    with door.raw(receive_buffer=65_536) as client:
        client.upgrade()
        received = 0
        while received < count:
            frame = client.frame()
            assert frame and frame.opcode in (frames.BINARY, frames.PING), frame
            if frame.opcode == frames.PING:
                client.send_frame(frames.PONG, frame.payload)
            else:
                received += 1
                time.sleep(0.05)


def test_upstream_that_stops_reading(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """It is given up, although it still sends; the client, which is held back for it, is not the one to blame."""

    def deaf(peer: Peer) -> None:
        peer.switch()
        while True:
            peer.send(frames.encode(frames.TEXT, b"alive", masked=False))
            time.sleep(0.1)

    door = gateway(raw_upstream(deaf), timeouts={"ping_interval": "500ms", "pong_timeout": "500ms", "close": "500ms"})
    with door.raw() as client:
        client.upgrade()
        client.socket.settimeout(0.5)
        with pytest.raises(OSError):
            while True:
                client.send_frame(frames.BINARY, bytes(60_000))
        client.socket.settimeout(PATIENCE)
        assert door.wait_audit("closed")["reason"] == "upstream-lost"


@pytest.mark.parametrize("slow", ["client", "upstream"])
def test_a_slow_frame_is_no_silence_of_its_receiver(
    gateway: StartGateway, raw_upstream: StartUpstream, slow: str
) -> None:
    """Inside a frame no ping can be sent, and whom none was sent owes no pong, for as long as it takes."""
    payload = bytes(200_000)

    def trickle(send: Callable[[bytes], None], masked: bool) -> None:
        data = frames.encode(frames.BINARY, payload, masked=masked)
        for place in range(0, len(data), 10_000):
            send(data[place : place + 10_000])
            # Three seconds for the frame, ten times as long as a pong may take.
            time.sleep(0.15)

    def serve(peer: Peer) -> bytes:
        peer.switch()
        if slow == "upstream":
            trickle(peer.send, masked=False)
        return next(peer.messages()).payload

    server = raw_upstream(serve)
    timeouts = {"ping_interval": "300ms", "pong_timeout": "300ms"}
    door = gateway(server, limits={"message_bytes": "1MiB"}, timeouts=timeouts)
    with door.raw() as client:
        client.upgrade()
        if slow == "client":
            trickle(client.send, masked=True)
        else:
            while (frame := client.frame()) and frame.opcode == frames.PING:
                client.send_frame(frames.PONG, frame.payload)
            assert frame and frame.payload == payload
            client.send_frame(frames.BINARY, payload)
        assert server.result() == payload
