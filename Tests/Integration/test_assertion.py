"""What the server behind is told of the client, verified with what the gateway exports, by PyJWT."""

import json
import time

import jwt
import pytest

from conftest import StartGateway
from gateway import Gateway, run
from policy import token
from upstreams import Upstream

ASSERTED = [token(), {"identity_assertion": {"audience": "server", "ttl": "30s"}}]


def exported(door: Gateway) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_dict(json.loads(run(door.binary, "key", "export", "--state", door.state).stdout))


def verified(door: Gateway, assertion: str) -> dict[str, object]:
    header = jwt.get_unverified_header(assertion)
    assert header["typ"] == "portcullis-assertion+jwt"
    key = exported(door)[header["kid"]]
    return jwt.decode(assertion, key, ["EdDSA"], audience="server", issuer="portcullis-assertion")


def test_assertion_is_verified_with_the_exported_keys(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=ASSERTED)
    good = door.issue("alice", None, "--scope", "chat.read", "--scope", "chat.write")
    with door.connect(token=good, additional_headers={"X_Portcullis_Assertion": "spoofed"}):
        headers = upstream.wait("open")["headers"]
    claims = verified(door, headers["x-portcullis-assertion"])
    assert (claims["sub"], claims["scope"]) == ("alice", "chat.read chat.write")
    assert claims["token_issuer"] == "portcullis"
    assert abs(claims["iat"] - time.time()) < 5 and claims["exp"] - claims["iat"] == 30  # type: ignore[operator]
    assert "spoofed" not in json.dumps(headers)
    assert claims["token_id"] == jwt.decode(good, options={"verify_signature": False})["jti"]


def test_assertion_opens_no_door(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=ASSERTED)
    with door.connect(token=door.issue()):
        assertion = upstream.wait("open")["headers"]["x-portcullis-assertion"]
    door.refused("token-malformed", 401, token=assertion)


def test_assertion_follows_a_rotation(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=ASSERTED)
    good = door.issue()
    run(door.binary, "key", "rotate", "--state", door.state)
    time.sleep(1)
    with door.connect(token=good):
        assertion = upstream.wait("open")["headers"]["x-portcullis-assertion"]
    assert jwt.get_unverified_header(assertion)["kid"] != jwt.get_unverified_header(good)["kid"]
    verified(door, assertion)
    with pytest.raises(jwt.InvalidSignatureError):
        verified(door, assertion[:-8] + "AAAAAAAA")
