"""What a hostile peer may cost: CPU time, by the threads' own clocks, and memory."""

import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest

import frames
from client import RawClient
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from sanitizers import SLOWNESS, footprint
from upstreams import Upstream

REPETITIONS = 7
NEVER = {"name": "never", "from": "both", "when": {"text": {"contains": "no message holds this"}}, "do": "drop"}
"""A rule that has every message put together, and lets all pass."""


def cpu_milliseconds(door: Gateway, work: Callable[[RawClient], None]) -> float:
    """The least that the gateway used for `work` of a client that has finished TLS: what else it does is not counted."""
    return min(cpu_costs(door, work))


def cpu_costs(door: Gateway, work: Callable[[RawClient], None]) -> list[float]:
    """What it used each time, in milliseconds."""
    costs = []
    for _ in range(REPETITIONS):
        with door.raw() as client:
            # The gateway's tickets have come, so that its part of TLS is over.
            client.send(b"GET ")
            before = door.cpu_seconds()
            work(client)
            costs.append((door.cpu_seconds() - before) * 1000)
    return costs


def test_cpu_of_a_huge_head(gateway: StartGateway, upstream: Upstream) -> None:
    """H13: 20 MB of a head cost no more than 10 ms."""
    door = gateway(upstream)
    piece = b"X: " + b"x" * 16_379 + b"\r\n"

    def send(client: RawClient) -> None:
        with pytest.raises(OSError):
            client.send(b"/echo HTTP/1.1\r\n")
            for _ in range(20_000_000 // len(piece)):
                client.send(piece)

    assert cpu_milliseconds(door, send) <= 10 * SLOWNESS


def test_cpu_of_a_head_a_byte_at_a_time(gateway: StartGateway, upstream: Upstream) -> None:
    """H13: a byte costs the same, however many have come before it."""
    door = gateway(upstream)

    def drip(client: RawClient, count: int) -> None:
        client.send(b"/echo HTTP/1.1\r\nX: ")
        for _ in range(count):
            client.send(b"x")
        client.send(b"\r\n\r\n")
        assert client.response().status == 400

    # A byte costs three times as much where each is a wake-up of its own, and which it is, is for the scheduler to say: the
    # dearest of the short heads is compared with the cheapest of the long ones.
    few = max(cpu_costs(door, lambda client: drip(client, 1_000))) / 1_000
    many = min(cpu_costs(door, lambda client: drip(client, 15_000))) / 15_000
    assert many <= 2 * few, f"{many * 1000:.1f} µs a byte, and {few * 1000:.1f} µs of a short head"


def test_cpu_of_subprotocols_with_much_space(gateway: StartGateway, upstream: Upstream) -> None:
    """H14: 32,000 spaces between two subprotocols cost no more than 1 ms more than none."""
    door = gateway(upstream, listener={"limits": {"header_bytes": "64KiB"}})
    plain, spaced = frames.upgrade_request(), frames.upgrade_request(Sec_WebSocket_Protocol="b" + " " * 32_000 + "x")

    def ask(request: bytes, status: int) -> Callable[[RawClient], None]:
        def run(client: RawClient) -> None:
            client.send(request.removeprefix(b"GET "))
            assert client.head().status == status

        return run

    # A space inside a token is an error.
    assert cpu_milliseconds(door, ask(spaced, 400)) - cpu_milliseconds(door, ask(plain, 101)) <= 1 * SLOWNESS


def declare(door: Gateway, count: int, length: int = 4 << 30) -> None:
    """Clients at once that each declare a message of that length."""
    frame = b"\x82\xff" + length.to_bytes(8, "big") + bytes(4)
    with ExitStack() as opened:
        clients = [opened.enter_context(door.raw()) for _ in range(count)]
        for client in clients:
            client.upgrade()
            client.send(frame)
        for client in clients:
            assert client.close_frame().code == 1009


@pytest.mark.parametrize("inspects", [False, True])
def test_memory_of_declared_lengths(gateway: StartGateway, upstream: Upstream, inspects: bool) -> None:
    """H16: 4 GiB declared by each of 20 clients: resident memory grows by no more than 64 KiB."""

    def growth() -> int:
        """Beyond what clients cost that declare little more than they may."""
        door = gateway(upstream, messages=[NEVER] if inspects else [])
        for _ in range(3):
            declare(door, 20, (64 << 10) + 1)
        before = door.resident_kib()
        declare(door, 20)
        return door.resident_kib() - before

    # One of the workers may get more of the clients than it ever had, each of which weighs 20 KiB: not in each of three runs.
    assert min(growth() for _ in range(3)) <= footprint(64)


def test_memory_of_messages_that_do_not_end(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H17: what is kept of an unfinished message is bounded by the route's limit, for each connection."""
    server = raw_upstream(lambda peer: (peer.switch(), list(peer.messages())))
    door = gateway(server, messages=[NEVER], timeouts={"close": "1s"})
    count = 40
    with ExitStack() as opened:
        clients = [opened.enter_context(door.raw()) for _ in range(count)]
        for client in clients:
            client.upgrade()
        before = door.resident_kib()
        for client in clients:
            for number in range(250):
                client.send_frame(frames.CONTINUATION if number else frames.BINARY, bytes(262), final=False)
            # Its pong is behind all of that.
            client.send_frame(frames.PING, b"there?")
            frame = client.frame()
            assert frame and frame.opcode == frames.PONG
        held = door.resident_kib() - before
        # An array that grows takes up to twice what is in it.
        assert held <= footprint(count * (2 * 64 + 16)), f"{held / count:.0f} KiB for each connection"


def user_milliseconds(binary: Path, policies: Path) -> float:
    """CPU time of `validate`, which is seen when its process is waited for."""
    process = subprocess.Popen(
        [binary, "validate", "--policies", policies], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return (usage.ru_utime + usage.ru_stime) * 1000


def test_cpu_of_an_alias_bomb(portcullis: Path, tmp_path: Path) -> None:
    """H39: 300 bytes that would be 9^9 values are refused for 10 ms more than an empty policy."""
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi")]
    bomb, empty = tmp_path / "bomb.yaml", tmp_path / "empty.yaml"
    bomb.write_text("\n".join(lines) + "\n")
    empty.write_text("a: 1\n")
    assert bomb.stat().st_size < 400
    rounds = [(user_milliseconds(portcullis, bomb), user_milliseconds(portcullis, empty)) for _ in range(9)]
    assert median(with_bomb - without for with_bomb, without in rounds) <= 10 * SLOWNESS
