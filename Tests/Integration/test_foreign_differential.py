"""H35: what PyJWT says of a token is what the gateway says, for every algorithm and for tokens that were tampered with."""

import base64
import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import forgery
import frames
import policy as policies
from conftest import StartGateway
from gateway import Gateway
from key_service import ISSUER, Key, key_set, make
from upstreams import Upstream

ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
SYMMETRIC = ["HS256", "HS384", "HS512"]
LEGACY = "https://legacy.example/"
ORDERS = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "P-384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}

ROUTE = [policies.token(issuers=["corporate", "legacy"])]


class Example:
    """Keys of all algorithms, two each, and what is published of them."""

    def __init__(self, folder: Path) -> None:
        self.random = random.Random(20350)
        self.keys = {name: [make(f"{name}-{number}", name) for number in (1, 2)] for name in ASYMMETRIC + SYMMETRIC}
        self.all = [key for keys in self.keys.values() for key in keys]
        for name, algorithms in (("corporate", ASYMMETRIC), ("legacy", SYMMETRIC)):
            (folder / f"{name}.json").write_text(key_set([key for key in self.all if key.algorithm in algorithms]))
        self.issuers = {
            name: {
                "jwt": {
                    "issuer": issuer,
                    "audiences": ["chat", "feed"],
                    "algorithms": algorithms,
                    "keys": {"file": str(folder / f"{name}.json")},
                }
            }
            for name, issuer, algorithms in (("corporate", ISSUER, ASYMMETRIC), ("legacy", LEGACY, SYMMETRIC))
        }

    def claims(self, key: Key, **changes: Any) -> dict[str, Any]:
        issuer = LEGACY if key.algorithm in SYMMETRIC else ISSUER
        return forgery.claims(**{"iss": issuer, "jti": None} | changes)

    def holds(self, text: str) -> bool:
        """What PyJWT says."""
        try:
            header = jwt.get_unverified_header(text)
            issuer = jwt.decode(text, options={"verify_signature": False}).get("iss")
            algorithms = SYMMETRIC if issuer == LEGACY else ASYMMETRIC
            key = next(key for key in self.all if key.kid == header.get("kid") and key.algorithm in algorithms)
            jwt.decode(
                text,
                jwt.PyJWK(key.jwk),
                algorithms=[key.algorithm],
                audience=["chat", "feed"],
                issuer=LEGACY if issuer == LEGACY else ISSUER,
                leeway=30,
                options={"require": ["exp", "sub", "iss", "aud"]},
            )
        except (jwt.PyJWTError, StopIteration, ValueError):
            return False
        return True


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return Example(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def door(gateway: StartGateway, upstream: Upstream, example: Example) -> Gateway:
    return gateway(upstream, middleware=ROUTE, issuers=example.issuers)


def answer(door: Gateway, text: str) -> str:
    """`admitted`, or why not."""
    with door.raw() as client:
        client.send(frames.upgrade_request(Authorization=f"Bearer {text}"))
        head = client.head()
        if head.status == 101:
            return "admitted"
        return json.loads(client.stream.read(int(head.headers["Content-Length"])))["error"]


def agree(door: Gateway, example: Example, tokens: Iterator[tuple[str, str]]) -> dict[bool, int]:
    """Has both judge each token; how many held and how many did not."""
    counts = {True: 0, False: 0}
    wrong = []
    for name, text in tokens:
        holds = example.holds(text)
        counts[holds] += 1
        said = answer(door, text)
        if (said == "admitted") != holds:
            wrong.append(f"{name}: PyJWT says {holds}, the gateway {said}: {text:.2000}")
    assert not wrong, "\n".join(wrong)
    return counts


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def with_claims(example: Example, key: Key) -> Iterator[tuple[str, str]]:
    """Signed as it should be; what is signed varies."""
    now = int(time.time())
    changes: dict[str, dict[str, Any]] = {
        "good": {},
        "expired within the leeway": {"exp": now - 10},
        "expired": {"exp": now - 40},
        "a fraction": {"exp": now + 100.5},
        "not yet, within the leeway": {"nbf": now + 10},
        "not yet": {"nbf": now + 60},
        "issued later": {"iat": now + 60},
        "no exp": {"exp": None},
        "no sub": {"sub": None},
        "no iss": {"iss": None},
        "no aud": {"aud": None},
        "no iat": {"iat": None},
        "one audience": {"aud": "feed"},
        "another audience": {"aud": "chats"},
        "audiences": {"aud": ["x", "feed"]},
        "no audiences": {"aud": []},
        "another issuer": {"iss": "https://id.example.com"},
        "a subject that is a number": {"sub": 7},
        "an id that is a number": {"jti": 7},
        "exp as text": {"exp": "tomorrow"},
        "nested claims": {"groups": [{"a": [1, 2.5, None, True]}], "é": "\u2028"},
    }
    for name, change in changes.items():
        yield f"{key.kid} {name}", key.sign(example.claims(key, **change))


def with_signatures(example: Example, key: Key) -> Iterator[tuple[str, str]]:
    """Tampered with."""
    good = key.sign(example.claims(key))
    head, payload, signature = good.split(".")
    raw = decode(signature)
    other = example.keys[key.algorithm][1]
    yield f"{key.kid} of the other key", other.sign(example.claims(key), kid=key.kid)
    yield f"{key.kid} as the other key", key.sign(example.claims(key), kid=other.kid)
    yield f"{key.kid} other claims", f"{head}.{forgery.part(example.claims(key, sub='root'))}.{signature}"
    yield f"{key.kid} short", f"{head}.{payload}.{encode(raw[:-1])}"
    yield f"{key.kid} long", f"{head}.{payload}.{encode(raw + bytes(1))}"
    yield f"{key.kid} padded", f"{head}.{payload}.{encode(bytes(1) + raw)}"
    yield f"{key.kid} zeros", f"{head}.{payload}.{encode(bytes(len(raw)))}"
    yield f"{key.kid} ones", f"{head}.{payload}.{encode(bytes([255]) * len(raw))}"
    for _ in range(6):
        bit = example.random.randrange(len(raw) * 8)
        turned = bytearray(raw)
        turned[bit // 8] ^= 1 << bit % 8
        yield f"{key.kid} bit {bit}", f"{head}.{payload}.{encode(bytes(turned))}"
    for name in ASYMMETRIC + SYMMETRIC:
        if name != key.algorithm:
            header = {"alg": name, "kid": key.kid, "typ": "JWT"}
            yield f"{key.kid} called {name}", f"{forgery.part(header)}.{payload}.{signature}"
    if isinstance(key.private, ec.EllipticCurvePrivateKey):
        half = len(raw) // 2
        r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        order = ORDERS["P-256" if key.algorithm == "ES256" else "P-384"]
        # Of every ECDSA signature there is a second one, which both take.
        mirrored = encode(raw[:half] + (order - s).to_bytes(half, "big"))
        yield f"{key.kid} mirrored", f"{head}.{payload}.{mirrored}"
        yield f"{key.kid} in DER", f"{head}.{payload}.{encode(encode_dss_signature(r, s))}"
        yield f"{key.kid} r and s", f"{head}.{payload}.{encode(raw[half:] + raw[:half])}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("algorithm", ASYMMETRIC + SYMMETRIC)
def test_agrees_with_pyjwt(door: Gateway, example: Example, algorithm: str) -> None:
    """H35."""
    first, second = example.keys[algorithm]
    counts = agree(door, example, with_claims(example, first))
    assert counts[True] >= 8 and counts[False] >= 8, counts
    assert agree(door, example, iter([("second", second.sign(example.claims(second)))]))[True] == 1
    counts = agree(door, example, with_signatures(example, first))
    assert counts[False] >= 20, counts
    assert answer(door, first.sign(example.claims(first))) == "admitted"


def test_public_key_as_secret(door: Gateway, example: Example) -> None:
    """H35: signed by HMAC with what everybody knows, in each of its spellings."""
    for key in example.all:
        if key.algorithm in SYMMETRIC:
            continue
        public = key.private.public_key()
        spellings = [
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            json.dumps(key.jwk).encode(),
            decode(key.jwk.get("n") or key.jwk["x"]),
        ]
        for spelling in spellings:
            for name in SYMMETRIC:
                for issuer in (ISSUER, LEGACY):
                    text = hmac_token(spelling, {"alg": name, "kid": key.kid}, example.claims(key, iss=issuer))
                    assert answer(door, text) in ("token-signature-invalid", "token-unknown-key"), (key.kid, name)


def hmac_token(secret: bytes, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Without PyJWT, which will not sign with a public key."""
    import hashlib
    import hmac

    text = f"{forgery.part(header)}.{forgery.part(claims)}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[header["alg"]]
    return f"{text}.{encode(hmac.new(secret, text.encode(), digest).digest())}"


def test_what_no_token_may_be(door: Gateway, example: Example) -> None:
    """H35: none, an empty signature, a key of its own, a strange kid, crit, dots, size."""
    key = example.keys["ES256"][0]
    claims = example.claims(key)
    good = key.sign(claims)
    _, payload, signature = good.split(".")
    mine = make("mine")

    def header(**fields: Any) -> str:
        return forgery.part({"alg": "ES256", "kid": key.kid} | fields)

    expected = {
        f"{header(alg='none')}.{payload}.": "token-malformed",
        f"{header(alg='none')}.{payload}.{signature}": "token-malformed",
        f"{header(alg='NoNe')}.{payload}.{signature}": "token-malformed",
        f"{header()}.{payload}.": "token-malformed",
        f"{header()}.{payload}": "token-malformed",
        f"{good}.": "token-malformed",
        f"{good}..": "token-malformed",
        f"{good}=": "token-malformed",
        f".{payload}.{signature}": "token-malformed",
        "A" * 9000: "token-malformed",
        key.sign(claims, crit=["exp"]): "token-malformed",
        key.sign(claims, crit=["b64"], b64=True): "token-malformed",
        key.sign(claims, typ="logout+jwt"): "token-malformed",
        mine.sign(claims, jwk=mine.jwk): "token-unknown-key",
        mine.sign(claims, kid=key.kid, jwk=mine.jwk): "token-signature-invalid",
        mine.sign(claims, kid=key.kid, jku="https://127.0.0.1:1/", x5u="file:///etc/passwd"): "token-signature-invalid",
        mine.sign(claims, kid="../../../../etc/passwd"): "token-unknown-key",
        mine.sign(claims, kid="' OR 1=1 --"): "token-unknown-key",
        mine.sign(claims, kid=""): "token-unknown-key",
        key.sign(claims, typ="at+jwt"): "admitted",
        good: "admitted",
    }
    said = {text: answer(door, text) for text in expected}
    assert said == expected


def test_a_megabyte(door: Gateway, example: Example) -> None:
    """H35: refused from the size of its head, long before its end."""
    with door.raw() as client:
        client.send(b"GET /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + b"A" * 100_000)
        assert client.head().status == 431
    with door.raw() as client, suppress(OSError):
        client.send(b"GET /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + b"A" * 1_000_000)
        assert client.head().status == 431
    key = example.keys["ES256"][0]
    assert answer(door, key.sign(example.claims(key))) == "admitted"
