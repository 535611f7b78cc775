"""Which token counts, for how long, and who may not try any more."""

import asyncio

from websockets.exceptions import InvalidStatus

from conftest import StartGateway
from lines import wait_until
from policy import token
from upstreams import Upstream

EVERYWHERE = [{"header": "Authorization"}, {"cookie": "session"}, {"query": "access_token"}]


def test_tokens_that_differ(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(**{"from": EVERYWHERE})])
    good, other = door.issue(), door.issue("bob")
    door.refused("token-ambiguous", 400, f"/echo?access_token={other}", token=good)
    door.refused("token-ambiguous", 400, token=good, additional_headers={"Cookie": f"session={other}"})
    door.refused("token-ambiguous", 400, f"/echo?access_token={good}&access_token={other}")
    assert upstream.count("open") == 0
    with door.connect(f"/echo?access_token={good}", token=good, additional_headers={"Cookie": f"session={good}"}):
        pass


def test_header_with_a_scheme(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(**{"from": [{"header": "X-Api-Token", "scheme": "Token"}]})])
    good = door.issue()
    with door.connect(additional_headers={"X-Api-Token": f"token {good}"}):
        pass
    door.refused("token-missing", 401, additional_headers={"X-Api-Token": good})
    door.refused("token-missing", 401, additional_headers={"X-Api-Token": f"Bearer {good}"})


def test_lockout(gateway: StartGateway, upstream: Upstream) -> None:
    """Failures alone count, for each address, and end with the block."""
    limit = {"rate": "3/1m", "block": "2s"}
    door = gateway(upstream, middleware=[token(failures=limit)])
    good = door.issue()
    for _ in range(3):
        with door.connect(token=good):
            pass
        door.refused("token-missing", 401)
    for _ in range(3):
        door.refused("token-malformed", 401, token="bad")
    response = door.refused("token-failures-exceeded", 429, token=good)
    assert 1 <= int(response.headers["Retry-After"]) <= 2
    with door.connect(token=good, source="127.0.0.2"):
        pass

    def is_let_in() -> bool:
        try:
            with door.connect(token=good):
                return True
        except Exception:
            return False

    wait_until(is_let_in, "the lockout to end")


def test_maximum_age(gateway: StartGateway, upstream: Upstream) -> None:
    """An old token is refused, and a live socket ends when its token becomes too old."""
    door = gateway(upstream, middleware=[token(max_age="3s")])
    good = door.issue("alice", None, "--ttl", "1h")
    with door.connect(token=good) as socket:
        assert socket.closing() == (1008, "token-too-old")
    door.wait_audit("closed", reason="token-too-old", closed_by="gateway")
    door.refused("token-too-old", 401, token=good)


def test_expiry_grace(gateway: StartGateway, upstream: Upstream) -> None:
    """A live socket outlives its token by the grace; a new one is not let in."""
    door = gateway(upstream, middleware=[token(expiry_grace="2s")])
    short = door.issue("alice", None, "--ttl", "2s")
    with door.connect(token=short) as socket:
        wait_until(lambda: is_refused(door, short), "the token to expire")
        socket.send("still here")
        assert socket.recv() == "hello:still here"
        assert socket.closing() == (1008, "token-expired")


def test_revocation_within_the_grace(gateway: StartGateway, upstream: Upstream) -> None:
    """Nothing of the token is left to be admitted, and its socket ends all the same."""
    door = gateway(upstream, middleware=[token(expiry_grace="1h")])
    for how in (["--subject", "alice"], []):
        short = door.issue("alice", None, "--ttl", "2s")
        with door.connect(token=short) as socket:
            wait_until(lambda: is_refused(door, short), "the token to expire")
            door.revoke(*(how or [short]))
            assert socket.closing() == (1008, "token-revoked")


def test_uses(gateway: StartGateway, upstream: Upstream) -> None:
    """So many connections in all, also beyond a restart; one that is refused for something else is none."""
    limit = {"connection_limit": {"maximum": 1}}
    door = gateway(upstream, middleware=[token(), limit])
    thrice = door.issue("alice", None, "--uses", "3")
    with door.connect(token=thrice):
        for _ in range(3):
            door.refused("connection-limit-exceeded", 429, token=thrice)
    # Its place is free once both sides have gone.
    door.wait_audit("closed")
    with door.connect(token=thrice) as client:
        client.send("hi")
        assert client.recv() == "hello:hi"
    door.stop()
    again = gateway(upstream, middleware=[token(), limit], state=door.state)
    again.secrets.add(thrice)
    again.connect(token=thrice).close()
    response = again.refused("token-exhausted", 401, token=thrice)
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_uses_at_once(gateway: StartGateway, upstream: Upstream) -> None:
    """Of many that come together exactly as many are let in."""
    door = gateway(upstream, middleware=[token()])
    few = door.issue("alice", None, "--uses", "7")

    async def connect() -> bool:
        try:
            async with door.connect_async(additional_headers={"Authorization": f"Bearer {few}"}):
                return True
        except InvalidStatus as error:
            assert error.response.status_code == 401
            return False

    async def connect_all() -> list[bool]:
        return await asyncio.gather(*(connect() for _ in range(40)))

    assert asyncio.run(connect_all()).count(True) == 7


def test_bound_to_a_network(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token()])
    bound = door.issue("alice", None, "--from-address", "127.0.0.2/31")
    with door.connect(token=bound, source="127.0.0.3"):
        pass
    door.refused("token-address-mismatch", 401, token=bound)


def is_refused(door, text: str) -> bool:
    try:
        door.connect(token=text).close()
    except Exception:
        return True
    return False
