"""Peers that misbehave, on both sides of the gateway: slow ones, and ones that vanish. They block, a thread each."""

import itertools
import random
import socket
import struct
import time

import frames
from client import RawClient
from content import Direction, Message, Received
from exchange import Exchange, Ledger
from lines import PATIENCE
from soaked import HANDSHAKE_TIMEOUT, ORIGIN, SoakedGateway
from upstreams import Peer, RawUpstream

POURED_MESSAGES = 2_500
"""About 12 MB: more than all the buffers between upstream and client hold."""
ANSWERS = 5
"""What an upstream says before it vanishes."""
SLACK = 5.0
"""Seconds that a deadline may be late as seen from here, on a machine that is busy."""

_numbers = itertools.count(0x4000_0000)
"""Apart from those of exchanges."""


class RoughUpstream:
    """Serves `/rough/KIND/NUMBER`: `pour`, or a way to vanish after some messages of its own."""

    def __init__(self) -> None:
        self._server = RawUpstream(self._serve)
        self.url = self._server.url

    def end(self) -> None:
        self._server.end()

    def _serve(self, peer: Peer) -> None:
        kind, number = peer.head.split(b" ")[1].decode().rsplit("/", 2)[1:]
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        direction = Direction("u", int(number))
        peer.switch()
        try:
            if kind == "pour":
                self._pour(peer, direction)
            else:
                self._vanish(peer, direction, kind)
        except (ConnectionError, EOFError):
            pass  # the client is one that goes away

    def _pour(self, peer: Peer, direction: Direction) -> None:
        for number in range(POURED_MESSAGES):
            peer.send(encode(direction.message(number), masked=False))
        for _ in peer.messages():
            pass

    def _vanish(self, peer: Peer, direction: Direction, kind: str) -> None:
        for number, _ in enumerate(peer.messages()):
            if number == ANSWERS:
                break
            peer.send(encode(direction.message(number), masked=False))
        # The client has all the answers by now: nothing that it must get is on its way.
        if kind == "cut":
            peer.send(frames.encode(frames.BINARY, bytes(1_000), masked=False)[:500])
        elif kind == "reset":
            reset_on_close(peer.socket)


