"""Tokens by the thousand, so that every connection of a run can bring one of its own."""

import base64
import ctypes
import ctypes.util
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

COUNT = 8192
"""Twice what Portcullis remembers of signatures: in rotation, none is known any more when its turn comes again."""

EVP_PKEY_ED25519 = 1087


def like(token: str, state: Path, count: int = COUNT) -> Iterator[str]:
    """Tokens that differ from `token` in their ids alone, signed by the key in the state folder of the gateway.

    `portcullis token issue` would take as many processes; the gateway asks for a signature, and not who made it.
    """
    header, payload, _ = token.split(".")
    claims = json.loads(decoded(payload))
    sign = signer(private_key(state, json.loads(decoded(header))["kid"]))
    for number in range(count):
        changed = json.dumps(claims | {"jti": f"{number:032x}"}, separators=(",", ":"))
        signing_input = f"{header}.{encoded(changed.encode())}"
        yield f"{signing_input}.{encoded(sign(signing_input.encode()))}"


def private_key(state: Path, key_id: str) -> bytes:
    with sqlite3.connect(state / "tokens.sqlite") as database:
        ((key,),) = database.execute("SELECT private_key FROM keys WHERE kid = ?", (key_id,))
    return key


def signer(key: bytes):
    """Ed25519 by the library that the gateway signs with, too; Python has none of its own."""
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
    crypto.EVP_PKEY_new_raw_private_key.restype = ctypes.c_void_p
    crypto.EVP_MD_CTX_new.restype = ctypes.c_void_p
    pointer = ctypes.c_void_p(
        crypto.EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, None, key, ctypes.c_size_t(len(key)))
    )

    def sign(message: bytes) -> bytes:
        context = ctypes.c_void_p(crypto.EVP_MD_CTX_new())
        signature = ctypes.create_string_buffer(64)
        size = ctypes.c_size_t(64)
        done = crypto.EVP_DigestSignInit(context, None, None, None, pointer) == 1 and (
            crypto.EVP_DigestSign(context, signature, ctypes.byref(size), message, ctypes.c_size_t(len(message))) == 1
        )
        crypto.EVP_MD_CTX_free(context)
        if not done:
            raise RuntimeError("OpenSSL does not sign")
        return signature.raw

    return sign


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
