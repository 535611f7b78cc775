"""A standard error that cannot be written, or that nobody reads, costs its lines, and no connection."""

import fcntl
import json
import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import frames
import policy as policies
from client import RawClient
from conftest import StartUpstream
from gateway import run
from lines import PATIENCE, Lines, wait_until
from upstreams import Peer

CLOSED = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
"""Runs a command without descriptors 0 to 2."""


def echo(peer: Peer) -> None:
    peer.switch()
    for frame in peer.messages():
        peer.send(frames.encode(frame.opcode, frame.payload, masked=False))


def not_found(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


class Door:
    """A gateway whose standard error the test has made: `/echo` works, and `/bad` logs a line for each handshake."""

    def __init__(
        self, binary: Path, folder: Path, certificates: Path, urls: tuple[str, str], stderr: int, around: list[str]
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.binary, self.folder, self.state, self.audit = binary, folder, folder / "state", folder / "audit.log"
        self.context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
        policy = policies.whole(
            listeners={"public": policies.listener(certificates, address=f"127.0.0.1:{self.port}")},
            upstreams={"main": policies.upstream(urls[0]), "bad": policies.upstream(urls[1])},
            routes=[policies.route(), policies.route("bad", upstream="bad")],
        )
        policies.write(folder / "policies", policy)
        words = ["--workers", "2", "--audit-log", self.audit, "--log-level", "debug"]
        self.process = subprocess.Popen(
            [*around, binary, "run", "--policies", folder / "policies", "--state", self.state, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        wait_until(self.listens, "the gateway listens")

    def listens(self) -> bool:
        assert self.process.poll() is None, self.process.returncode
        try:
            socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
        except ConnectionRefusedError:
            return False
        return True

    def client(self) -> RawClient:
        return RawClient(self.port, self.context)

    def fail(self, times: int) -> None:
        """Handshakes to the upstream that answers 404."""
        for _ in range(times):
            with self.client() as client:
                client.send(frames.upgrade_request("/bad"))
                assert client.response().status == 502

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10 + PATIENCE)


StartDoor = Callable[..., Door]


def say(client: RawClient, text: bytes) -> None:
    client.send_frame(frames.TEXT, text)
    frame = client.frame()
    assert frame and frame.payload == text


@pytest.fixture
def door(
    portcullis: Path, certificates: Path, tmp_path: Path, raw_upstream: StartUpstream
) -> Iterator[StartDoor]:
    started: list[Door] = []

    def start(stderr: int, around: list[str] | None = None) -> Door:
        urls = (raw_upstream(echo).url, raw_upstream(not_found).url)
        started.append(Door(portcullis, tmp_path, certificates, urls, stderr, around or []))
        return started[-1]

    yield start
    for door in started:
        door.process.kill()
        door.process.wait()


@pytest.fixture
def pipe() -> Iterator[list[int]]:
    """A pipe that holds 4 KiB: its reader, and its writer. Those that a test closes it takes out."""
    ends = list(os.pipe())
    fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, 4096)
    yield ends
    for end in ends:
        os.close(end)


def test_reader_has_gone(door: StartDoor, pipe: list[int]) -> None:
    gateway = door(pipe[1])
    with gateway.client() as live:
        live.upgrade()
        os.close(pipe.pop(1))
        os.close(pipe.pop(0))
        gateway.fail(20)
        say(live, b"still there")
        with gateway.client() as fresh:
            fresh.upgrade()
            say(fresh, b"new")
    assert gateway.end() == 0


def test_full_disk(door: StartDoor) -> None:
    with open("/dev/full", "wb") as full:
        gateway = door(full.fileno())
    with gateway.client() as live:
        live.upgrade()
        gateway.fail(20)
        say(live, b"still there")
    assert gateway.end() == 0


def test_reader_does_not_read(door: StartDoor, pipe: list[int]) -> None:
    gateway = door(pipe[1])
    with gateway.client() as live:
        live.upgrade()
        gateway.fail(100)
        say(live, b"still there")
        with gateway.client() as fresh:
            fresh.upgrade()
            say(fresh, b"new")
    assert gateway.end() == 0


def test_lost_lines_are_counted(door: StartDoor, pipe: list[int]) -> None:
    """More lines than may wait, which policies with as many mistakes make; the reader comes back."""
    gateway = door(pipe[1])
    os.close(pipe.pop(1))
    gateway.fail(100)
    mistakes = {f"mistake-{number}": 1 for number in range(8000)}
    policies.write(gateway.folder / "policies", mistakes)
    assert run(gateway.binary, "reload", "--state", gateway.state, check=False).returncode == 1
    with os.fdopen(pipe.pop(), "r") as reader:
        lines = Lines(reader)
        line = lines.wait(lambda line: " log lines lost " in line)
        assert re.search(r"^\S+ warning log lines lost count=[1-9]\d*$", line)
        # Those that come then are written as ever.
        seen = len(lines.so_far())
        gateway.fail(1)
        lines.wait(lambda line: "upstream did not upgrade" in line, after=seen)
        assert gateway.end() == 0
        lines.to_end()


def test_closed_descriptors_are_not_used(door: StartDoor) -> None:
    """The audit log's file would be standard error, and get both."""
    gateway = door(subprocess.DEVNULL, CLOSED)
    gateway.fail(5)
    gateway.process.send_signal(signal.SIGHUP)
    with gateway.client() as client:
        client.upgrade()
        say(client, b"hello")
        for number in range(3):
            assert os.readlink(f"/proc/{gateway.process.pid}/fd/{number}") == "/dev/null"
    assert gateway.end() == 0
    events = [json.loads(line)["event"] for line in gateway.audit.read_text().splitlines()]
    assert (events.count("opened"), events.count("closed")) == (1, 1)
    assert events.count("refused") >= 5


@pytest.mark.parametrize("is_gone", [False, True])
def test_answer_that_cannot_be_written(portcullis: Path, tmp_path: Path, pipe: list[int], is_gone: bool) -> None:
    """A reader that has gone knows it; anything else is told."""
    run(portcullis, "token", "issue", "--subject", "alice", "--state", tmp_path)
    os.close(pipe.pop(0))
    with open("/dev/full", "wb") as full:
        found = subprocess.run(
            [portcullis, "token", "list", "--state", tmp_path],
            stdin=subprocess.DEVNULL,
            stdout=pipe[0] if is_gone else full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )
    told = "" if is_gone else "portcullis: standard output cannot be written: No space left on device\n"
    assert (found.returncode, found.stderr) == (1, told)


def test_note_that_cannot_be_written(portcullis: Path, tmp_path: Path, pipe: list[int]) -> None:
    """The command ends as it would otherwise."""
    (tmp_path / "policy.yaml").write_text("routes: [")
    words = [portcullis, "validate", "--policies", tmp_path]

    def validate(stderr: int) -> int:
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=stderr, timeout=PATIENCE).returncode

    os.close(pipe.pop(0))
    assert validate(pipe[0]) == 1
    with open("/dev/full", "wb") as full:
        assert validate(full.fileno()) == 1
