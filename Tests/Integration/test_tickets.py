"""One-time tickets: asked for as a page would, used as a browser would."""

import asyncio
import time
from typing import Any

import pytest

from client import Response
from conftest import StartGateway
from gateway import Gateway
from policy import route, token
from upstreams import Upstream

PAGE = "https://app.example.com"
DOOR: list[dict[str, Any]] = [
    {"origin": {"allow": [PAGE], "missing": "allow"}},
    token(**{"from": [{"header": "Authorization"}, {"cookie": "session"}, {"ticket": {}}]}),
]


def ask(door: Gateway, method: str = "POST", data: bytes | None = None, **headers: str) -> Response:
    """A request for a ticket, by aiohttp."""

    async def ask() -> Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        async with door.aiohttp() as session:
            url = f"https://localhost:{door.port}/.portcullis/ticket"
            async with session.request(method, url, headers=fields, data=data) as response:
                return Response(response.status, response.headers, await response.read())

    return asyncio.run(ask())


def give(door: Gateway, **headers: str) -> str:
    response = ask(door, **headers)
    assert response.status == 200, response
    assert set(response.json) == {"ticket", "expires_in"}
    assert response.json["expires_in"] == 30
    assert response.headers["Cache-Control"] == "no-store"
    door.secrets.add(response.json["ticket"])
    return response.json["ticket"]


@pytest.mark.parametrize("carrier", ["header", "cookie"])
def test_ticket_opens_one_connection(gateway: StartGateway, upstream: Upstream, carrier: str) -> None:
    door = gateway(upstream, middleware=DOOR)
    good = door.issue("alice")
    shown = {"Authorization": f"Bearer {good}"} if carrier == "header" else {"Cookie": f"session={good}"}
    ticket = give(door, **shown, Origin=PAGE)
    line = door.wait_audit("ticket")
    assert (line["subject"], line["status"], line["route"]) == ("alice", 200, "echo")
    with door.connect(f"/echo?room=1&ticket={ticket}", origin=PAGE) as socket:
        socket.send("hi")
        assert socket.recv() == "hello:hi"
    assert upstream.wait("open")["url"] == "/echo?room=1"
    assert door.wait_audit("opened")["subject"] == "alice"
    door.refused("ticket-used", 401, f"/echo?ticket={ticket}")
    door.refused("ticket-unknown", 401, f"/echo?ticket={ticket[:-1]}")
    assert upstream.count("open") == 1


def test_ticket_of_a_revoked_token(gateway: StartGateway, upstream: Upstream) -> None:
    """A ticket is worth what its token is worth when it is used."""
    door = gateway(upstream, middleware=DOOR)
    good = door.issue("alice")
    ticket = give(door, Authorization=f"Bearer {good}")
    door.revoke("--subject", "alice")
    time.sleep(1)
    door.refused("token-revoked", 401, f"/echo?ticket={ticket}")


def test_ticket_is_for_every_route_that_admits_its_token(gateway: StartGateway, upstream: Upstream) -> None:
    def door_for(audience: str) -> list[dict[str, Any]]:
        return [DOOR[0], token(audience=audience, **{"from": [{"header": "Authorization"}, {"ticket": {}}]})]

    routes = [route("chat", middleware=door_for("chat")), route("news", middleware=door_for("news"))]
    door = gateway(upstream, routes=routes)
    news = door.issue("alice", "news")
    ticket = give(door, Authorization=f"Bearer {news}")
    door.refused("token-audience-mismatch", 401, f"/chat?ticket={ticket}")
    ticket = give(door, Authorization=f"Bearer {news}")
    with door.connect(f"/news?ticket={ticket}"):
        pass


@pytest.mark.parametrize(
    "headers, reason, status",
    [
        ({}, "token-missing", 401),
        ({"Authorization": "Bearer bad"}, "token-malformed", 401),
        ({"Authorization": "Bearer GOOD", "Origin": "https://evil.example"}, "origin-denied", 403),
        ({"Authorization": "Bearer GOOD", "Origin": "null"}, "origin-denied", 403),
    ],
)
def test_no_ticket(
    gateway: StartGateway, upstream: Upstream, headers: dict[str, str], reason: str, status: int
) -> None:
    door = gateway(upstream, middleware=DOOR)
    good = door.issue()
    response = ask(door, **{name: value.replace("GOOD", good) for name, value in headers.items()})
    door.check_refusal(response, reason, status)
    assert "Access-Control-Allow-Origin" not in response.headers


def test_page_of_another_origin(gateway: StartGateway, upstream: Upstream) -> None:
    """The Fetch standard: a page asks first whether it may ask, and may then read the answer."""
    door = gateway(upstream, middleware=DOOR)
    asks = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    response = ask(door, "OPTIONS", Origin=PAGE, **asks)
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["Access-Control-Allow-Headers"] == "authorization"
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    response = ask(door, Origin=PAGE, Authorization=f"Bearer {door.issue()}")
    assert response.status == 200
    door.secrets.add(response.json["ticket"])
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    door.check_refusal(ask(door, "OPTIONS", Origin="https://evil.example", **asks), "origin-denied", 403)


def test_body_and_methods(gateway: StartGateway, upstream: Upstream) -> None:
    """What a page sends is not looked at, as long as it is short; there is nothing else at that address."""
    door = gateway(upstream, middleware=DOOR)
    good = door.issue()
    response = ask(door, data=b'{"any": "thing"}', Authorization=f"Bearer {good}")
    assert response.status == 200
    door.secrets.add(response.json["ticket"])
    door.check_refusal(ask(door, data=b"x" * 9000, Authorization=f"Bearer {good}"), "malformed-request", 400)
    door.check_refusal(ask(door, "GET", Authorization=f"Bearer {good}"), "route-not-found", 404)


def test_no_route_gives_tickets(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token()])
    door.check_refusal(ask(door, Authorization=f"Bearer {door.issue()}"), "route-not-found", 404)


def test_tickets_outlive_a_reload(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=DOOR)
    ticket = give(door, Authorization=f"Bearer {door.issue()}")
    door.reload()
    with door.connect(f"/echo?ticket={ticket}"):
        pass
