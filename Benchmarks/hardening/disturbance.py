#!/usr/bin/env python3
"""What well-behaved connections notice of hostile ones: lines 23 and 28 of the hardening list.

    .venv/bin/python Benchmarks/hardening/disturbance.py slow-peers      a good peer's connect beside 2,000 slow peers
    .venv/bin/python Benchmarks/hardening/disturbance.py over-the-cap    relays beside a flood of connections over the cap

Rounds with and without the disturbance take turns. Each measures the same number of connects, or of round trips; what is
printed are the medians of the rounds' percentiles, and their ratio. Hostile peers live in a process of their own, which
is niced. On a machine with few cores they cost the others time whatever the gateway does; so there is a third kind of round
for the flood, in which the same one hits a program that only accepts and closes. Needs what `./dev test integration`
installs and builds.
"""

import argparse
import contextlib
import multiprocessing
import os
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "Tests/Integration"))

import frames  # noqa: E402
import policy as policies  # noqa: E402
from client import RawClient  # noqa: E402
from gateway import Gateway, make_certificates  # noqa: E402
from upstreams import Upstream  # noqa: E402

HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
SLOW = {"TLS": 1000, "head": 500, "upstream": 500}
DRIP_SECONDS = 2.0
RELAYS = 20
FLOOD_PER_SECOND = 500
FORK = multiprocessing.get_context("fork")


# --- Hostile peers, in a process of their own ---


def slow_peers(port: int, context: ssl.SSLContext, orders: Connection) -> None:
    """2,000 peers that finish nothing, and those that send send a byte every two seconds."""
    tls = [socket.create_connection(("127.0.0.1", port)) for _ in range(SLOW["TLS"])]
    for each in tls:
        each.sendall(HALF_HELLO)
    heads = [RawClient(port, context) for _ in range(SLOW["head"])]
    asking = [RawClient(port, context) for _ in range(SLOW["upstream"])]
    for client in asking:
        client.send(frames.upgrade_request("/silent"))
    for client in heads:
        client.send(b"GET /echo HTTP/1.1\r\nX: ")
    orders.send("ready")
    dripping = [*(client.socket for client in heads), *tls]
    while not orders.poll(0):
        for each in dripping:
            with contextlib.suppress(OSError):
                each.send(b"x")
            time.sleep(DRIP_SECONDS / len(dripping))
    for each in [*tls, *heads, *asking]:
        each.close()


def flood(port: int, _: ssl.SSLContext, orders: Connection) -> None:
    """Connections over the cap, so many a second."""
    orders.send("ready")
    count, start = 0, time.monotonic()
    while not orders.poll(0):
        count += 1
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(HALF_HELLO)
            connection.recv(1)
        time.sleep(max(0.0, start + count / FLOOD_PER_SECOND - time.monotonic()))


def flood_elsewhere(_: int, context: ssl.SSLContext, orders: Connection) -> None:
    """The same flood, at what only accepts and closes."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:

        def close_all() -> None:
            while True:
                listener.accept()[0].close()

        server = FORK.Process(target=close_all)
        server.start()
        try:
            flood(listener.getsockname()[1], context, orders)
        finally:
            server.kill()


@contextlib.contextmanager
def disturbed(by: Callable[..., None] | None, door: Gateway) -> Iterator[None]:
    if by is None:
        yield
        return
    here, there = FORK.Pipe()

    def run() -> None:
        os.nice(10)
        context = ssl.create_default_context(cafile=str(door.certificates / "ca.pem"))
        by(door.port, context, there)

    process = FORK.Process(target=run)
    process.start()
    try:
        assert here.poll(120) and here.recv() == "ready"
        assert by is not slow_peers or door.descriptors() > sum(SLOW.values()), "not all of them are there"
        yield
    finally:
        here.send("end")
        process.join(60)
        process.kill()


class QuietGateway(Gateway):
    """Its audit log would be read by the process that measures."""

    options = ["--audit-log", "/dev/null"]


# --- What is measured ---

Kind = Callable[..., None] | None
"""What disturbs a round; None for a quiet one."""


def connects(door: Gateway, _: list[RawClient]) -> list[float]:
    """Seconds from the first byte to the 101 of one connection after another."""
    times = []
    for _ in range(200):
        start = time.perf_counter()
        with door.raw() as client:
            client.upgrade()
            times.append(time.perf_counter() - start)
    return times


def round_trips(_: Gateway, relays: list[RawClient]) -> list[float]:
    """Seconds of a message's way there and back."""
    times = []
    for _ in range(3000 // len(relays)):
        for client in relays:
            start = time.perf_counter()
            client.send_frame(frames.TEXT, b"hello")
            client.frame()
            times.append(time.perf_counter() - start)
    return times


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def measure(what: str, rounds: int, binary: Path) -> None:
    kinds, sample, cap = {
        "slow-peers": ([None, slow_peers], connects, 10_000),
        "over-the-cap": ([None, flood_elsewhere, flood], round_trips, RELAYS),
    }[what]
    found: dict[Kind, list[list[float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=4096) as silent:
        certificates = make_certificates(binary, Path(folder) / "certificates", "localhost")
        upstream = Upstream()
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        limits = {"connections": cap, "handshake_timeout": "10m", "drain_window": "1s"}
        policy = policies.whole(
            listeners={"public": policies.listener(certificates, limits=limits)},
            upstreams={
                "main": policies.upstream(upstream.url),
                "silent": policies.upstream(url, handshake_timeout="10m"),
            },
            routes=[policies.route(), policies.route("silent", upstream="silent")],
        )
        try:
            with QuietGateway(binary, Path(folder), certificates, policy, None) as door, contextlib.ExitStack() as opened:
                relays = [opened.enter_context(door.raw()) for _ in range(RELAYS if flood in kinds else 0)]
                for client in relays:
                    client.upgrade()
                sample(door, relays)
                for number in range(rounds):
                    # Which comes first changes, so that a machine that slows down favours none.
                    for kind in kinds[number % len(kinds) :] + kinds[: number % len(kinds)]:
                        with disturbed(kind, door):
                            found[kind].append(sample(door, relays))
                for client in relays:
                    client.close()
        finally:
            upstream.end()
    report(what, kinds, found)


def report(what: str, kinds: list[Kind], found: dict[Kind, list[list[float]]]) -> None:
    names = ["quiet", *(kind.__name__ for kind in kinds if kind)]
    print(f"{what}: {len(found[None])} rounds of {len(found[None][0])}, medians of the rounds' percentiles in ms")
    print(" " * 5, *(f"{name:>16}" for name in names), "   against the one before")
    for share in (0.5, 0.9, 0.99):
        values = [median(percentile(times, share) for times in found[kind]) for kind in kinds]
        ratios = [f"{later / earlier:.2f}" for earlier, later in zip(values, values[1:])]
        print(f"p{share * 100:<4.0f}", *(f"{value:16.2f}" for value in values), "  ", *ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["slow-peers", "over-the-cap"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/portcullis")
    arguments = parser.parse_args()
    measure(arguments.what, arguments.rounds, arguments.binary.absolute())


if __name__ == "__main__":
    main()
