"""A token store with as many tokens as one likes, made in seconds: `token issue` makes the file, SQLite fills it."""

import json
import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

DAY = 86_400


def fill(portcullis: Path, state: Path, tokens: int, revoked: int, expired: int = 0, subjects: int = 0) -> list[str]:
    """Puts `tokens` into the store of a state folder; the ids of them all.

    The first `revoked` of them are revoked by their id, and the last `expired` of them ended long ago, so that they are
    about to be removed. There are `subjects` of them, by default one for every 20 tokens.
    """
    subprocess.run(
        [portcullis, "token", "issue", "--subject", "first", "--state", state], check=True, stdout=subprocess.DEVNULL
    )
    numbers = random.Random(1)
    ids = [f"{numbers.getrandbits(128):032x}" for _ in range(tokens)]
    now = int(time.time())
    with closing(sqlite3.connect(state / "tokens.sqlite")) as database, database:
        # Whoever loses power while this is made makes it anew.
        database.execute("PRAGMA synchronous = OFF")
        (key_id,) = database.execute("SELECT kid FROM keys WHERE state = 'signing'").fetchone()
        database.executemany(
            "INSERT INTO tokens (id, subject, audiences, scopes, issued, not_before, expires, kid)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows(ids, now, expired, subjects or max(1, tokens // 20), key_id),
        )
        database.executemany(
            "INSERT INTO revocations (kind, value, forget_after) VALUES ('id', ?, ?)",
            ((token_id, now + DAY) for token_id in ids[:revoked]),
        )
        database.execute("UPDATE keys SET last_expiry = ?", (now + 2 * DAY,))
    return ids


def rows(ids: list[str], now: int, expired: int, subjects: int, key_id: str) -> Iterator[tuple]:
    audiences = [json.dumps([name], separators=(",", ":")) for name in ("chat", "feed", "admin")]
    for number, token_id in enumerate(ids):
        age = 30 * DAY if number >= len(ids) - expired else DAY * number // len(ids)
        issued = now - age
        yield (
            token_id,
            f"user-{number % subjects}",
            audiences[number % 3],
            "chat.read chat.write" if number % 2 else "",
            issued,
            issued,
            issued + 2 * DAY,
            key_id,
        )
