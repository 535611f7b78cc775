"""Both ends of a checked connection see what an upstream, or a client, does wrong with a single message."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websockets.asyncio.client

from content import Direction, Message
from exchange import CheckedUpstream, Exchange, Ledger

COUNT = 30
PLACE = 12


class Tampering:
    """A socket that does something to one message on its way out."""

    def __init__(self, socket: Any, change: str) -> None:
        self._socket = socket
        self._change = change
        self._number = 0

    async def send(self, message: Message | list[Any]) -> None:
        self._number += 1
        times = 1
        if self._number == PLACE:
            if isinstance(message, AsyncIterator):
                # Its fragments can be taken only once.
                message = [piece async for piece in message]
            if self._change == "altered":
                message = "altered"
            else:
                times = {"lost": 0, "doubled": 2}[self._change]
        for _ in range(times):
            await self._socket.send(message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


async def talk(side: str, change: str | None) -> Ledger:
    ledger = Ledger()
    async with CheckedUpstream(ledger) as upstream:
        exchange = upstream.begin()
        if side == "u" and change:
            tamper_with_upstream(exchange, change)
        url = f"{upstream.url}/echo/{exchange.number}"
        async with websockets.asyncio.client.connect(url, max_queue=None) as socket:
            client = Tampering(socket, change) if side == "c" and change else socket
            for _ in range(COUNT):
                await exchange.send(client)  # type: ignore[arg-type]
            for _ in range(COUNT - (change == "lost")):
                await exchange.receive(socket)
            await exchange.part(socket)
    return ledger


def tamper_with_upstream(exchange: Exchange, change: str) -> None:
    send, sockets = exchange._send, {}

    async def tampered(socket: Any, direction: Direction) -> None:
        if direction.side == "u":
            socket = sockets.setdefault("u", Tampering(socket, change))
        await send(socket, direction)

    exchange._send = tampered  # type: ignore[method-assign]


def test_nothing_wrong() -> None:
    assert asyncio.run(talk("c", None)).faults == []


@pytest.mark.parametrize("side", ["c", "u"])
@pytest.mark.parametrize("change", ["altered", "lost", "doubled"])
def test_one_message(side: str, change: str) -> None:
    ledger = asyncio.run(talk(side, change))
    assert ledger.fault_count
    assert any(change in fault and f"from {side}" in fault for fault in ledger.faults), ledger.faults
