"""A connection of which both ends are here and know what must arrive: a client's side, and the upstream that answers.

Clients and upstream share one process and one event loop, so that the end of a connection can compare what one side
sent with what the other received.
"""

import asyncio
import itertools
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import websockets.asyncio.server
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from content import Direction, Message, Received
from lines import PATIENCE

_numbers = itertools.count(1)


class Ledger:
    """What the load has done, and every fault that it has seen; from any thread."""

    shown = 40

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        """Refused handshakes by reason, as the clients saw them."""
        self.certificates: set[str] = set()
        """Serial numbers of those that the gateway has shown."""
        self.latencies: list[float] = []
        """Seconds from the end of a `token revoke` to the close of a socket."""
        self.faults: list[str] = []
        self.fault_count = 0
        self._counted: dict[int, dict[str, tuple[int, int]]] = {}
        self._lock = threading.Lock()

    def agree(self, connection: int, who: str, messages: tuple[int, int]) -> None:
        """What the peers and the audit log count of a connection must agree: each says it once, in whatever order."""
        with self._lock:
            counted = self._counted.setdefault(connection, {})
            counted[who] = messages
            if len(counted) == 2:
                del self._counted[connection]
            if len(self._counted) > 5_000:
                # Of connections that vanished, only the audit log tells.
                old = next((key for key, said in self._counted.items() if "peers" not in said), connection)
                del self._counted[old]
        if len(set(counted.values())) > 1:
            self.fault(f"connection {connection}: messages from client and upstream, as counted by each: {counted}")

    @property
    def unaudited(self) -> list[int]:
        """Connections that have come to their proper end, and of whose end the audit log does not tell."""
        return [connection for connection, counted in self._counted.items() if "peers" in counted]

    def count(self, name: str, number: int = 1) -> int:
        """Counts on; what it was before."""
        with self._lock:
            before = self.counts[name]
            self.counts[name] = before + number
        return before

    def fault(self, text: str | None) -> None:
        """Notes a fault, if it is one: only the first are kept."""
        if text is None:
            return
        with self._lock:
            self.fault_count += 1
            if self.fault_count <= self.shown:
                self.faults.append(text)


class Exchange:
    """The messages of one connection, both ways."""

    def __init__(self, ledger: Ledger, closes_after: int | None = None) -> None:
        self.ledger = ledger
        self.number = next(_numbers)
        self.closes_after = closes_after
        """After so many messages the upstream closes, with 4000 and the connection's number."""
        self.from_client, self.from_upstream = Direction("c", self.number), Direction("u", self.number)
        self.at_upstream, self.at_client = Received(self.from_client), Received(self.from_upstream)
        self.sent = {"c": 0, "u": 0}
        self.upstream_closing: tuple[int | None, str] = (None, "")
        self.upstream_ended = asyncio.Event()

    # The client's side

    async def send(self, socket: ClientConnection) -> None:
        await self._send(socket, self.from_client)

    async def receive(self, socket: ClientConnection) -> None:
        """Takes the next answer, and compares it."""
        try:
            message = await asyncio.wait_for(socket.recv(), PATIENCE)
        except TimeoutError:
            raise Silence(f"connection {self.number}: no answer to message {self.at_client.count}") from None
        self.ledger.fault(self.at_client.take(message))
        self.ledger.count("messages", 2)
        self.ledger.count("bytes", 2 * len(message))

    async def _ping(self, socket: ClientConnection) -> None:
        try:
            await asyncio.wait_for(await socket.ping(), PATIENCE)
        except TimeoutError:
            raise Silence(f"connection {self.number}: no pong") from None
        self.ledger.count("pings")

    async def talk(self, socket: ClientConnection, count: int, window: int = 1, pause: float = 0) -> None:
        """Sends `count` messages, `window` of them ahead of their answers, some after a ping."""
        ahead = 0
        for _ in range(count):
            if random.random() < 0.05:
                await self._ping(socket)
            await self.send(socket)
            ahead += 1
            if ahead == window:
                await self.receive(socket)
                ahead -= 1
            if pause:
                await asyncio.sleep(pause)
        for _ in range(ahead):
            await self.receive(socket)

    async def part(self, socket: ClientConnection) -> None:
        """Closes properly, and sees that nothing was lost either way and that the upstream got the same close.

        ConnectionClosed where the other side has closed before, or in another way.
        """
        await socket.close(1000, f"end {self.number}")
        if socket.close_code != 1000:
            raise socket.protocol.close_exc
        await self.wait_upstream()
        if self.upstream_closing != (1000, f"end {self.number}"):
            self.ledger.fault(f"connection {self.number}: the upstream saw {self.upstream_closing}, not 1000")
        self.check_totals()

    async def wait_upstream(self) -> None:
        try:
            await asyncio.wait_for(self.upstream_ended.wait(), PATIENCE)
        except TimeoutError:
            self.ledger.fault(f"connection {self.number}: the upstream's side did not end")

    def check_totals(self) -> None:
        self.ledger.agree(self.number, "peers", (self.sent["c"], self.sent["u"]))
        self.ledger.fault(self.at_upstream.ended(self.sent["c"]))
        self.ledger.fault(self.at_client.ended(self.sent["u"]))

    # The upstream's side

    async def serve(self, socket: ServerConnection) -> None:
        try:
            async for message in socket:
                self.ledger.fault(self.at_upstream.take(message))
                await self._send(socket, self.from_upstream)
                if self.closes_after == self.sent["u"]:
                    await socket.close(4000, str(self.number))
        except ConnectionClosed:
            pass
        finally:
            self.upstream_closing = (socket.close_code, socket.close_reason or "")
            self.upstream_ended.set()

    async def _send(self, socket: ClientConnection | ServerConnection, direction: Direction) -> None:
        message = direction.message(self.sent[direction.side])
        self.sent[direction.side] += 1
        if len(message) > 1 and random.random() < 0.1:
            await socket.send(self._in_pieces(socket, message))
        else:
            await socket.send(message)

    async def _in_pieces(self, socket: ClientConnection | ServerConnection, message: Message) -> AsyncIterator[Any]:
        """Fragments, some of them with a ping between."""
        for piece in fragments(message):
            yield piece
            if random.random() < 0.2:
                await socket.ping()
                self.ledger.count("pings inside messages")
        self.ledger.count("fragmented messages")


class Silence(Exception):
    """An answer or a pong that does not come."""


def fragments(message: Message) -> list[Any]:
    """The message in up to five pieces, some of which may be empty."""
    cuts = sorted(random.randrange(len(message) + 1) for _ in range(random.randint(1, 4)))
    return [message[start:end] for start, end in zip([0, *cuts], [*cuts, len(message)], strict=True)]


class CheckedUpstream:
    """A server of the `websockets` library; the last part of a path names the exchange."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._exchanges: dict[int, Exchange] = {}
        self.url = ""

    def begin(self, **settings: Any) -> Exchange:
        exchange = Exchange(self._ledger, **settings)
        self._exchanges[exchange.number] = exchange
        return exchange

    def forget(self, exchange: Exchange) -> None:
        del self._exchanges[exchange.number]

    async def __aenter__(self) -> "CheckedUpstream":
        self._server = await websockets.asyncio.server.serve(
            self._serve, "127.0.0.1", 0, max_size=None, ping_interval=None, close_timeout=PATIENCE
        )
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request
        number = int(socket.request.path.rpartition("/")[2])
        exchange = self._exchanges.get(number)
        if exchange is None:
            self._ledger.fault(f"the upstream saw a connection {number} that nobody has, or that is over")
            return
        await exchange.serve(socket)
