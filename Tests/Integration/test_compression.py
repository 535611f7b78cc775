"""permessage-deflate (RFC 7692): stripped, passed through, and ended by the gateway on either side."""

import asyncio
import contextlib
import json
import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp.web
import pytest
import websockets.asyncio.server
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)

import frames
from client import LOOP, RawClient
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import PATIENCE
from policy import token
from sanitizers import SLOWNESS, footprint
from upstreams import Peer, Upstream

COMPRESSED = 4
"""RSV1 among the three bits."""
INSPECT = {"mode": "inspect"}
KEEPING = {"mode": "inspect", "context_takeover": True}
NEVER = {"name": "never", "from": "both", "when": {"text": {"contains": "no message holds this"}}, "do": "drop"}
TEXT = "one portcullis, two portcullises; " * 30

StartServer = Callable[..., str]


@pytest.fixture
def server() -> Iterator[StartServer]:
    """Starts echo servers of the `websockets` library, with such an extension as keywords say, or none; their URLs."""
    with contextlib.ExitStack() as started:

        def start(*, deflate: bool = True, **parameters: Any) -> str:
            async def serve() -> websockets.asyncio.server.Server:
                async def echo(connection: websockets.asyncio.server.ServerConnection) -> None:
                    async for message in connection:
                        await connection.send(message)

                extensions = [ServerPerMessageDeflateFactory(**parameters)] if deflate else None
                return await websockets.asyncio.server.serve(
                    echo, "127.0.0.1", 0, compression=None, extensions=extensions, max_size=None
                )

            server = LOOP.run(serve())

            async def end() -> None:
                server.close()
                await server.wait_closed()

            started.callback(lambda: LOOP.run(end()))
            return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


def client_options(deflate: bool = True, **parameters: Any) -> dict[str, Any]:
    extensions = [ClientPerMessageDeflateFactory(**parameters)] if deflate else None
    return {"compression": None, "extensions": extensions}


def agreed(client: Any) -> PerMessageDeflate | None:
    extensions = client.connection.protocol.extensions
    return extensions[0] if extensions else None


def messages(seed: int, count: int = 60) -> list[str | bytes]:
    """Texts that refer to each other, noise, empty ones, long ones."""
    numbers = random.Random(seed)
    words = ["portcullis", "drawbridge", "grüße", "漢字", "🏰", '{"type": "chat", "body": "']
    made: list[str | bytes] = ["", b"", "a", bytes(40_000)]
    for _ in range(count):
        length = numbers.choice([1, 5, 60, 300, 2000])
        if numbers.random() < 0.2:
            made.append(numbers.randbytes(length * 5))
        else:
            made.append(" ".join(numbers.choices(words, k=length)))
    return made


def exchange(client: Any, sent: list[str | bytes]) -> None:
    """Sends them one by one and in bursts; all come back as they went."""
    for message in sent:
        client.send(message)
        assert client.recv() == message
    for start in range(0, len(sent), 8):
        burst = sent[start : start + 8]
        for message in burst:
            client.send(message)
        assert [client.recv() for _ in burst] == burst


def deflate(data: bytes, bits: int = 15) -> bytes:
    """One message that refers to no other one."""
    packer = zlib.compressobj(wbits=-bits)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflate(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=-15).decompress(data + b"\0\0\xff\xff")


def upgrade(client: RawClient, extensions: str = "permessage-deflate") -> str | None:
    """What the gateway has answered to this offer."""
    return client.upgrade(frames.upgrade_request(Sec_WebSocket_Extensions=extensions)).headers["Sec-WebSocket-Extensions"]


# Two peers of other makers, and the gateway between them


