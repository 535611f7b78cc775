"""The token store under what happens to files: crashes, other writers, full and read-only disks, damage."""

import fcntl
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import jwt
import pytest

import forgery
from admin import Admin
from client import Client
from conftest import ROOT, StartGateway
from gateway import Gateway, run
from lines import wait_until
from sanitizers import SLOWNESS
from test_tokens import CHAT, admits, greets
from upstreams import Upstream

sys.path.insert(0, str(ROOT / "Benchmarks/store"))

import filled  # noqa: E402


def token_id(text: str) -> str:
    return jwt.decode(text, options={"verify_signature": False})["jti"]


def fails(door: Gateway, *words: str | Path, state: Path | None = None) -> str:
    """Runs a command that cannot do its work; what it says of that."""
    result = run(door.binary, *words, "--state", state or door.state, check=False)
    assert result.returncode == 1
    assert result.stdout == "" and "tokens.sqlite" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


# Crashes


class Victims:
    """Commands that are killed at any moment of their lives, and what they had answered by then."""

    def __init__(self, portcullis: Path, state: Path) -> None:
        self._portcullis = portcullis
        self._state = state
        self._random = random.Random()
        self.issued: list[str] = []
        self.revoked: list[str] = []
        self.rotated: list[str] = []
        self.killed = 0
        self._patience = self._duration()

    def _duration(self) -> float:
        """What an undisturbed command takes."""
        began = time.monotonic()
        self.issued.append(self._answer("token", "issue", "--subject", "alice", kill_after=None))
        return time.monotonic() - began

    def issue(self) -> None:
        if line := self._answer("token", "issue", "--subject", "alice", kill_after=self._moment()):
            self.issued.append(line)

    def revoke(self) -> None:
        chosen = token_id(self._random.choice(self.issued))
        if self._answer("token", "revoke", "--id", chosen, kill_after=self._moment()):
            self.revoked.append(chosen)

    def rotate(self) -> None:
        if line := self._answer("key", "rotate", kill_after=self._moment()):
            self.rotated.append(line.split()[-1])

    def _moment(self) -> float:
        return self._random.uniform(0, 1.5) * self._patience

    def _answer(self, *words: str, kill_after: float | None) -> str:
        """The one line of the command; empty where it was killed before it had written the whole of it."""
        process = subprocess.Popen(
            [self._portcullis, *words, "--state", self._state],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            output, errors = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        assert process.returncode in (0, -9), errors
        self.killed += process.returncode == -9
        return output.strip() if output.endswith("\n") else ""


def test_a_crash_loses_nothing_that_was_answered(portcullis: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    victims = Victims(portcullis, state)
    end = time.monotonic() + 10 * SLOWNESS
    while time.monotonic() < end:
        victims.issue()
        victims.issue()
        victims.revoke()
        if random.random() < 0.1:
            victims.rotate()
    assert victims.killed > 20 and len(victims.issued) > 20 and len(victims.revoked) > 5, vars(victims)
    with closing(sqlite3.connect(state / "tokens.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    listing = json.loads(run(portcullis, "token", "list", "--json", "--state", state).stdout)
    states = {record["id"]: record["state"] for record in listing}
    keys = jwt.PyJWKSet.from_json(run(portcullis, "key", "export", "--state", state).stdout)
    for text in victims.issued:
        key = keys[jwt.get_unverified_header(text)["kid"]].key
        found = jwt.decode(text, key, ["EdDSA"], issuer="portcullis")["jti"]
        assert states[found] in ("valid", "revoked")
    assert {states[found] for found in victims.revoked} == {"revoked"}
    assert set(victims.rotated) <= {key.key_id for key in keys.keys} | ended_keys(portcullis, state)


def ended_keys(portcullis: Path, state: Path) -> set[str]:
    keys = json.loads(run(portcullis, "key", "list", "--json", "--state", state).stdout)
    assert [key["state"] for key in keys].count("signing") == 1
    return {key["id"] for key in keys if key["state"] == "ended"}


# Other processes


def test_many_commands_at_once_beside_a_gateway(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    steady = door.issue("steady", "chat")
    with door.connect(token=steady) as socket, ThreadPoolExecutor(6) as pool:
        texts = list(pool.map(lambda number: door.issue(f"user-{number}", "chat"), range(24)))
        list(pool.map(lambda text: door.revoke("--id", token_id(text)), texts[:12]))
        wait_until(lambda: not any(admits(door, text) for text in texts[:12]), "the revocations are known")
        assert all(admits(door, text) for text in texts[12:])
        assert greets(socket)


def test_another_writer_that_does_not_end(gateway: StartGateway, upstream: Upstream) -> None:
    """Commands say so after some seconds; who only reads is not disturbed."""
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    with door.connect(token=text) as socket:
        with closing(sqlite3.connect(door.state / "tokens.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor(2) as pool:
                answers = [
                    pool.submit(fails, door, "token", "issue", "--subject", "bob"),
                    pool.submit(fails, door, "token", "revoke", "--id", token_id(text)),
                ]
                assert all("another process is writing" in answer.result() for answer in answers)
            assert "alice" in run(door.binary, "token", "list", "--state", door.state).stdout
            door.connect(token=text).close()
            assert greets(socket)
            other.execute("ROLLBACK")
        door.revoke("--id", token_id(text))
        assert socket.closing()[1] == "token-revoked"


def test_another_process_that_keeps_the_folder_locked(gateway: StartGateway, upstream: Upstream) -> None:
    """Commands and operators are told so after some seconds, and the gateway ends all the same."""
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    store, away = door.state / "tokens.sqlite", door.state / "tokens.away"
    folder = os.open(door.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with ThreadPoolExecutor(2) as pool:
            command = pool.submit(fails, door, "token", "revoke", "--id", token_id(text))
            operator = pool.submit(Admin(door).post, "/tokens/revoke", {"subject": "bob"}, 503)
            assert "the state folder is locked by another process for more than 5 s" in command.result()
            assert "locked by another process" in operator.result()["message"]
        assert admits(door, text)
        # To open the store again, the gateway waits for the lock.
        store.rename(away)
        wait_until(lambda: not admits(door, text), "the store is missed")
        away.rename(store)
        door.stop()
    finally:
        os.close(folder)


# Disks

Mount = Callable[..., Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a file system at a new folder, which takes a privilege that not everybody has."""
    mounted: list[Path] = []

    def at(name: str, *words: str | Path) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        result = subprocess.run(["mount", *words, folder], capture_output=True, text=True)
        if result.returncode != 0:
            pytest.skip(f"mount: {result.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield at
    for folder in reversed(mounted):
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk(mount: Mount, gateway: StartGateway, upstream: Upstream) -> None:
    """What cannot be kept is not handed out; what is known still counts, and nobody is cut off."""
    state = mount("small", "-t", "tmpfs", "-o", "size=512k,mode=700", "none")
    door = gateway(upstream, middleware=CHAT, state=state)
    text = door.issue("alice", "chat")
    with door.connect(token=text) as socket:
        rest = state / "rest"
        with pytest.raises(OSError), rest.open("wb") as file:
            while True:
                file.write(bytes(4096))
        for words in (["token", "issue", "--subject", "bob"], ["token", "revoke", text], ["key", "rotate"]):
            assert "the disk is full" in repeated_until_it_fails(door, words)
        assert greets(socket)
        door.connect(token=text).close()
        rest.unlink()
        door.revoke(text)
        assert socket.closing()[1] == "token-revoked"
    run(door.binary, "token", "issue", "--subject", "bob", "--state", state)


def repeated_until_it_fails(door: Gateway, words: list[str]) -> str:
    """What the log beside the file had room for before may be used up first."""
    for _ in range(100):
        result = run(door.binary, *words, "--state", door.state, check=False)
        if result.returncode != 0:
            assert result.returncode == 1 and result.stdout == ""
            return result.stderr
    raise AssertionError(f"never full: {words}")


def test_a_read_only_disk(mount: Mount, gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    with door.connect(token=text) as socket:
        view = mount("view", "--bind", door.state)
        subprocess.run(["mount", "-o", "remount,ro,bind", view], check=True)
        for words in (["token", "issue", "--subject", "bob"], ["token", "revoke", text], ["key", "rotate"]):
            answer = fails(door, *words, state=view)
            assert "readonly" in answer and "can be read and written" in answer
        assert greets(socket)
    listing = run(door.binary, "token", "list", "--state", view, check=False)
    assert listing.returncode == 0 and "alice" in listing.stdout


# Damage


def test_a_store_that_is_gone_for_a_while(gateway: StartGateway, upstream: Upstream) -> None:
    """H38: nobody is admitted meanwhile, and no live socket is closed for it; then all is as before."""
    door = gateway(upstream, middleware=CHAT)
    text, revoked = door.issue("alice", "chat"), door.issue("bob", "chat")
    door.revoke(revoked)
    wait_until(lambda: not admits(door, revoked), "the revocation is known")
    with door.connect(token=text) as socket:
        aside = door.state.parent / "aside"
        door.state.rename(aside)
        wait_until(lambda: not admits(door, text), "the loss is noticed")
        door.refused("token-store-unavailable", 503, token=text)
        assert greets(socket)
        aside.rename(door.state)
        wait_until(lambda: admits(door, text), "the store is found again")
        door.refused("token-revoked", 401, token=revoked)
        assert greets(socket)


def test_damage_under_a_live_socket(gateway: StartGateway, upstream: Upstream) -> None:
    """H38."""
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    with door.connect(token=text) as socket:
        for file in door.state.glob("tokens.sqlite*"):
            file.write_bytes(b"not a database" * 1000)
        wait_until(lambda: not admits(door, text), "the damage is noticed")
        assert greets(socket)
        for words in (["token", "issue", "--subject", "bob"], ["token", "revoke", text], ["key", "list"]):
            assert "backup" in fails(door, *words)
        still_open(socket)


def still_open(socket: Client) -> None:
    socket.ping()


def test_a_store_with_many_tokens(gateway: StartGateway, upstream: Upstream, portcullis: Path, tmp_path: Path) -> None:
    """Of each kind, the first and the last of those that were revoked before the start are refused."""
    state = tmp_path / "state"
    ids = filled.fill(portcullis, state, 20_000, 2000, expired=1000)
    door = gateway(upstream, middleware=CHAT, state=state)
    name, key = forgery.signing_key(state)
    for number, is_good in [(0, False), (1999, False), (2000, True), (18_999, True)]:
        text = forgery.token(key, name, jti=ids[number], sub=f"user-{number % 1000}")
        assert admits(door, text) == is_good
    # Those that have ended go, some with each command.
    before = count(state)
    door.issue("alice", "chat")
    assert before - count(state) > 1
    run(door.binary, "token", "revoke", "--subject", "user-500", "--state", state)
    text = forgery.token(key, name, jti="x", sub="user-500")
    wait_until(lambda: not admits(door, text), "the revocation is known", 1 * SLOWNESS)


def count(state: Path) -> int:
    with closing(sqlite3.connect(state / "tokens.sqlite", timeout=10)) as database:
        return database.execute("SELECT count(*) FROM tokens").fetchone()[0]
