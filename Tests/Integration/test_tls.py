"""The TLS side of a listener."""

import ctypes
import ctypes.util
import socket
import ssl
import subprocess
import warnings
from pathlib import Path

import pytest

from client import RawClient
from conftest import StartGateway
from gateway import Gateway, make_certificates
from lines import PATIENCE
from policy import certificate_pair
from upstreams import Upstream


def only(version: ssl.TLSVersion, door: Gateway, ciphers: str | None = None) -> ssl.SSLContext:
    with warnings.catch_warnings():
        # The old versions are deprecated: they are tried here so that they fail.
        warnings.simplefilter("ignore", DeprecationWarning)
        context = door.context(minimum_version=version, maximum_version=version)
    if ciphers:
        context.set_ciphers(ciphers)
    return context


@pytest.mark.parametrize(("version", "name"), [("TLSv1_2", "TLSv1.2"), ("TLSv1_3", "TLSv1.3")])
def test_versions(gateway: StartGateway, upstream: Upstream, version: str, name: str) -> None:
    """H30."""
    door = gateway(upstream)
    with door.raw(context=only(ssl.TLSVersion[version], door)) as client:
        assert client.socket.version() == name
        client.upgrade()


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_refused(gateway: StartGateway, upstream: Upstream, version: str) -> None:
    """H30."""
    door = gateway(upstream)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        door.raw(context=only(ssl.TLSVersion[version], door, "ALL:@SECLEVEL=0")).close()


def test_minimum_version(gateway: StartGateway, upstream: Upstream, certificates: Path) -> None:
    tls = {"certificates": [certificate_pair(certificates)], "minimum_version": "1.3"}
    door = gateway(upstream, listener={"tls": tls})
    with pytest.raises((ssl.SSLError, ConnectionError)):
        door.raw(context=only(ssl.TLSVersion.TLSv1_2, door)).close()
    door.connect().close()


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-GCM-SHA256"])
def test_ciphers_without_authentication_or_forward_secrecy(
    gateway: StartGateway, upstream: Upstream, cipher: str
) -> None:
    """H30."""
    door = gateway(upstream)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        door.raw(context=only(ssl.TLSVersion.TLSv1_2, door, f"{cipher}:@SECLEVEL=0")).close()


