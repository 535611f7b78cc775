"""Tokens that `portcullis token issue` would never make."""

import base64
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def signing_key(state: Path) -> tuple[str, Ed25519PrivateKey]:
    """The id and the key with which the gateway's tokens are signed."""
    with closing(sqlite3.connect(state / "tokens.sqlite", timeout=10)) as database:
        key_id, raw = database.execute("SELECT kid, private_key FROM keys WHERE state = 'signing'").fetchone()
    return key_id, Ed25519PrivateKey.from_private_bytes(raw)


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, but for what is changed; a claim changed to None is left out."""
    now = int(time.time())
    good = {
        "iss": "portcullis",
        "sub": "mallory",
        "jti": "forged",
        "aud": ["chat"],
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "scope": "",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(
    key: Any, key_id: str, algorithm: str = "EdDSA", headers: dict[str, Any] | None = None, **changes: Any
) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": key_id} | (headers or {}))


def unsigned(header: dict[str, Any], signature: str = "", **changes: Any) -> str:
    """A token with any header at all, and whatever stands for its signature."""
    return f"{part(header)}.{part(claims(**changes))}.{signature}"


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_other_signature(token: str) -> str:
    """The token with its signature's first bit turned."""
    head, _, signature = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[0] ^= 1
    return f"{head}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def with_other_claims(token: str, **changes: Any) -> str:
    """The token with its claims exchanged under the same signature."""
    header, _, signature = token.split(".")
    return f"{header}.{part(claims(**changes))}.{signature}"
