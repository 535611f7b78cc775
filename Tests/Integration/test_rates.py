"""`message_rate` and `byte_rate`: by connection, address and subject, both ways, and what becomes of what exceeds them.

A rate of one an hour gives nothing back while a test lasts, so that what is counted is exact. Where a rate does give
something back, only what no machine is too slow for is looked at: how long it takes at least.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

import frames
from authorization_service import AuthorizationService, says
from client import Client, RawClient
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import PATIENCE
from policy import route, token
from sanitizers import footprint
from upstreams import Peer, Upstream

Messages = list[bytes]

EXCEEDED = (1008, "message-rate-exceeded")


def few(burst: int, **more: Any) -> dict[str, Any]:
    """So many messages, and no more."""
    return {"rate": "1/1h", "burst": burst} | more


def few_bytes(burst: str, **more: Any) -> dict[str, Any]:
    return {"rate": "1B/1h", "burst": burst} | more


def gather(peer: Peer) -> Messages:
    """An upstream that says nothing: the messages that have come, whole ones only."""
    peer.switch()
    messages: Messages = []
    is_open = False
    for frame in peer.messages():
        assert is_open == (frame.opcode == frames.CONTINUATION), "a message begins inside of another, or goes on without one"
        if is_open:
            messages[-1] += frame.payload
        else:
            messages.append(frame.payload)
        is_open = not frame.final
    assert not is_open, "a message without its end"
    return messages


def say(client: RawClient, *parts: str | bytes) -> None:
    """A message in so many fragments, with a ping before the last."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    for index, part in enumerate(encoded):
        is_last = index == len(encoded) - 1
        if is_last and index:
            client.send_frame(frames.PING, b"between")
        client.send_frame(frames.CONTINUATION if index else frames.BINARY, part, final=is_last)


def leave(client: RawClient) -> None:
    client.send(frames.encode_close(1000))
    client.close_frame()


def echo(socket: Client, text: str) -> None:
    socket.send(text)
    assert socket.recv() == "hello:" + text


def hits(door: Gateway, **fields: Any) -> list[dict[str, Any]]:
    return door.wait_audit("closed", **fields)["rules"]


# What becomes of messages


def test_close(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, message_rate=few(3))
    with door.connect() as socket, door.connect() as other:
        for text in "abc":
            echo(socket, text)
        socket.send("d")
        assert socket.closing() == EXCEEDED
        echo(other, "x")
    line = door.wait_audit("closed", reason="message-rate-exceeded")
    assert (line["close_code"], line["closed_by"], line["rule"]) == (1008, "gateway", "message_rate")
    assert line["rules"] == [{"rule": "message_rate", "count": 1, "mode": "enforce"}]
    assert upstream.wait("close")["code"] == 1001


