"""What happens at the gateway all at once: each kind of load is a coroutine that goes on until the load stops."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from changes import Changes
from connections import Connections
from exchange import CheckedUpstream, Ledger, Silence
from lines import PATIENCE
from rough import RoughPeers
from soaked import SoakedGateway


@dataclass(frozen=True)
class Amounts:
    """How much of it at once. Python is by far the slower part; this keeps both within two cores."""

    churning: int = 5
    steady: int = 10
    rough: int = 3
    slow_handshakes: int = 2
    pause_between_rough: float = 0.15
    pause_between_revocations: float = 1.5
    pause_between_reloads: float = 3.0


class Load:
    """All kinds of load, until `stop`."""

    def __init__(self, gateway: SoakedGateway, upstream: CheckedUpstream, ledger: Ledger) -> None:
        self._upstream = upstream
        self._rough = RoughPeers(gateway, ledger)
        self._ledger = ledger
        self._stopping = asyncio.Event()
        self._threads = ThreadPoolExecutor(16)
        self._connections = Connections(gateway, upstream, ledger, self._stopping)
        self._changes = Changes(gateway, upstream, self._connections, self._threads, ledger)
        self._tasks: list[asyncio.Task[Any]] = []
        self._token = ""

    async def start(self, seconds: float) -> None:
        """`seconds` is how long it will go on at most, for the lifetime of tokens."""
        self._token = await self._changes.issue("steady", "--ttl", f"{int(seconds) + 600}s")
        self._connections.token = self._token
        amounts, connections, changes = Amounts(), self._connections, self._changes
        kinds: list[Callable[[], Awaitable[None]]] = [
            *[connections.churn] * amounts.churning,
            *[self._paced(self._rough_peer, amounts.pause_between_rough)] * amounts.rough,
            *[self._paced(self._slow_handshake, 0.1)] * amounts.slow_handshakes,
            self._paced(self._slow_reader, 0.5),
            self._paced(connections.refused, 0.2),
            self._paced(connections.left_idle, 0.5),
            self._paced(changes.revocation, amounts.pause_between_revocations),
            self._paced(changes.reload, amounts.pause_between_reloads),
        ]
        self._tasks = [asyncio.create_task(self._until_stopped(kind)) for kind in kinds]
        self._tasks += [
            asyncio.create_task(self._keep(connections.steady, number)) for number in range(amounts.steady)
        ]

    async def stop(self) -> None:
        """What is under way comes to its own end."""
        self._stopping.set()
        _, late = await asyncio.wait(self._tasks, timeout=4 * PATIENCE)
        for task in late:
            self._ledger.fault(f"load does not end: {task.get_coro()}")
            task.cancel()
        self._threads.shutdown(wait=not late)

    # How each is run

    async def _until_stopped(self, kind: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            if not await self._keep(kind):
                await asyncio.sleep(0.5)

    async def _keep(self, kind: Callable[..., Awaitable[None]], *arguments: object) -> bool:
        """Whatever goes wrong in one is a fault, and the others go on."""
        try:
            await kind(*arguments)
        except Silence as error:
            self._ledger.fault(str(error))
        except Exception as error:
            self._ledger.fault(f"{getattr(kind, '__name__', kind)}: {type(error).__name__}: {error}")
        else:
            return True
        return False

    def _paced(self, kind: Callable[[], Awaitable[None]], pause: float) -> Callable[[], Awaitable[None]]:
        async def paced() -> None:
            await kind()
            await self._pause(pause * random.uniform(0.5, 1.5))

        paced.__name__ = kind.__name__
        return paced

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            pass

    async def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    # Peers that misbehave; they block, and so have threads

    async def _rough_peer(self) -> None:
        kind = random.choice([self._vanishing_client, self._vanishing_client, self._vanishing_upstream])
        await kind()

    async def _vanishing_client(self) -> None:
        """Its messages must arrive until it goes, in order; how many of the last is the network's to decide."""
        exchange = self._upstream.begin()
        try:
            how = random.choice(["reset", "reset inside a frame", "end inside a frame", "end"])
            await self._in_thread(self._rough.vanish, exchange, random.choice(["echo", "ruled"]), self._token, how)
            await exchange.wait_upstream()
        finally:
            self._upstream.forget(exchange)
        self._ledger.count("clients vanished")

    async def _vanishing_upstream(self) -> None:
        await self._in_thread(self._rough.lose_upstream, self._token)
        self._ledger.count("upstreams vanished")

    async def _slow_reader(self) -> None:
        await self._in_thread(self._rough.read_slowly, self._token)
        self._ledger.count("slow readers")

    async def _slow_handshake(self) -> None:
        await self._in_thread(random.choice([self._rough.slow_head, self._rough.slow_tls]))
        self._ledger.count("slow handshakes")