def test_nothing_but_authenticated_ciphers(gateway: StartGateway, upstream: Upstream) -> None:
    """H30: each cipher that OpenSSL has for TLS 1.2, offered alone."""
    door = gateway(upstream)
    everything = only(ssl.TLSVersion.TLSv1_2, door, "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    names = [cipher["name"] for cipher in everything.get_ciphers() if not cipher["name"].startswith("TLS_")]
    assert len(names) > 50
    taken = set()
    for name in names:
        try:
            door.raw(context=only(ssl.TLSVersion.TLSv1_2, door, f"{name}:@SECLEVEL=0")).close()
            taken.add(name)
        except (ssl.SSLError, ConnectionError):
            pass
    assert taken == {
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    }  # fmt: skip


def hello(compression: bytes) -> bytes:
    """A client's hello of TLS 1.2 with these compression methods (RFC 5246 section 7.4.1.2, RFC 3749)."""

    def sized(width: int, data: bytes) -> bytes:
        return len(data).to_bytes(width) + data

    def extension(number: int, data: bytes) -> bytes:
        return number.to_bytes(2) + sized(2, data)

    extensions = (
        extension(10, sized(2, bytes.fromhex("0017")))  # P-256
        + extension(11, sized(1, b"\0"))
        + extension(13, sized(2, bytes.fromhex("0403")))  # ECDSA with SHA-256
    )
    ciphers = bytes.fromhex("c02b")  # ECDHE-ECDSA-AES128-GCM-SHA256
    body = b"\3\3" + 32 * b"r" + sized(1, b"") + sized(2, ciphers) + sized(1, compression) + sized(2, extensions)
    return b"\x16\3\1" + sized(2, b"\1" + sized(3, body))


def answer_to_hello(door: Gateway, compression: bytes) -> bytes:
    """The first record that the gateway sends."""
    with socket.create_connection(("127.0.0.1", door.port)) as plain, plain.makefile("rb") as stream:
        plain.settimeout(PATIENCE)
        plain.sendall(hello(compression))
        head = stream.read(5)
        return head[:1] + stream.read(int.from_bytes(head[3:5]))


def test_compression_is_never_chosen(gateway: StartGateway, upstream: Upstream) -> None:
    """H30: DEFLATE, which a client would rather have (CRIME)."""
    door = gateway(upstream)
    record = answer_to_hello(door, bytes([1, 0]))
    assert record[:2] == b"\x16\2", "not a server's hello"
    session_bytes = record[1 + 4 + 34]
    cipher_at = 1 + 4 + 35 + session_bytes
    assert record[cipher_at : cipher_at + 3] == b"\xc0\x2b\0"


def test_compression_alone_is_refused(gateway: StartGateway, upstream: Upstream) -> None:
    """H30."""
    record = answer_to_hello(gateway(upstream), bytes([1]))
    assert record[:2] == b"\x15\2", "not a fatal alert"


def test_renegotiation_is_refused(gateway: StartGateway, upstream: Upstream) -> None:
    """H30: by a client of OpenSSL's own, which asks for another handshake inside the first."""
    door = gateway(upstream)
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", "-tls1_2"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as client:
        assert client.stdin and client.stderr
        # It goes by itself when it is refused: an end of its input would come before that.
        client.stdin.write(b"R\n")
        client.stdin.flush()
        said = client.stderr.read()
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said
    door.connect().close()


def test_alpn(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    context = ssl.create_default_context(cafile=str(door.certificates / "ca.pem"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with door.raw(context=context) as client:
        assert client.socket.selected_alpn_protocol() == "http/1.1"
        client.upgrade()


def test_certificate_by_server_name(
    gateway: StartGateway, upstream: Upstream, certificates: Path, portcullis: Path, tmp_path: Path
) -> None:
    other = make_certificates(portcullis, tmp_path / "other", "other.test")
    tls = {"certificates": [certificate_pair(certificates), certificate_pair(other)]}
    door = gateway(upstream, listener={"tls": tls})
    theirs = ssl.create_default_context(cafile=str(other / "ca.pem"))
    for context, name in [(door.context(), "localhost"), (theirs, "other.test")]:
        with door.raw(context=context, server_name=name) as client:
            names = [value for kind, value in client.socket.getpeercert()["subjectAltName"] if kind == "DNS"]
            assert name in names
            client.upgrade()


def test_first_certificate_answers_unknown_names(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    for name in ["unknown.test", None]:
        context = door.context(check_hostname=False)
        with (
            socket.create_connection(("127.0.0.1", door.port)) as plain,
            context.wrap_socket(plain, server_hostname=name) as client,
        ):
            assert ("DNS", "localhost") in client.getpeercert()["subjectAltName"]


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_sessions_are_resumed(gateway: StartGateway, upstream: Upstream, version: str) -> None:
    door = gateway(upstream)
    context = only(ssl.TLSVersion[version], door)
    with door.raw(context=context) as client:
        client.upgrade()
        session = client.socket.session
    assert session.has_ticket
    with door.raw(context=context, session=session) as client:
        assert client.socket.session_reused
        client.upgrade()


def test_something_other_than_tls(gateway: StartGateway, upstream: Upstream) -> None:
    """The listener goes on after it."""
    door = gateway(upstream)
    with socket.create_connection(("127.0.0.1", door.port)) as plain:
        plain.settimeout(PATIENCE)
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            while plain.recv(1024):
                pass
        except ConnectionError:
            pass
    door.connect().close()


def test_peer_that_never_speaks(gateway: StartGateway, upstream: Upstream) -> None:
    """H23: TLS has the handshake deadline as well."""
    door = gateway(upstream, listener={"limits": {"handshake_timeout": "500ms"}})
    with socket.create_connection(("127.0.0.1", door.port)) as plain:
        plain.settimeout(PATIENCE)
        assert plain.recv(1) == b""
    door.connect().close()


def test_client_that_does_not_trust_the_authority(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    with pytest.raises(ssl.SSLCertVerificationError):
        RawClient(door.port, ssl.create_default_context())
    door.connect().close()


def test_flood_of_key_updates(gateway: StartGateway, upstream: Upstream) -> None:
    """A client that asks for keys and reads no answer is given up before the answers fill the memory."""
    library = ctypes.CDLL(ctypes.util.find_library("ssl"))
    for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
        getattr(library, name).restype = ctypes.c_void_p
    door = gateway(upstream)
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", door.port))
        context = ctypes.c_void_p(library.SSL_CTX_new(ctypes.c_void_p(library.TLS_client_method())))
        session = ctypes.c_void_p(library.SSL_new(context))
        try:
            library.SSL_set_fd(session, plain.fileno())
            library.SSL_set_alpn_protos(session, b"\x08http/1.1", 9)
            assert library.SSL_connect(session) == 1
            update_requested = 1
            updates = 0
            while library.SSL_key_update(session, update_requested) == 1 and library.SSL_do_handshake(session) == 1:
                updates += 1
                assert updates < 200_000, "the gateway takes them all"
        finally:
            library.SSL_free(session)
            library.SSL_CTX_free(context)
