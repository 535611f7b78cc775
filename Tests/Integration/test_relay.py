"""Messages through the gateway, both ways."""

import asyncio
import json
import select
import threading

import pytest

import frames
from client import Client
from conftest import StartGateway, StartUpstream
from lines import PATIENCE, wait_until
from pour import Pour
from sanitizers import MEMORY, SLOWNESS
from upstreams import Peer, Upstream

SIZES = [1, 125, 126, 127, 65_535, 65_536, 1 << 20]
ROOMY = {"message_bytes": "2MiB"}
MEBIBYTE = 1 << 20


@pytest.mark.parametrize("size", SIZES)
def test_text_of_every_length_form(gateway: StartGateway, upstream: Upstream, size: int) -> None:
    text = ("aé€😀" * size).encode()[:size].decode(errors="ignore") or "a"
    with gateway(upstream, limits=ROOMY).connect() as socket:
        socket.send(text)
        assert socket.recv() == "hello:" + text


@pytest.mark.parametrize("size", [0, *SIZES])
def test_binary_of_every_length_form(gateway: StartGateway, upstream: Upstream, size: int) -> None:
    data = bytes(index * 7 % 251 for index in range(size))
    with gateway(upstream, limits=ROOMY).connect() as socket:
        socket.send(data)
        assert socket.recv() == data


def test_aiohttp_client(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, limits=ROOMY)

    async def talk() -> None:
        async with door.aiohttp() as session, session.ws_connect(door.url()) as socket:
            await socket.send_str("from aiohttp")
            assert await socket.receive_str(timeout=PATIENCE) == "hello:from aiohttp"
            await socket.send_bytes(bytes(MEBIBYTE))
            assert await socket.receive_bytes(timeout=PATIENCE) == bytes(MEBIBYTE)
            await socket.close(code=4002, message=b"done")

    asyncio.run(talk())
    assert upstream.wait("close", code=4002)["reason"] == "done"


def test_offered_compression_is_stripped(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).connect(compression="deflate") as socket:
        assert not socket.connection.protocol.extensions
        assert "sec-websocket-extensions" not in upstream.wait("open")["headers"]


def test_fragments_from_the_client(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).connect() as socket:
        socket.send(iter(["one ", "two ", "", "three"]))
        assert socket.recv() == "hello:one two three"


def test_fragments_from_the_upstream(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).connect() as socket:
        socket.send("fragment:one |two |three")
        assert socket.recv() == "one two three"


def test_character_split_across_fragments(gateway: StartGateway, upstream: Upstream) -> None:
    euro = "€".encode()
    with gateway(upstream).raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, euro[:1], final=False)
        client.send_frame(frames.CONTINUATION, euro[1:2], final=False)
        client.send_frame(frames.CONTINUATION, euro[2:])
        assert client.frame() == frames.Frame(frames.TEXT, "hello:€".encode())


def test_ping_between_fragments(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"one ", final=False)
        client.send_frame(frames.PING, b"between")
        client.send_frame(frames.CONTINUATION, b"two")
        answers = [client.frame(), client.frame()]
        assert frames.Frame(frames.PONG, b"between") in answers
        assert frames.Frame(frames.TEXT, b"hello:one two") in answers


def test_a_byte_at_a_time(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).raw() as client:
        for byte in frames.upgrade_request():
            client.send(bytes([byte]))
        assert client.head().status == 101
        for byte in frames.encode(frames.TEXT, b"slowly"):
            client.send(bytes([byte]))
        assert client.frame() == frames.Frame(frames.TEXT, b"hello:slowly")


def test_many_messages_arrive_in_order(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).connect(max_queue=None) as socket:
        for number in range(2_000):
            socket.send(str(number))
        for number in range(2_000):
            assert socket.recv() == f"hello:{number}"


def test_many_frames_in_one_write(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).raw() as client:
        client.upgrade()
        client.send(b"".join(frames.encode(frames.TEXT, b"%d" % number) for number in range(1_000)))
        for number in range(1_000):
            assert client.frame() == frames.Frame(frames.TEXT, b"hello:%d" % number)


def test_pings_are_answered(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).connect() as socket:
        socket.ping("are you there")
        socket.send("ping:and you")
        assert upstream.wait("pong")["text"] == "and you"


def test_ten_pings_have_ten_pongs(gateway: StartGateway, upstream: Upstream) -> None:
    """H21, of a client that reads."""
    with gateway(upstream).raw() as client:
        client.upgrade()
        for number in range(10):
            client.send_frame(frames.PING, b"%d" % number)
            assert client.frame() == frames.Frame(frames.PONG, b"%d" % number)