def test_drop_loses_whole_messages(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    server = raw_upstream(gather)
    door = gateway(server, message_rate=few(3, on_exceed="drop"))
    with door.raw() as client, door.raw() as other:
        client.upgrade()
        other.upgrade()
        say(client, "a")
        say(client, "b", "b", "", "b")
        say(client, "c", "c")
        for number in range(19):
            say(client, "d" * number, "", "d" * 50_000)
            if number < 3:
                say(other, str(number))
        leave(client)
        assert server.result(0) == [b"a", b"bbb", b"cc"]
        leave(other)
        assert server.result(1) == [b"0", b"1", b"2"]
    line = door.wait_audit("closed", messages={"from_client": 22, "from_upstream": 0})
    assert line["rules"] == [{"rule": "message_rate", "count": 19, "mode": "enforce"}]
    assert line["reason"] == "client-closed"


def test_drop_while_the_bucket_fills(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """Whatever passes is whole, and in order."""
    server = raw_upstream(gather)
    door = gateway(server, message_rate={"rate": "1/3ms", "burst": 1, "on_exceed": "drop"})
    sent = [f"{number}:".encode() + bytes(number * 7) for number in range(300)]
    with door.raw() as client:
        client.upgrade()
        for message in sent:
            say(client, message[:3], message[3:10], message[10:])
            time.sleep(0.001)
        leave(client)
    passed = server.result()
    assert passed[0] == sent[0]
    places = [sent.index(message) for message in passed]
    assert places == sorted(set(places))


def test_delay_keeps_everything(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, message_rate={"rate": "20/1s", "burst": 5, "on_exceed": "delay"})
    with door.connect(max_queue=None) as socket:
        began = time.monotonic()
        for number in range(25):
            socket.send([f"{number}", ":", "x" * number])
        for number in range(25):
            assert socket.recv() == f"hello:{number}:" + "x" * number
        took = time.monotonic() - began
    assert took >= 19 * 0.05, "more came at once than the burst"
    rule = hits(door)[0]
    assert (rule["rule"], rule["mode"]) == ("message_rate", "enforce")
    assert 1 <= rule["count"] <= 20


def test_delay_holds_nothing_and_costs_nothing(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """Who waits is not read: the gateway neither gathers what it sends nor asks for it again and again."""
    server = raw_upstream(gather)
    door = gateway(server, message_rate=few(1, on_exceed="delay"), timeouts={"close": "1s"})
    with door.raw() as warm:
        warm.upgrade()
        say(warm, bytes(60_000))
        leave(warm)
    with door.raw() as client:
        client.upgrade()
        say(client, "first")
        memory = door.resident_kib()
        client.socket.settimeout(1)
        message = frames.encode(frames.BINARY, bytes(16_000))
        with pytest.raises(TimeoutError):
            # The kernel takes some megabytes.
            for _ in range(2000):
                client.send(message)
        assert door.resident_kib() - memory <= footprint(2048)
        began, cpu = time.monotonic(), door.cpu_seconds()
        time.sleep(1.5)
        assert door.cpu_seconds() - cpu < (time.monotonic() - began) / 3, "a loop that is busy with waiting"


def test_who_waits_can_be_ended(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token()], message_rate=few(1, on_exceed="delay"), timeouts={"close": "1s"})
    with door.connect(token=door.issue("alice")) as socket, door.connect(token=door.issue("bob")) as other:
        echo(socket, "a")
        socket.send("b")
        echo(other, "a")
        other.send("b")
        door.revoke("--subject", "alice")
        assert socket.closing() == (1008, "token-revoked")
        door.terminate()
        assert other.closing() == (1012, "draining")


@pytest.mark.parametrize("sender", ["client", "upstream"])
def test_who_waits_long_may_hang_up(gateway: StartGateway, raw_upstream: StartUpstream, sender: str) -> None:
    """Its time comes in an hour. Until then nobody reads it, and its place is not kept for it."""
    sent = threading.Event()

    def serve(peer: Peer) -> None:
        peer.switch()
        if sender == "upstream":
            for _ in range(3):
                peer.send(frames.encode(frames.BINARY, b"x", masked=False))
            sent.wait(PATIENCE)
        else:
            peer.rest()

    door = gateway(raw_upstream(serve), message_rate=few(1, on_exceed="delay", **{"from": sender}))
    with door.raw() as client:
        client.upgrade()
        if sender == "client":
            for _ in range(3):
                client.send_frame(frames.BINARY, b"x")
        else:
            assert client.frame()
            sent.set()
            assert client.close_frame().code == 1011
    door.wait_audit("closed", reason=f"{sender}-lost")


# Bytes


def test_byte_rate_closes_behind_the_message_that_exceeds_it(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, byte_rate=few_bytes("1KiB"))
    with door.connect() as socket:
        echo(socket, "x" * 1000)
        # The last 24 bytes let it begin.
        echo(socket, "y" * 5000)
        socket.send("")
        assert socket.closing() == (1008, "byte-rate-exceeded")
    line = door.wait_audit("closed", reason="byte-rate-exceeded")
    assert (line["rule"], line["rules"]) == ("byte_rate", [{"rule": "byte_rate", "count": 1, "mode": "enforce"}])


def test_byte_rate_drops(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    server = raw_upstream(gather)
    door = gateway(server, byte_rate=few_bytes("1KiB", on_exceed="drop"))
    with door.raw() as client:
        client.upgrade()
        say(client, bytes(500), bytes(500))
        say(client, bytes(10), bytes(10_000), bytes(10))
        for _ in range(5):
            say(client, b"no", b"more")
        leave(client)
    assert [len(message) for message in server.result()] == [1000, 10_020]
    assert hits(door) == [{"rule": "byte_rate", "count": 5, "mode": "enforce"}]


def test_byte_rate_delays(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, byte_rate={"rate": "100KiB/1s", "burst": "100KiB", "on_exceed": "delay"})
    with door.connect(max_queue=None) as socket:
        began = time.monotonic()
        for number in range(10):
            socket.send(bytes([number]) * 30 * 1024)
        for number in range(10):
            assert socket.recv() == bytes([number]) * 30 * 1024
        took = time.monotonic() - began
    # 100 KiB at once, and the last piece is not waited for: no piece is larger than what is received at once.
    assert took >= (300 - 100 - 64) / 100
    assert hits(door)[0]["rule"] == "byte_rate"


def test_control_frames_cost_nothing(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, message_rate=few(2), byte_rate=few_bytes("2B"))
    with door.connect() as socket:
        for _ in range(50):
            socket.ping("payload of a ping")
        echo(socket, "a")
        echo(socket, "b")
        socket.ping()
        socket.send("c")
        assert socket.closing() == EXCEEDED


# Directions


def pour(count: int) -> Callable[[Peer], frames.Frame | None]:
    """An upstream that sends so many messages, in fragments; what close frame it got."""

    def serve(peer: Peer) -> frames.Frame | None:
        peer.switch()
        for number in range(count):
            part = f"{number}".encode()
            peer.send(
                frames.encode(frames.TEXT, part, final=False, masked=False)
                + frames.encode(frames.CONTINUATION, b"!", masked=False)
            )
        while frame := peer.frame():
            if frame.opcode == frames.CLOSE:
                peer.send(frames.encode(frames.CLOSE, frame.payload, masked=False))
                return frame
        return None

    return serve


def test_upstream_is_closed(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    server = raw_upstream(pour(4))
    door = gateway(server, message_rate=few(3, **{"from": "upstream"}))
    with door.connect() as socket:
        assert [socket.recv() for _ in range(3)] == ["0!", "1!", "2!"]
        assert socket.closing() == EXCEEDED
    frame = server.result()
    assert (frame.code, frame.reason) == EXCEEDED
    assert hits(door) == [{"rule": "message_rate", "count": 1, "mode": "enforce"}]


def test_upstream_loses_messages(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    door = gateway(raw_upstream(pour(50)), message_rate=few(3, on_exceed="drop", **{"from": "upstream"}))
    with door.connect() as socket:
        assert [socket.recv() for _ in range(3)] == ["0!", "1!", "2!"]
    assert hits(door) == [{"rule": "message_rate", "count": 47, "mode": "enforce"}]


def test_upstream_is_delayed(gateway: StartGateway, upstream: Upstream) -> None:
    rate = {"rate": "20/1s", "burst": 5, "on_exceed": "delay", "from": "upstream"}
    door = gateway(upstream, message_rate=rate)
    with door.connect(max_queue=None) as socket:
        began = time.monotonic()
        socket.send("flood:25:100")
        for number in range(25):
            assert socket.recv() == number.to_bytes(4, "big") + bytes(96)
        assert time.monotonic() - began >= 19 * 0.05
        socket.send("the client is not concerned")


def test_both_directions_share_one_bucket(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, message_rate=few(5, **{"from": "both"}))
    with door.connect() as socket:
        echo(socket, "a")
        echo(socket, "b")
        socket.send("c")
        # The answer would be the sixth.
        assert socket.closing() == EXCEEDED
    assert hits(door) == [{"rule": "message_rate", "count": 1, "mode": "enforce"}]


# Whose bucket it is


def test_addresses_share(gateway: StartGateway, upstream: Upstream) -> None:
    """The two sockets are on two workers: a new one goes to the worker that has the fewest."""
    door = gateway(upstream, message_rate=few(4, key="address"))
    with door.connect() as one, door.connect() as two, door.connect(source="127.0.0.2") as other:
        for socket, text in zip([one, two, two, one], "abcd"):
            echo(socket, text)
        two.send("e")
        assert two.closing() == EXCEEDED
        one.send("f")
        assert one.closing() == EXCEEDED
        echo(other, "g")
    with door.connect() as again:
        again.send("h")
        assert again.closing() == EXCEEDED


def test_subjects_share_over_many_sockets(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    server = raw_upstream(gather)
    limits = few(100, key="subject", on_exceed="drop")
    door = gateway(server, middleware=[token()], message_rate=limits)
    tokens = [door.issue("alice") for _ in range(3)]

    def flood(number: int) -> None:
        # Each closes and comes again now and then.
        for _ in range(2):
            with door.raw() as client:
                carried = {"Authorization": f"Bearer {tokens[number % 3]}"}
                client.upgrade(frames.upgrade_request("/echo", **carried))
                for turn in range(50):
                    say(client, f"{number}", f":{turn}")
                leave(client)

    threads = [threading.Thread(target=flood, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    received = [server.result(index) for index in range(16)]
    assert sum(map(len, received)) == 100
    with door.raw() as client:
        client.upgrade(frames.upgrade_request("/echo", Authorization=f"Bearer {door.issue('bob')}"))
        say(client, "mine")
        leave(client)
    assert server.result(16) == [b"mine"]
    lines = [line for line in door.audit.so_far() if line["event"] == "closed" and line["subject"] == "alice"]
    assert sum(hit["count"] for line in lines for hit in line.get("rules", [])) == 700


def test_a_subject_that_a_service_names(gateway: StartGateway, upstream: Upstream) -> None:
    with AuthorizationService(says(204, X_User="alice")) as service:
        entry = {"authorize": {"url": service.url, "copy_response_headers": ["X-User"], "subject_header": "X-User"}}
        door = gateway(upstream, middleware=[entry], message_rate=few(2, key="subject"))
        with door.connect() as one, door.connect(source="127.0.0.2") as two:
            echo(one, "a")
            echo(two, "b")
            one.send("c")
            assert one.closing() == EXCEEDED


def test_several_rates(gateway: StartGateway, upstream: Upstream) -> None:
    limits = [few(3, on_exceed="drop"), few(5, key="address")]
    shadows = [few_bytes("1MiB", mode="shadow"), few_bytes("2B", mode="shadow")]
    door = gateway(upstream, message_rate=limits, byte_rate=shadows)
    with door.connect() as one, door.connect() as two:
        for text in "abc":
            echo(one, text)
        for _ in range(10):
            one.send("dropped")
        one.ping()
        echo(two, "d")
        echo(two, "e")
        two.send("f")
        assert two.closing() == EXCEEDED
        one.close()
    closing = door.wait_audit("closed", reason="message-rate-exceeded")
    assert closing["rule"] == "message_rate[2]"
    assert hits(door, reason="client-closed") == [
        {"rule": "message_rate", "count": 10, "mode": "enforce"},
        {"rule": "byte_rate[2]", "count": 1, "mode": "shadow"},
    ]


@pytest.mark.parametrize("on_exceed", ["close", "drop", "delay"])
def test_shadow(gateway: StartGateway, upstream: Upstream, on_exceed: str) -> None:
    more = {"mode": "shadow", "on_exceed": on_exceed}
    door = gateway(upstream, message_rate=few(2, **more), byte_rate=few_bytes("3B", **more))
    with door.connect() as socket:
        for text in ["ab", "cd", "ef", "gh"]:
            echo(socket, text)
    assert hits(door) == [
        {"rule": "message_rate", "count": 2, "mode": "shadow"},
        {"rule": "byte_rate", "count": 2, "mode": "shadow"},
    ]


# Reloads


def test_reload_goes_on_with_the_bucket(gateway: StartGateway, upstream: Upstream) -> None:
    limits = few(4, key="address")
    door = gateway(upstream, message_rate=limits)
    with ExitStack() as opened:
        before = opened.enter_context(door.connect())
        echo(before, "a")
        gone = opened.enter_context(door.connect())
        echo(gone, "b")
        gone.close()
        # Another route beside it, another place in its list, another word for what becomes of it.
        rates = [few(1000), limits | {"on_exceed": "drop"}]
        policy = door.policy | {"routes": [route("other"), route(message_rate=rates)]}
        door.reload(policy)
        after = opened.enter_context(door.connect())
        echo(after, "c")
        echo(before, "d")
        after.send("dropped")
        after.ping()
        before.send("f")
        assert before.closing() == EXCEEDED
        # Another rate is another bucket.
        door.reload(door.policy | {"routes": [route(message_rate=few(1, key="address"))]})
        fresh = opened.enter_context(door.connect())
        echo(fresh, "g")
        fresh.send("h")
        assert fresh.closing() == EXCEEDED
        after.close()
    assert hits(door, reason="client-closed", messages={"from_client": 2, "from_upstream": 1}) == [
        {"rule": "message_rate[2]", "count": 1, "mode": "enforce"}
    ]
