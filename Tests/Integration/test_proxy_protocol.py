"""Load balancers that say by the PROXY protocol whom they bring: HAProxy, and hand-made headers."""

import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from client import Client
from conftest import StartGateway
from gateway import Gateway
from lines import PATIENCE, wait_until
from upstreams import Upstream

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
BALANCER = "127.0.0.9"
"""The address that hand-made headers come from."""


def line(source: str) -> bytes:
    """A header of version 1."""
    return f"PROXY TCP4 {source} 127.0.0.1 5000 8443\r\n".encode()


def binary(source: str, values: bytes = b"") -> bytes:
    """A header of version 2, with `values` behind its addresses."""
    addresses = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 5000, 8443)
    return SIGNATURE + struct.pack(">BBH", 0x21, 0x11, len(addresses + values)) + addresses + values


LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


def plain(door: Gateway, header: bytes, source: str = BALANCER) -> socket.socket:
    """A connection that has sent a header, and nothing else yet."""
    connection = socket.create_connection(("127.0.0.1", door.port), PATIENCE, (source, 0))
    connection.sendall(header)
    return connection


def connect(door: Gateway, header: bytes, source: str = BALANCER, port: int | None = None) -> Client:
    connection = (
        socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0)) if port else plain(door, header, source)
    )
    return Client(door.url(), sock=connection, ssl=door.context(), proxy=None, open_timeout=PATIENCE)


def is_closed(connection: socket.socket) -> bool:
    """Waits for the other side to close."""
    connection.settimeout(PATIENCE)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def dropped(door: Gateway, reason: str, count: int = 1) -> None:
    """Waits for so many audit lines of connections that were dropped for that reason."""

    def has_come() -> bool:
        return sum(entry.get("reason") == reason and "status" not in entry for entry in door.audit.so_far()) >= count

    wait_until(has_come, f"{count} × {reason}")


@contextmanager
def haproxy(folder: Path, door: Gateway, option: str) -> Iterator[int]:
    """HAProxy before the gateway, which it gives TLS as it comes; its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/sbin")
    assert program, "HAProxy is missing; ./dev test installs it"
    configuration = folder / f"{option}.cfg"
    configuration.write_text(
        f"""
global
    maxconn 100
defaults
    mode tcp
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    default-server inter 200ms
listen front
    bind fd@{listening.fileno()}
    server door 127.0.0.1:{door.port} {option} check
"""
    )
    process = subprocess.Popen([program, "-db", "-f", configuration], pass_fds=[listening.fileno()])
    try:
        yield listening.getsockname()[1]
    finally:
        process.kill()
        process.wait()
        listening.close()


@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn"])
def test_haproxy(gateway: StartGateway, upstream: Upstream, tmp_path: Path, option: str) -> None:
    """The client's address is the one that HAProxy has seen: for admission, the chain, the log and the server behind."""
    middleware = [{"ip_filter": {"allow": ["127.0.0.7/32"]}}]
    admission = [{"ip_filter": {"allow": ["127.0.0.7", "127.0.0.8"]}}]
    door = gateway(upstream, listener={"proxy_protocol": ["127.0.0.1"], "admission": admission}, middleware=middleware)
    with haproxy(tmp_path, door, option) as port:
        with connect(door, b"", "127.0.0.7", port) as client:
            client.send("hello")
            assert client.recv() == "hello:hello"
            assert door.wait_audit("opened")["client"] == "127.0.0.7"
            assert upstream.wait("open")["headers"]["x-forwarded-for"] == "127.0.0.7"
        with pytest.raises(InvalidStatus, match="403"):
            connect(door, b"", "127.0.0.8", port)
        assert door.wait_audit("refused", client="127.0.0.8")["reason"] == "ip-not-allowed"
        with pytest.raises((OSError, ssl.SSLError)):
            connect(door, b"", "127.0.0.6", port)
        dropped(door, "ip-not-allowed")
        assert door.wait_audit("refused", client="127.0.0.6")["listener"] == "public"