def test_frames_to_the_upstream_have_fresh_masks(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """RFC 6455 section 5.3: each frame toward the upstream has a mask of its own, not the client's."""

    def collect(peer: Peer) -> list[frames.Frame | None]:
        peer.switch()
        return [peer.frame() for _ in range(8)]

    server = raw_upstream(collect)
    with gateway(server).raw() as client:
        client.upgrade()
        for _ in range(8):
            # A masking key of zero: the payload goes out as it is.
            client.send(b"\x81\x84\x00\x00\x00\x00same")
        seen = server.result()
    assert [frame.payload for frame in seen] == [b"same"] * 8
    assert all(frame.masked for frame in seen)
    assert len({frame.key for frame in seen}) == 8


def test_bytes_behind_the_request_wait_for_the_101(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H6: they are sent on after a verified 101, never before."""

    def serve(peer: Peer) -> tuple[bool, bytes]:
        early = bool(select.select([peer.socket], [], [], 0.3)[0])
        peer.switch()
        frame = peer.frame()
        return early, frame.payload if frame else b""

    server = raw_upstream(serve)
    with gateway(server).raw() as client:
        client.send(frames.upgrade_request() + frames.encode(frames.TEXT, b"early"))
        assert client.head().status == 101
        assert server.result() == (False, b"early")


def test_message_right_behind_the_upstreams_101(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    def serve(peer: Peer) -> list[frames.Frame]:
        accept = frames.accept_for(peer.field("Sec-WebSocket-Key") or "")
        head = f"HTTP/1.1 101 Go\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        peer.send(head.encode() + frames.encode(frames.TEXT, b"first", masked=False))
        return list(peer.messages())

    with gateway(raw_upstream(serve)).connect() as socket:
        assert socket.recv() == "first"


def test_500_connections_at_once(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)

    async def talk() -> None:
        gate = asyncio.Semaphore(50)

        async def one() -> object:
            async with gate:
                return await door.connect_async()

        sockets = await asyncio.gather(*(one() for _ in range(500)))
        await asyncio.gather(*(socket.send(str(number)) for number, socket in enumerate(sockets)))
        answers = await asyncio.gather(*(socket.recv() for socket in sockets))
        assert answers == [f"hello:{number}" for number in range(500)]
        assert upstream.count("open", 500) == 500
        await asyncio.gather(*(socket.close() for socket in sockets))

    asyncio.run(asyncio.wait_for(talk(), 50 * SLOWNESS))


def check_memory(before: int, now: int) -> None:
    """What lies in the kernel's socket buffers is not the gateway's, and not counted here."""
    assert now - before < 4 * 1024 * MEMORY, f"resident memory grew from {before} to {now} KiB"


def test_slow_client_holds_the_upstream_back(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H22: what a client does not read is not kept in the gateway's memory, and none of it is lost."""
    pour = Pour(masked=False)

    def serve(peer: Peer) -> None:
        peer.switch()
        peer.frame()
        pour.run(peer.socket)
        peer.rest()

    door = gateway(raw_upstream(serve))
    with door.raw(receive_buffer=65_536) as client:
        client.upgrade()
        before = door.resident_kib()
        client.send_frame(frames.TEXT, b"go")
        assert pour.stalled.wait(PATIENCE), "the upstream was never held back"
        check_memory(before, door.resident_kib())
        for number in range(pour.count):
            pour.check(number, client.frame())


def test_slow_upstream_holds_the_client_back(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H22, the other way."""
    pour = Pour(masked=True)

    def serve(peer: Peer) -> None:
        peer.switch()
        assert pour.stalled.wait(PATIENCE), "the client was never held back"
        for number in range(pour.count):
            pour.check(number, peer.frame())

    server = raw_upstream(serve)
    door = gateway(server)
    with door.raw() as client:
        client.upgrade()
        before = door.resident_kib()
        writer = threading.Thread(target=pour.run, args=[client.socket], daemon=True)
        writer.start()
        assert pour.stalled.wait(PATIENCE), "the client was never held back"
        check_memory(before, door.resident_kib())
        writer.join(PATIENCE)
        assert not writer.is_alive()
        server.result()


def test_connections_do_not_mix(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    sockets: list[Client] = [door.connect(f"/echo?n={number}") for number in range(10)]
    for number, socket in reversed(list(enumerate(sockets))):
        socket.send("headers")
        assert json.loads(socket.recv())["url"] == f"/echo?n={number}"
    for socket in sockets:
        socket.close()


def test_abrupt_ends_leave_nothing_behind(gateway: StartGateway, upstream: Upstream) -> None:
    """H25: no descriptor more than before."""
    door = gateway(upstream)
    with door.connect() as socket:
        before = door.descriptors()
        for _ in range(100):
            client = door.raw()
            client.upgrade()
            client.close()
        wait_until(lambda: door.descriptors() <= before, "the descriptors are back")
        socket.send("still here")
        assert socket.recv() == "hello:still here"


def test_two_frameworks_at_once(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)

    async def talk() -> None:
        async with door.aiohttp() as session, session.ws_connect(door.url()) as one, door.connect_async() as two:
            await one.send_str("one")
            await two.send("two")
            assert (await one.receive()).data == "hello:one"
            assert await two.recv() == "hello:two"

    asyncio.run(talk())