@pytest.mark.parametrize("takeover", ["neither", "client", "server", "both"])
@pytest.mark.parametrize("settings", [INSPECT, KEEPING, KEEPING | {"window_bits": 15}, INSPECT | {"window_bits": 9}])
def test_takeovers(gateway: StartGateway, server: StartServer, takeover: str, settings: dict[str, Any]) -> None:
    ways = {
        "server_no_context_takeover": takeover in ("neither", "client"),
        "client_no_context_takeover": takeover in ("neither", "server"),
    }
    door = gateway(server(**ways), compression=settings, messages=[NEVER])
    with door.connect(**client_options(**ways, client_max_window_bits=True)) as client:
        assert agreed(client)
        exchange(client, messages(1))


@pytest.mark.parametrize("bits", range(9, 16))
@pytest.mark.parametrize("settings", [INSPECT, KEEPING | {"window_bits": 13}])
def test_windows(gateway: StartGateway, server: StartServer, bits: int, settings: dict[str, Any]) -> None:
    """Windows of all sizes on the one side meet all sizes on the other."""
    other = 24 - bits
    door = gateway(
        server(server_max_window_bits=other, client_max_window_bits=other), compression=settings
    )
    options = client_options(server_max_window_bits=bits, client_max_window_bits=bits)
    with door.connect(**options) as client:
        extension = agreed(client)
        assert extension and extension.remote_max_window_bits <= bits and extension.local_max_window_bits <= bits
        exchange(client, messages(bits))


@pytest.mark.parametrize("of_client", [False, True])
@pytest.mark.parametrize("of_server", [False, True])
def test_sides_are_independent(gateway: StartGateway, server: StartServer, of_client: bool, of_server: bool) -> None:
    door = gateway(server(deflate=of_server), compression=INSPECT)
    with door.connect(**client_options(of_client)) as client:
        assert (agreed(client) is not None) == of_client
        exchange(client, messages(2))


@pytest.mark.parametrize("settings", [INSPECT, KEEPING])
def test_rules_between(gateway: StartGateway, server: StartServer, settings: dict[str, Any]) -> None:
    """Some messages are dropped and some are edited, and all others can still be read."""
    rules = [
        {"name": "drop", "from": "client", "when": {"text": {"contains": "noise"}}, "do": "drop"},
        {"name": "edit", "from": "both", "when": {"text": {"contains": "secret"}}, "do": {"replace": {"with": "****"}}},
    ]
    door = gateway(server(), compression=settings, messages=rules)
    numbers = random.Random(3)
    with door.connect(**client_options(client_max_window_bits=True)) as client:
        for index in range(300):
            words = numbers.choices(["portcullis", "drawbridge", "grüße", "gate"], k=numbers.choice([3, 50, 800]))
            words += numbers.choice([[], [], [], [], ["noise"], ["secret"]])
            text = f"{index} " + " ".join(words)
            client.send(text)
            if "noise" not in text:
                assert client.recv() == text.replace("secret", "****")


def test_node_upstream(gateway: StartGateway, upstream: Upstream) -> None:
    """The `ws` library compresses messages from 1 KiB on, and keeps its window where it may."""
    for settings in (INSPECT, KEEPING, {"mode": "passthrough"}):
        door = gateway(upstream, compression=settings)
        with door.connect(**client_options(client_max_window_bits=True)) as client:
            assert agreed(client)
            for count in range(1, 60, 3):
                text = f"{count} " + "portcullis " * count * 10
                client.send(text)
                assert client.recv() == f"hello:{text}"


@pytest.mark.parametrize("settings", [INSPECT, KEEPING, {"mode": "passthrough"}])
def test_aiohttp_on_both_sides(gateway: StartGateway, settings: dict[str, Any]) -> None:
    async def echo(request: aiohttp.web.Request) -> aiohttp.web.WebSocketResponse:
        socket = aiohttp.web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await (socket.send_str if message.type == aiohttp.WSMsgType.TEXT else socket.send_bytes)(message.data)
        return socket

    async def start() -> tuple[aiohttp.web.AppRunner, int]:
        app = aiohttp.web.Application()
        app.router.add_get("/echo", echo)
        runner = aiohttp.web.AppRunner(app)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, runner.addresses[0][1]

    async def talk(door: Gateway) -> None:
        async with door.aiohttp() as session, session.ws_connect(door.url(), compress=15) as socket:
            assert socket.compress
            for message in messages(4):
                if isinstance(message, str):
                    await socket.send_str(message)
                    assert await socket.receive_str(timeout=PATIENCE) == message
                else:
                    await socket.send_bytes(message)
                    assert await socket.receive_bytes(timeout=PATIENCE) == message

    runner, port = LOOP.run(start())
    try:
        LOOP.run(talk(gateway(f"ws://127.0.0.1:{port}", compression=settings)))
    finally:
        LOOP.run(runner.cleanup())


