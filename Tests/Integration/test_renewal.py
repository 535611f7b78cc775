"""A fresh token on a live connection: swallowed, and the end moves."""

import json
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import frames
from conftest import StartGateway
from key_service import make
from policy import token
from test_foreign_tokens import issuer, write
from test_foreign_tokens import token as foreign
from upstreams import Upstream


def renews(text: str, pointer: tuple[str, ...] = ("portcullis", "token")) -> str:
    message: Any = text
    for name in reversed(pointer):
        message = {name: message}
    return json.dumps(message)


def test_renewal_moves_the_end(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(renew={})])
    short, long = door.issue("alice", None, "--ttl", "3s"), door.issue("alice", None, "--ttl", "1h")
    with door.connect(token=short) as client:
        client.send("hi")
        client.send(renews(long))
        client.send("there")
        assert [client.recv(), client.recv()] == ["hello:hi", "hello:there"]
        time.sleep(3.5)
        client.send("still here")
        assert client.recv() == "hello:still here"
        door.revoke("--subject", "alice")
        assert client.closing() == (1008, "token-revoked")
    assert door.wait_audit("closed")["token_id"] != door.wait_audit("opened")["token_id"]


def test_renewed_connection_is_found_by_its_new_token(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(renew={"pointer": "/auth"})])
    first, second = door.issue(), door.issue()
    with door.connect(token=first) as client:
        client.send(renews(second, ("auth",)))
        client.send("hi")
        assert client.recv() == "hello:hi"
        door.revoke(first)
        time.sleep(1)
        client.send("alive")
        assert client.recv() == "hello:alive"
        door.revoke(second)
        assert client.closing() == (1008, "token-revoked")


def test_token_of_somebody_else(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(renew={})])
    with door.connect(token=door.issue("alice")) as client:
        client.send(renews(door.issue("bob")))
        assert client.closing() == (1008, "token-subject-mismatch")
    door.wait_audit("closed", reason="token-subject-mismatch", closed_by="gateway")
    with door.connect(token=door.issue("alice")) as client:
        client.send(renews("nonsense"))
        assert client.closing() == (1008, "token-malformed")
    assert upstream.count("message") == 0


def test_scopes_of_the_fresh_token_count(gateway: StartGateway, upstream: Upstream) -> None:
    """Rules by scope follow the token, in both directions, also inside one write."""
    rule = {"name": "admins", "from": "client", "when": {"text": {"contains": "secret"}, "lacks_scope": "admin"}}
    hide = {"name": "hide", "from": "upstream", "when": {"text": {"contains": "hello:"}, "lacks_scope": "admin"}}
    door = gateway(
        upstream,
        middleware=[token(renew={})],
        messages=[rule | {"do": "drop"}, hide | {"do": {"replace": {"with": "bye:"}}}],
    )
    plain, admin = door.issue(), door.issue("alice", None, "--scope", "admin")
    with door.raw() as raw:
        raw.upgrade(frames.upgrade_request(Authorization=f"Bearer {plain}"))
        steps = ["secret", "one", renews(admin), "secret", renews(plain), "secret", "two"]
        raw.send(b"".join(frames.encode(0x1, step.encode()) for step in steps[:3]))
        assert raw.frame().payload in (b"bye:one", b"hello:one")  # type: ignore[union-attr]
        raw.send(frames.encode(0x1, steps[3].encode()))
        assert raw.frame().payload == b"hello:secret"  # type: ignore[union-attr]
        raw.send(b"".join(frames.encode(0x1, step.encode()) for step in steps[4:]))
        assert raw.frame().payload == b"bye:two"  # type: ignore[union-attr]


def test_many_renewals_in_one_write(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(renew={})])
    good = door.issue()
    with door.raw() as raw:
        raw.upgrade(frames.upgrade_request(Authorization=f"Bearer {good}"))
        raw.send(frames.encode(0x1, renews(good).encode()) * 200 + frames.encode(0x1, b"end"))
        assert raw.frame().payload == b"hello:end"  # type: ignore[union-attr]


def test_policy_in_force_judges(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """A key that a reload has taken away, from the issuer and not out of its file, renews nothing."""
    before, after = make("before"), make("after")
    write(tmp_path / "before.json", before)
    write(tmp_path / "after.json", after)
    door = gateway(
        upstream,
        middleware=[token(issuers=["corporate"], renew={})],
        issuers=issuer({"file": str(tmp_path / "before.json")}),
        on_policy_change="keep",
    )
    with door.connect(token=foreign(before)) as first, door.connect(token=foreign(before)) as second:
        changed = deepcopy(door.policy)
        changed["token_issuers"]["corporate"]["jwt"]["keys"] = {"file": str(tmp_path / "after.json")}
        door.reload(changed)
        first.send(renews(foreign(before)))
        assert first.closing() == (1008, "token-unknown-key")
        second.send(renews(foreign(after)))
        second.send("hi")
        assert second.recv() == "hello:hi"


def test_policy_in_force_renews_nothing(gateway: StartGateway, upstream: Upstream) -> None:
    """The message is swallowed as before, and the end stays where it was."""
    door = gateway(upstream, middleware=[token(renew={})])
    short, long = door.issue("alice", None, "--ttl", "4s"), door.issue("alice", None, "--ttl", "1h")
    with door.connect(token=short) as client:
        changed = deepcopy(door.policy)
        del changed["routes"][0]["middleware"][0]["token"]["renew"]
        door.reload(changed)
        client.send(renews(long))
        client.send("hi")
        assert client.recv() == "hello:hi"
        assert client.closing() == (1008, "token-expired")


def test_counted_tokens_renew_nothing(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(renew={})])
    with door.connect(token=door.issue()) as client:
        client.send(renews(door.issue("alice", None, "--uses", "1")))
        assert client.closing() == (1008, "token-exhausted")
