"""What changes under live connections: tokens are revoked, policies and certificates replaced."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connections import Connections
from exchange import CheckedUpstream, Ledger
from soaked import AUDIENCE, BROKEN, ORIGIN, VARIANTS, SoakedGateway

REVOCATION_LIMIT = 1.0
"""Seconds from the end of `token revoke` in which a live socket must have been closed (HARDENING H37)."""


class Changes:
    """Revocations and reloads, one at a time."""

    def __init__(
        self,
        gateway: SoakedGateway,
        upstream: CheckedUpstream,
        connections: Connections,
        threads: ThreadPoolExecutor,
        ledger: Ledger,
    ) -> None:
        self._gateway = gateway
        self._upstream = upstream
        self._connections = connections
        self._threads = threads
        self._ledger = ledger

    async def issue(self, subject: str, *more: str) -> str:
        """A new token, by the command line."""
        return await self._in_thread(self._gateway.issue, subject, AUDIENCE, *more)

    async def revocation(self) -> None:
        """Two sockets of a token that is revoked, and one of another token; by subject, they go as well."""
        number = self._ledger.count("revocations")
        by = ("token", "id", "subject")[number % 3]
        subject = f"victim-{id(self)}-{number}"
        token, other = [await self.issue(name, "--ttl", "90s") for name in (subject, f"{subject}-other")]
        exchanges = [self._upstream.begin() for _ in range(3)]
        try:
            sockets = [
                await self._connections.open(route, exchange, text)
                for route, exchange, text in zip(
                    ("echo", "ruled", "echo"), exchanges, (token, token, other), strict=True
                )
            ]
            for exchange, socket in zip(exchanges, sockets, strict=True):
                await exchange.talk(socket, 3)
            words = {"token": [token], "id": ["--id", token_id(token)], "subject": ["--subject", subject]}[by]
            revoked = asyncio.create_task(self._revoke(words))
            closings = [
                asyncio.create_task(self._connections.expect_closing(exchange, socket, 1008, "token-revoked"))
                for exchange, socket in zip(exchanges[:2], sockets[:2], strict=True)
            ]
            finished = await revoked
            for closing in closings:
                self._note_latency(await closing - finished)
            await exchanges[2].talk(sockets[2], 3)
            await exchanges[2].part(sockets[2])
            for exchange in exchanges[:2]:
                await exchange.wait_upstream()
            headers = {"Authorization": f"Bearer {token}", "Origin": ORIGIN}
            await self._connections.expect_refusal("/echo/0", headers, "token-revoked")
        finally:
            for exchange in exchanges:
                self._upstream.forget(exchange)

    async def _revoke(self, words: list[str]) -> float:
        await self._in_thread(self._gateway.revoke, *words)
        return time.monotonic()

    def _note_latency(self, seconds: float) -> None:
        """A socket may be closed before the command has ended."""
        self._ledger.latencies.append(max(0.0, seconds))

    async def reload(self) -> None:
        number = self._ledger.count("reloads")
        if number % 5 == 4:
            self._ledger.count("broken files")
            self._gateway.write_broken(BROKEN[number // 5 % len(BROKEN)])
        else:
            self._gateway.write_variant(VARIANTS[(number + 1) % len(VARIANTS)])
        if number % 3 == 1:
            self._ledger.count("certificates")
            await self._in_thread(self._gateway.replace_certificate)
        self._gateway.hang_up()

    async def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def token_id(token: str) -> str:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"]