class RoughPeers:
    """Clients that misbehave, and those that meet an upstream that does. Each method is one, to its end."""

    def __init__(self, gateway: SoakedGateway, ledger: Ledger) -> None:
        self._gateway = gateway
        self._ledger = ledger

    # Clients that vanish

    def vanish(self, exchange: Exchange, route: str, token: str, how: str) -> None:
        with self._connect(f"/{route}/{exchange.number}", token) as client:
            for number in range(random.randrange(6)):
                client.send(encode(exchange.from_client.message(number)))
                if random.random() < 0.7:
                    self._ledger.fault(exchange.at_client.take(read_message(client)))
                else:
                    break
            if "inside" in how:
                client.send(frames.encode(frames.BINARY, bytes(5_000))[: random.choice([1, 3, 8, 2_000])])
            if how.startswith("reset"):
                reset_on_close(client.socket)

    # An upstream that vanishes

    def lose_upstream(self, token: str) -> None:
        kind = random.choice(["reset", "cut", "end"])
        number = next(_numbers)
        received = Received(Direction("u", number))
        with self._connect(f"/rough/{kind}/{number}", token) as client:
            for _ in range(ANSWERS):
                client.send_frame(frames.TEXT, b"go on")
                self._ledger.fault(received.take(read_message(client)))
            client.send_frame(frames.TEXT, b"go")
            try:
                frame = client.frame()
            except (EOFError, ConnectionError):
                frame = None
            found = (frame.code, frame.reason) if frame else None
            # A frame that the upstream began and never ended leaves no room for a close frame.
            expected = None if kind == "cut" else (1011, "upstream-lost")
            if found != expected:
                self._ledger.fault(f"upstream vanished by {kind}: the client saw {frame}, and not {expected}")

    # Slow ones

    def read_slowly(self, token: str) -> None:
        """A client with a small window, at which the upstream pours; then it reads on, or goes away."""
        number = next(_numbers)
        received = Received(Direction("u", number))
        stays = random.random() < 0.6
        with self._connect(f"/rough/pour/{number}", token, receive_buffer=4_096) as client:
            end = time.monotonic() + random.uniform(1, 3)
            while time.monotonic() < end:
                self._ledger.fault(received.take(read_message(client)))
                time.sleep(0.1)
            if not stays:
                reset_on_close(client.socket)
                return
            while received.count < POURED_MESSAGES:
                self._ledger.fault(received.take(read_message(client)))
                if received.faults:
                    return
            client.send(frames.encode_close(1000))
            closing = client.close_frame()
            self._ledger.fault(None if closing.code == 1000 else f"slow reader: {closing} and not 1000")
            self._ledger.fault(received.ended(POURED_MESSAGES))
        self._ledger.count("poured messages", POURED_MESSAGES)

    def slow_head(self) -> None:
        """TLS, and then a byte now and then: ended by the deadline for the whole head, with or without an answer."""
        began = time.monotonic()
        head = frames.upgrade_request("/echo/0")
        with self._gateway.raw() as client:
            client.socket.settimeout(0.2)
            for place in range(len(head) - 1):
                try:
                    client.send(head[place : place + 1])
                    if answer := client.socket.recv(4_096):
                        if b" 408 " not in answer:
                            self._ledger.fault(f"slow head: {answer!r:.100}")
                    break
                except TimeoutError:
                    pass
                except OSError:
                    break
                if self._is_late(began, "slow head"):
                    break

    def slow_tls(self) -> None:
        """TCP, and then nothing, or a few bytes of a TLS record."""
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self._gateway.port), PATIENCE) as plain:
            plain.sendall(random.choice([b"", b"\x16\x03\x01\x02\x00\x01"]))
            plain.settimeout(0.5)
            while not self._is_late(began, "slow TLS"):
                try:
                    if not plain.recv(4_096):
                        return
                except TimeoutError:
                    pass
                except ConnectionError:
                    return

    def _is_late(self, began: float, what: str) -> bool:
        elapsed = time.monotonic() - began
        if elapsed < HANDSHAKE_TIMEOUT + SLACK:
            return False
        self._ledger.fault(f"{what}: still connected after {elapsed:.1f} s")
        return True

    # For all of them

    def _connect(self, path: str, token: str, **options: int) -> RawClient:
        client = self._gateway.raw(**options)
        try:
            client.upgrade(frames.upgrade_request(path, Authorization=f"Bearer {token}", Origin=ORIGIN))
        except BaseException:
            client.close()
            raise
        self._ledger.count("admitted")
        return client


def encode(message: Message, masked: bool = True) -> bytes:
    if isinstance(message, str):
        return frames.encode(frames.TEXT, message.encode(), masked=masked)
    return frames.encode(frames.BINARY, message, masked=masked)


def read_message(client: RawClient) -> Message:
    """The next message, its fragments together; pings are answered."""
    parts, opcode = [], None
    while True:
        frame = client.frame()
        if frame is None:
            raise EOFError("the gateway ended the connection where a message was due")
        if frame.opcode == frames.PING:
            client.send_frame(frames.PONG, frame.payload)
        elif frame.opcode == frames.CLOSE:
            raise EOFError(f"the gateway closed where a message was due: {frame.code} {frame.reason}")
        elif frame.opcode < frames.CLOSE:
            opcode = frame.opcode if opcode is None else opcode
            parts.append(frame.payload)
            if frame.final:
                whole = b"".join(parts)
                return whole.decode() if opcode == frames.TEXT else whole


def reset_on_close(connection: socket.socket) -> None:
    """The peer gets an RST, whatever is still on its way."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