@pytest.mark.parametrize("header", [line("192.0.2.7"), binary("192.0.2.7"), binary("192.0.2.7", bytes(4068))])
def test_header_and_tls_in_pieces(gateway: StartGateway, upstream: Upstream, header: bytes) -> None:
    """The header a byte at a time; then with the ClientHello behind it in the same segment."""
    door = gateway(upstream, listener={"proxy_protocol": [BALANCER]})
    connection = plain(door, b"")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for place in range(len(header)):
        connection.sendall(header[place : place + 1])
    with Client(door.url(), sock=connection, ssl=door.context(), proxy=None, open_timeout=PATIENCE) as client:
        client.send("hello")
        assert client.recv() == "hello:hello"
    assert door.wait_audit("opened")["client"] == "192.0.2.7"

    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = door.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    with plain(door, header + outgoing.read()) as connection:
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(16384))
        assert session.version() == "TLSv1.3"


def test_local(gateway: StartGateway, upstream: Upstream) -> None:
    """A load balancer that speaks for itself has its own address. One that only looks whether somebody is there leaves no line."""
    door = gateway(upstream, listener={"proxy_protocol": [BALANCER]})
    plain(door, LOCAL).close()
    plain(door, b"").close()
    for header in (LOCAL, b"PROXY UNKNOWN\r\n"):
        connect(door, header).close()
    wait_until(lambda: len(door.audit.so_far()) == 4, "two opened and two closed")
    assert {entry["client"] for entry in door.audit.so_far()} == {BALANCER}


def test_of_others_none_is_taken(gateway: StartGateway, upstream: Upstream) -> None:
    """Who is not named cannot say that it is somebody else, and needs no header."""
    door = gateway(upstream, listener={"proxy_protocol": [BALANCER]})
    with pytest.raises((OSError, ssl.SSLError)):
        connect(door, line("192.0.2.7"), "127.0.0.5")
    connect(door, b"", "127.0.0.5").close()
    assert door.wait_audit("opened")["client"] == "127.0.0.5"


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00", line("192.0.2.07"), binary("192.0.2.7")[:12] + b"\x11", b"PROXY " + b"x" * 200]
)
def test_without_a_header(gateway: StartGateway, upstream: Upstream, sent: bytes) -> None:
    """H41: who is named and does not say it is dropped; the operator is told which listener, and not for each."""
    door = gateway(upstream, listener={"proxy_protocol": [BALANCER]})
    bystander = door.connect()
    for _ in range(5):
        with plain(door, sent + bytes(200)) as connection:
            assert is_closed(connection)
    dropped(door, "malformed-proxy-header", 5)
    told = door.log.wait(lambda line: "PROXY header" in line)
    assert "listener=public" in told and BALANCER in told and "proxy_protocol" in told
    bystander.send("hello")
    assert bystander.recv() == "hello:hello"
    bystander.close()
    assert sum("PROXY header" in line for line in door.log.so_far()) <= 2


def test_silence(gateway: StartGateway, upstream: Upstream) -> None:
    """H23: one deadline for header, TLS and head together."""
    door = gateway(upstream, listener={"proxy_protocol": [BALANCER], "limits": {"handshake_timeout": "500ms"}})
    with plain(door, b"PROXY TCP4 ") as connection:
        assert is_closed(connection)
    dropped(door, "request-timeout")
    with plain(door, line("192.0.2.7")) as connection:
        assert is_closed(connection)
    dropped(door, "request-timeout", 2)
    assert door.wait_audit("refused", client="192.0.2.7")


def test_rate_by_named_address(gateway: StartGateway, upstream: Upstream) -> None:
    """Each client has its own bucket, and the load balancer none."""
    admission = [{"connection_rate": {"rate": "1/1h", "burst": 2}}]
    door = gateway(upstream, listener={"proxy_protocol": [BALANCER], "admission": admission})
    for client in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        for _ in range(2):
            connect(door, line(client)).close()
        with pytest.raises((OSError, ssl.SSLError)):
            connect(door, line(client))
    dropped(door, "connection-rate-exceeded", 3)


def test_drain_and_reload(gateway: StartGateway, upstream: Upstream) -> None:
    """One that has said nothing yet holds up no drain; a reload changes nothing for those that are here."""
    door = gateway(upstream, listener={"proxy_protocol": [BALANCER]})
    waiting = plain(door, b"PROX")
    client = connect(door, line("192.0.2.7"))
    policy = door.policy
    policy["listeners"]["public"].pop("proxy_protocol")
    door.reload(policy)
    client.send("hello")
    assert client.recv() == "hello:hello"
    connect(door, b"").close()
    door.terminate()
    assert client.closing()[0] == 1012
    door.stop()
    assert is_closed(waiting)
    waiting.close()
