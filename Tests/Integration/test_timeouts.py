"""Deadlines of live connections. They are short here, and nothing is asserted about how long they took."""

import frames
from conftest import StartGateway
from upstreams import Upstream


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
