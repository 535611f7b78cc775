"""An authorisation service on aiohttp, in a thread of its own."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from lines import PATIENCE, wait_until

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def says(status: int = 200, **fields: str) -> Answer:
    """The same answer for everybody; `_` stands for `-` in the names of its fields."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={name.replace("_", "-"): value for name, value in fields.items()})

    return answer


class AuthorizationService:
    """Answers every request by `answer`, which a test may change, and keeps what it was asked."""

    def __init__(self, answer: Answer, certificates: Path | None = None) -> None:
        self.answer = answer
        self.requests: list[web.Request] = []
        self.waiting = 0
        """Requests that `hold` has not let go yet."""
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        context = None
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
        self.port: int = asyncio.run_coroutine_threadsafe(self._start(context), self._loop).result(PATIENCE)
        self.url = f"https://localhost:{self.port}/check" if certificates else f"http://127.0.0.1:{self.port}/check"

    async def _start(self, context: ssl.SSLContext | None) -> int:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append(request)
            return await self.answer(request)

        self._protocols = web.Server(handle)
        more = {"ssl": context, "ssl_shutdown_timeout": 0.05} if context else {}
        self._server = await self._loop.create_server(self._protocols, "127.0.0.1", 0, **more)
        return self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        self._protocols.pre_shutdown()
        await self._protocols.shutdown(0.1)
        # A TLS connection that its client keeps is closed without a word of that client's.
        await asyncio.sleep(0.1)

    async def hold(self, _: web.Request) -> web.Response:
        """An answer that waits for `release`, and admits then."""
        self.waiting += 1
        try:
            await self._open.wait()
        finally:
            self.waiting -= 1
        return web.Response()

    def wait_for(self, count: int) -> None:
        """Until as many requests are held."""
        wait_until(lambda: self.waiting == count, f"{count} requests wait")

    def release(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def __enter__(self) -> "AuthorizationService":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