# What is offered and answered


def test_strip_is_the_default(gateway: StartGateway, upstream: Upstream) -> None:
    """H18: without a setting no extension is agreed on, and RSV1 is an error."""
    with gateway(upstream).raw() as client:
        assert upgrade(client) is None
        client.send_frame(frames.TEXT, deflate(b"a" * 100), reserved=COMPRESSED)
        assert client.close_frame().code == 1002
    assert "sec-websocket-extensions" not in upstream.wait("open")["headers"]


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits=8", None),
        (
            'permessage-deflate; server_max_window_bits=8, permessage-deflate; client_max_window_bits="10"',
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=10",
        ),
        ("permessage-deflate; unknown, x-webkit-deflate-frame", None),
    ],
)
def test_answers(gateway: StartGateway, upstream: Upstream, offer: str, answer: str | None) -> None:
    with gateway(upstream, compression="inspect").raw() as client:
        assert upgrade(client, offer) == answer


@pytest.mark.parametrize("mode", ["inspect", "passthrough"])
def test_no_list_of_extensions(gateway: StartGateway, upstream: Upstream, mode: str) -> None:
    door = gateway(upstream, compression=mode)
    with door.raw() as client:
        client.send(frames.upgrade_request(Sec_WebSocket_Extensions="permessage-deflate; ="))
        door.check_refusal(client.response(), "malformed-upgrade", 400)
    assert upstream.count("open") == 0


