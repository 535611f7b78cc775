"""Connections through the gateway that are as they should be, and handshakes that it must refuse."""

import asyncio
import json
import random
import time

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from exchange import CheckedUpstream, Exchange, Ledger
from lines import PATIENCE
from soaked import BRIEF_IDLE, ORIGIN, VARIANTS, SoakedGateway


CARRIERS = ("header", "header", "ticket", "first message")
"""How a token is brought, where the route takes it anyhow."""


class Connections:
    """Each method but `open` and the `expect_` ones is one connection, from its handshake to its close."""

    def __init__(
        self, gateway: SoakedGateway, upstream: CheckedUpstream, ledger: Ledger, stopping: asyncio.Event
    ) -> None:
        self._gateway = gateway
        self._upstream = upstream
        self._ledger = ledger
        self._stopping = stopping
        self.token = ""
        """What they carry, where it is not said otherwise."""

    async def churn(self) -> None:
        route = random.choice(["echo", "echo", "ruled", "ruled", "deflated", "deflated", "paced", "changing"])
        count = random.choice([0, 1, 2, 5, 10, 20])
        closes_after = count if count and route != "changing" and random.random() < 0.2 else None
        exchange = self._upstream.begin(closes_after=closes_after)
        try:
            carrier = random.choice(CARRIERS) if route in ("echo", "ruled") else "header"
            socket = await self.open(route, exchange, carrier=carrier)
            if route == "changing":
                self._check_variant(socket)
            try:
                await exchange.talk(socket, count, window=random.choice([1, 1, 2, 4]))
                await self._see_out(exchange, socket)
            except ConnectionClosed as ended:
                self._closed_early(exchange, route, ended)
        finally:
            self._upstream.forget(exchange)
        self._ledger.count("churned")

    async def _see_out(self, exchange: Exchange, socket: ClientConnection) -> None:
        if exchange.closes_after is None:
            return await exchange.part(socket)
        await self.expect_closing(exchange, socket, 4000, str(exchange.number))
        await exchange.wait_upstream()
        exchange.check_totals()

    def _check_variant(self, socket: ClientConnection) -> None:
        assert socket.response
        variant = socket.response.headers.get("X-Soak-Variant")
        if variant not in VARIANTS:
            self._ledger.fault(f"a response header of no policy that was ever valid: {variant!r}")

    def _closed_early(self, exchange: Exchange, route: str, ended: ConnectionClosed) -> None:
        if route == "changing" and ended.rcvd and ended.rcvd.reason == "policy-changed":
            # Its route was another one after a reload: the gateway's to decide.
            self._ledger.count("closed by a changed policy")
        else:
            self._ledger.fault(f"connection {exchange.number} on {route} ended by itself: {ended}")

    async def steady(self, number: int) -> None:
        """Must not notice anything of what goes on around it, from the first second to the last."""
        exchange = self._upstream.begin()
        try:
            socket = await self.open(["echo", "ruled", "deflated", "paced"][number % 4], exchange)
            try:
                while not self._stopping.is_set():
                    await exchange.talk(socket, 10, window=1 + number % 3, pause=random.uniform(0.02, 0.2))
                await exchange.part(socket)
            except ConnectionClosed as ended:
                self._ledger.fault(f"long-lived connection {exchange.number} ended by itself: {ended}")
        finally:
            self._upstream.forget(exchange)

    async def left_idle(self) -> None:
        exchange = self._upstream.begin()
        try:
            socket = await self.open("idle", exchange)
            await exchange.talk(socket, 1)
            await self.expect_closing(exchange, socket, 1008, "idle-timeout", BRIEF_IDLE + PATIENCE)
            await exchange.wait_upstream()
        finally:
            self._upstream.forget(exchange)
        self._ledger.count("idle timeouts")

    async def refused(self) -> None:
        kind = random.choice(["token-missing", "origin-denied", "route-not-found", "token-malformed"])
        headers = {"Authorization": f"Bearer {self.token}", "Origin": ORIGIN}
        if kind == "token-missing":
            del headers["Authorization"]
        elif kind == "token-malformed":
            headers["Authorization"] = "Bearer a.b"
        elif kind == "origin-denied":
            headers["Origin"] += ".evil.example"
        # On the others a client may still send its token as a message.
        path = {"route-not-found": "/nowhere/0", "token-missing": "/idle/0"}.get(kind, "/echo/0")
        await self.expect_refusal(path, headers, kind)

    async def expect_refusal(self, path: str, headers: dict[str, str], reason: str) -> None:
        try:
            socket = await self._gateway.connect_async(path, additional_headers=headers, compression=None)
        except InvalidStatus as error:
            found = json.loads(error.response.body or b"{}").get("error")
            self._ledger.refusals[found] += 1
            if found != reason:
                self._ledger.fault(f"refused as {found}, not {reason}")
        else:
            self._ledger.count("admitted")
            self._ledger.fault(f"admitted, which should have been refused as {reason}")
            await socket.close()

    # What they are made of

    async def open(
        self, route: str, exchange: Exchange, token: str | None = None, carrier: str = "header"
    ) -> ClientConnection:
        """A connection; whatever is thrown once it is there leaves the count of admitted ones right."""
        text = token or self.token
        headers, query = {"Origin": ORIGIN}, ""
        if carrier == "header":
            headers["Authorization"] = f"Bearer {text}"
        elif carrier == "ticket":
            query = f"?ticket={await self._ticket(text)}"
        socket = await self._gateway.connect_async(
            f"/{route}/{exchange.number}{query}",
            additional_headers=headers,
            compression="deflate" if route == "deflated" else None,
            max_size=None,
            # By default this library stops reading where 16 frames wait for `recv`: no pong would be read behind them.
            max_queue=None,
            ping_interval=None,
            close_timeout=PATIENCE,
        )
        if route == "deflated" and not socket.protocol.extensions:
            self._ledger.fault(f"connection {exchange.number}: nobody has agreed to compress")
        if carrier == "first message":
            await socket.send(json.dumps({"token": text}))
        self._ledger.count("admitted")
        shown = socket.transport.get_extra_info("peercert")
        self._ledger.certificates.add(shown["serialNumber"])
        return socket

    async def _ticket(self, token: str) -> str:
        url = f"https://localhost:{self._gateway.port}/.portcullis/ticket"
        async with self._gateway.aiohttp() as session:
            async with session.post(url, headers={"Authorization": f"Bearer {token}", "Origin": ORIGIN}) as answer:
                self._ledger.count("tickets")
                return (await answer.json())["ticket"]

    async def expect_closing(
        self, exchange: Exchange, socket: ClientConnection, code: int, reason: str, patience: float = PATIENCE
    ) -> float:
        """Waits for the gateway's close; when it came."""
        try:
            message = await asyncio.wait_for(socket.recv(), patience)
            self._ledger.fault(f"connection {exchange.number}: a message instead of {code} {reason!r}: {message!r:.60}")
        except TimeoutError:
            self._ledger.fault(f"connection {exchange.number}: no {code} {reason!r} within {patience:.1f} s")
        except ConnectionClosed as ended:
            found = (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd else None
            if found != (code, reason):
                self._ledger.fault(f"connection {exchange.number}: closed with {found}, not {code} {reason!r}")
        closed = time.monotonic()
        await socket.close()
        return closed