def test_passthrough_agrees_end_to_end(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """Well-formed offers of permessage-deflate go up, nothing else does, and the frames stay as they are."""

    def serve(peer: Peer) -> tuple[str | None, Any]:
        peer.switch("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=11")
        peer.send(frames.encode(frames.BINARY, b"no deflate", masked=False, reserved=COMPRESSED))
        return peer.field("Sec-WebSocket-Extensions"), [peer.frame(), peer.frame(), peer.frame()]

    behind = raw_upstream(serve)
    with gateway(behind, compression="passthrough").raw() as client:
        offer = 'x; y=z, permessage-deflate; client_max_window_bits="12", permessage-deflate; z, permessage-deflate'
        assert upgrade(client, offer) == "permessage-deflate; client_max_window_bits=11"
        frame = client.frame()
        assert frame and (frame.reserved, frame.payload) == (COMPRESSED, b"no deflate")
        client.send_frame(frames.TEXT, b"\xff", final=False, reserved=COMPRESSED)
        client.send_frame(frames.CONTINUATION, b"\xfe")
        client.send_frame(frames.TEXT, b"plain")
        offered, received = behind.result()
    assert offered == "permessage-deflate; client_max_window_bits=12, permessage-deflate"
    assert [(frame.reserved, frame.final, frame.payload) for frame in received] == [
        (COMPRESSED, False, b"\xff"),
        (0, True, b"\xfe"),
        (0, True, b"plain"),
    ]


def test_passthrough_without_an_agreement(gateway: StartGateway, server: StartServer) -> None:
    door = gateway(server(deflate=False), compression="passthrough")
    with door.connect(**client_options()) as client:
        assert agreed(client) is None
        exchange(client, messages(5))
    with door.raw() as raw:
        assert upgrade(raw) is None
        raw.send_frame(frames.TEXT, b"a", reserved=COMPRESSED)
        assert raw.close_frame().code == 1002


@pytest.mark.parametrize("mode", ["inspect", "passthrough"])
@pytest.mark.parametrize(
    "answer",
    [
        "x",
        "permessage-deflate; x",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate;",
        "",
    ],
)
def test_wrong_answers(gateway: StartGateway, raw_upstream: StartUpstream, mode: str, answer: str) -> None:
    """H2: an answer that no offer allows is no answer."""
    behind = raw_upstream(lambda peer: (peer.switch(f"Sec-WebSocket-Extensions: {answer}"), peer.rest()))
    door = gateway(behind, compression=mode)
    with door.raw() as client:
        client.send(frames.upgrade_request(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"))
        door.check_refusal(client.response(), "upstream-invalid-response", 502)


def test_passthrough_answer_without_an_offer(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H2"""
    behind = raw_upstream(lambda peer: (peer.switch("Sec-WebSocket-Extensions: permessage-deflate"), peer.rest()))
    door = gateway(behind, compression="passthrough")
    with door.raw() as client:
        client.send(frames.upgrade_request())
        door.check_refusal(client.response(), "upstream-invalid-response", 502)


def test_a_greeted_client_has_no_extension(gateway: StartGateway, upstream: Upstream) -> None:
    """Its 101 goes out before the upstream is asked, which may have one all the same."""
    carriers = [{"header": "Authorization"}, {"first_message": {}}]
    door = gateway(upstream, compression="inspect", middleware=[token(**{"from": carriers})])
    good = door.issue()
    with door.connect(**client_options()) as client:
        assert agreed(client) is None
        client.send(json.dumps({"token": good}))
        client.send(TEXT * 10)
        assert client.recv() == f"hello:{TEXT * 10}"
    assert upstream.wait("open")["headers"]["sec-websocket-extensions"].startswith("permessage-deflate")
    with door.connect(token=good, **client_options()) as client:
        assert agreed(client)


# What passes, byte by byte


def test_a_message_goes_on_as_it_came(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """What nobody has edited is not compressed a second time; what was put into many frames comes in one."""

    def serve(peer: Peer) -> list[frames.Frame | None]:
        peer.switch("Sec-WebSocket-Extensions: permessage-deflate")
        return [peer.frame() for _ in range(3)]

    behind = raw_upstream(serve)
    payload = deflate(TEXT.encode())
    with gateway(behind, compression="inspect", messages=[NEVER]).raw() as client:
        assert upgrade(client)
        client.send_frame(frames.TEXT, payload, reserved=COMPRESSED)
        client.send_frame(frames.TEXT, payload[:5], final=False, reserved=COMPRESSED)
        client.send_frame(frames.PING, b"between")
        client.send_frame(frames.CONTINUATION, payload[5:])
        client.send_frame(frames.TEXT, TEXT.encode())
        received = behind.result()
    found = [(frame.opcode, frame.reserved, frame.payload) for frame in received if frame]
    compressed = (frames.TEXT, COMPRESSED, payload)
    assert found == [compressed, compressed, (frames.TEXT, 0, TEXT.encode())]


def test_short_messages_are_not_compressed(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    def serve(peer: Peer) -> None:
        peer.switch()
        for size in (99, 100):
            peer.send(frames.encode(frames.TEXT, b"a" * size, masked=False))
        peer.frame()

    settings = INSPECT | {"minimum_bytes": "100B", "level": 1}
    with gateway(raw_upstream(serve), compression=settings).raw() as client:
        assert upgrade(client)
        short, long = client.frame(), client.frame()
        assert short and long
        assert (short.reserved, short.payload) == (0, b"a" * 99)
        assert long.reserved == COMPRESSED and inflate(long.payload) == b"a" * 100
        client.send(frames.encode_close(1000))


def test_an_upstream_that_keeps_its_window_unasked(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """It was asked not to, and says nothing: the gateway keeps a window for it."""
    packer = zlib.compressobj(wbits=-15)

    def serve(peer: Peer) -> None:
        peer.switch("Sec-WebSocket-Extensions: permessage-deflate")
        for _ in range(5):
            payload = (packer.compress(TEXT.encode()) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
            peer.send(frames.encode(frames.TEXT, payload, masked=False, reserved=COMPRESSED))
        peer.frame()

    with gateway(raw_upstream(serve), compression="inspect").raw() as client:
        assert upgrade(client)
        for _ in range(5):
            frame = client.frame()
            assert frame and frame.reserved == COMPRESSED and inflate(frame.payload) == TEXT.encode()
        client.send(frames.encode_close(1000))


# What does not pass


@pytest.mark.parametrize("rules", [[], [NEVER]])
@pytest.mark.parametrize("offer", ["permessage-deflate", "permessage-deflate; client_no_context_takeover"])
def test_the_cap(gateway: StartGateway, upstream: Upstream, rules: list[Any], offer: str) -> None:
    """H18: exactly the cap passes, one byte more is 1009, and a message that inflates a thousandfold costs no more."""
    door = gateway(upstream, compression=KEEPING, limits={"message_bytes": "100KiB"}, messages=rules)
    cap = 100 << 10
    for size, passes in [(cap, True), (cap + 1, False), (64 << 20, False)]:
        with door.raw() as client:
            assert upgrade(client, offer)
            before = door.resident_kib()
            client.send_frame(frames.BINARY, deflate(bytes(size)), reserved=COMPRESSED)
            if passes:
                frame = client.frame()
                assert frame and (inflate(frame.payload) if frame.reserved else frame.payload) == bytes(size)
            else:
                assert client.close_frame().code == 1009
                assert door.resident_kib() - before <= footprint(8 * 1024)
    assert door.wait_audit("closed", close_code=1009)["reason"] == "message-too-big"


def test_the_cap_of_what_cannot_be_compressed(gateway: StartGateway, upstream: Upstream) -> None:
    """H18: its compressed form is longer than the cap, and passes."""
    data = random.Random(1).randbytes(64 << 10)
    packer = zlib.compressobj(wbits=-15, memLevel=1)
    payload = (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(payload) > len(data)
    with gateway(upstream, compression="inspect").raw() as client:
        assert upgrade(client)
        client.send_frame(frames.BINARY, payload, reserved=COMPRESSED)
        frame = client.frame()
        assert frame and (inflate(frame.payload) if frame.reserved else frame.payload) == data


def test_the_cap_of_an_upstream(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H18"""

    def serve(peer: Peer) -> Any:
        peer.switch("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover")
        peer.send(frames.encode(frames.BINARY, deflate(bytes(65537)), masked=False, reserved=COMPRESSED))
        return peer.frame()

    behind = raw_upstream(serve)
    with gateway(behind, compression="inspect").raw() as client:
        upgrade(client)
        assert client.close_frame().code == 1001
    assert behind.result().code == 1009


BROKEN = {
    "reserved block": ([(frames.BINARY, b"\x06", COMPRESSED, True)], 1002),
    "no block at all": ([(frames.BINARY, b"", COMPRESSED, True)], 1002),
    "reference to nothing": ([(frames.BINARY, b"\xf2\x00\x11\x00\x00", COMPRESSED, True)], 1002),
    "cut": ([(frames.BINARY, deflate(TEXT.encode())[:-3], COMPRESSED, True)], 1002),
    "continuation": (
        [(frames.TEXT, deflate(b"a"), COMPRESSED, False), (frames.CONTINUATION, b"", COMPRESSED, True)],
        1002,
    ),
    "ping": ([(frames.PING, deflate(b"a"), COMPRESSED, True)], 1002),
    "close": ([(frames.CLOSE, b"", COMPRESSED, True)], 1002),
    "RSV2": ([(frames.TEXT, b"a", 2, True)], 1002),
    "RSV1 and RSV3": ([(frames.TEXT, deflate(b"a"), 5, True)], 1002),
    "not UTF-8": ([(frames.TEXT, deflate(b"abc\xff"), COMPRESSED, True)], 1007),
    "half a character": ([(frames.TEXT, deflate("€".encode()[:2]), COMPRESSED, True)], 1007),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(gateway: StartGateway, upstream: Upstream, name: str) -> None:
    """H19 H20: none of it is forwarded."""
    parts, code = BROKEN[name]
    door = gateway(upstream, compression="inspect")
    with door.raw() as client:
        assert upgrade(client)
        client.send_frame(frames.TEXT, deflate(b"first"), reserved=COMPRESSED)
        frame = client.frame()
        assert frame and (inflate(frame.payload) if frame.reserved else frame.payload) == b"hello:first"
        for opcode, payload, reserved, final in parts:
            client.send_frame(opcode, payload, reserved=reserved, final=final)
        assert client.close_frame().code == code
    assert door.wait_audit("closed")["reason"] == {1002: "protocol-error", 1007: "invalid-text"}[code]
    assert upstream.wait("close")["code"] in (1001, 1011)


def test_a_side_without_the_extension(gateway: StartGateway, upstream: Upstream) -> None:
    """H19: the upstream has one, the client has none."""
    with gateway(upstream, compression="inspect").raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, deflate(b"a"), reserved=COMPRESSED)
        assert client.close_frame().code == 1002


def final_block(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush(zlib.Z_FINISH)


@pytest.mark.parametrize("settings", [INSPECT, KEEPING])
def test_nothing_hides_behind_a_final_block(
    gateway: StartGateway, upstream: Upstream, server: StartServer, settings: dict[str, Any]
) -> None:
    """H18: RFC 7692 7.2.3.4 has what stands behind one read, and few peers do: they get what the rules have read."""
    for behind, prefix in [(upstream, "hello:"), (server(), "")]:
        with gateway(behind, compression=settings, messages=[NEVER]).raw() as client:
            assert upgrade(client)
            unpacker = zlib.decompressobj(wbits=-15)
            for payload, text in [
                (final_block(b"evil") + deflate(b" and harmless"), "evil and harmless"),
                (final_block(b"evil") + b"\0", "evil"),
                (deflate(TEXT.encode()), TEXT),
            ]:
                client.send_frame(frames.TEXT, payload, reserved=COMPRESSED)
                frame = client.frame()
                assert frame
                received = unpacker.decompress(frame.payload + b"\0\0\xff\xff") if frame.reserved else frame.payload
                assert received.decode() == prefix + text


def test_many_final_blocks(gateway: StartGateway, upstream: Upstream) -> None:
    """H18: a block that says nothing costs no more than its bytes."""
    door = gateway(upstream, compression="inspect", limits={"message_bytes": "4MiB"})
    with door.raw() as client:
        assert upgrade(client)
        before = door.cpu_seconds()
        client.send_frame(frames.TEXT, b"\x03\x00" * (2 << 20) + b"\0", reserved=COMPRESSED)
        frame = client.frame()
        assert frame and frame.payload == b"hello:"
        assert door.cpu_seconds() - before < 0.6 * SLOWNESS


def test_memory_of_connections(gateway: StartGateway, server: StartServer) -> None:
    """H18: without context takeover a connection that compresses weighs what any other does."""
    door = gateway(server(), compression="inspect", messages=[NEVER])
    held: list[Any] = []

    async def talk(count: int) -> None:
        for _ in range(count):
            connection = await door.connect_async(compression="deflate")
            await connection.send(TEXT)
            assert await connection.recv() == TEXT
            held.append(connection)

    async def close() -> None:
        await asyncio.gather(*(connection.close() for connection in held))

    LOOP.run(talk(20))
    before = door.resident_kib()
    LOOP.run(talk(100))
    grown = door.resident_kib() - before
    LOOP.run(close())
    # An inflater would be 39 KiB, a deflater 262, and each connection has two of either.
    assert grown <= footprint(100 * 60), f"{grown / 100:.1f} KiB a connection"
