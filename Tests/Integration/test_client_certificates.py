"""Mutual TLS: certificates of clients, and for whom a session may be resumed."""

import datetime
import re
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import frames
from client import RawClient
from conftest import StartGateway
from gateway import Gateway, make_certificates
from lines import PATIENCE
from policy import certificate_pair, route
from upstreams import Upstream

VERSIONS = ["TLSv1_2", "TLSv1_3"]
TLS_ERRORS = (ssl.SSLError, ConnectionError)


@dataclass
class Identity:
    certificate: Path
    key: Path


class Authority:
    """Signs certificates for clients."""

    def __init__(self, folder: Path, name: str = "Clients") -> None:
        folder.mkdir()
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
        self.file = folder / "authority.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *extensions: x509.ExtensionType,
        seconds: float = 3600,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(seconds=seconds))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self._key, hashes.SHA256())

    def identity(
        self, name: str = "alice", *, seconds: float = 3600, purpose: str = "CLIENT_AUTH", units: int = 0
    ) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
                *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, 60 * "u") for _ in range(units)),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        certificate = self._sign(
            subject, key.public_key(), x509.ExtendedKeyUsage([getattr(ExtendedKeyUsageOID, purpose)]), seconds=seconds
        )
        base = str(certificate.serial_number)
        identity = Identity(self.folder / f"{base}.pem", self.folder / f"{base}.key")
        identity.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        identity.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return identity


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authorities") / "clients")


@pytest.fixture(scope="module")
def other_host(portcullis: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second certificate for the listener."""
    return make_certificates(portcullis, tmp_path_factory.mktemp("other") / "certificates", "other.test")


HEADERS = {"headers": {"request": {"set": {"X-Client-Cert": "${client.certificate}"}}}}


def mutual(
    gateway: StartGateway, upstream: Upstream, certificates: Path, authority: Authority, mode: str, *more: Path
) -> Gateway:
    tls = {
        "certificates": [certificate_pair(folder) for folder in (certificates, *more)],
        "client_certificates": {"authority": str(authority.file), "mode": mode},
    }
    return gateway(upstream, listener={"tls": tls}, routes=[route(middleware=[HEADERS])])


def context(door: Gateway, identity: Identity | None, version: str = "TLSv1_3", *more: Path) -> ssl.SSLContext:
    number = ssl.TLSVersion[version]
    found = door.context(minimum_version=number, maximum_version=number)
    for folder in more:
        found.load_verify_locations(str(folder / "ca.pem"))
    if identity:
        found.load_cert_chain(identity.certificate, identity.key)
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["require", "request"])
def test_certificate_of_the_authority(
    gateway: StartGateway, upstream: Upstream, certificates: Path, authority: Authority, mode: str, version: str
) -> None:
    """H31: its subject is in the audit log, and goes to the upstream; nobody else can say it, in any spelling."""
    door = mutual(gateway, upstream, certificates, authority, mode)
    spoofed = frames.upgrade_request().removesuffix(b"\r\n")
    spoofed += b"X-Client-Cert: CN=root\r\nX_Client_Cert: CN=root\r\nx-client_cert: CN=root\r\n\r\n"
    with door.raw(context=context(door, authority.identity("Zoë, Ltd"), version)) as client:
        client.upgrade(spoofed)
    subject = r"CN=Zo\C3\AB\, Ltd,O=Example,C=DE"
    headers = upstream.wait("open")["headers"]
    assert headers["x-client-cert"] == subject
    assert not any("root" in value for value in headers.values())
    assert door.wait_audit("opened")["client_certificate"] == subject
    assert door.wait_audit("closed")["client_certificate"] == subject


def test_no_certificate_where_it_is_only_requested(
    gateway: StartGateway, upstream: Upstream, certificates: Path, authority: Authority
) -> None:
    door = mutual(gateway, upstream, certificates, authority, "request")
    with door.raw() as client:
        client.upgrade(frames.upgrade_request(X_Client_Cert="CN=root"))
    assert upstream.wait("open")["headers"]["x-client-cert"] == ""
    assert "client_certificate" not in door.wait_audit("opened")


def refused(door: Gateway, used: ssl.SSLContext) -> str:
    """Sees TLS fail with an alert, and with nothing else; gives the alert's name."""
    with pytest.raises(ssl.SSLError) as found, door.raw(context=used) as client:
        # A client of TLS 1.3 is ready before it is told.
        assert client.socket.recv(1) == b""
    return found.value.reason


@pytest.mark.parametrize("version", VERSIONS)
def test_required_certificate_is_missing(
    gateway: StartGateway, upstream: Upstream, certificates: Path, authority: Authority, version: str
) -> None:
    """H31."""
    door = mutual(gateway, upstream, certificates, authority, "require")
    assert refused(door, context(door, None, version)) in (
        "TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE",
    )  # fmt: skip
    line = door.wait_audit("refused")
    assert line["reason"] == "client-certificate-missing" and not {"status", "detail"} & line.keys()
    with door.raw(context=context(door, authority.identity(), version)) as client:
        client.upgrade()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["require", "request"])
@pytest.mark.parametrize("fault", ["stranger", "over", "purpose", "key", "subject"])
def test_certificate_that_does_not_hold(
    gateway: StartGateway,
    upstream: Upstream,
    certificates: Path,
    authority: Authority,
    tmp_path: Path,
    mode: str,
    version: str,
    fault: str,
) -> None:
    """H31: also where none is needed."""
    match fault:
        case "stranger":
            identity, alert = Authority(tmp_path / "stranger", "Strangers").identity(), "TLSV1_ALERT_UNKNOWN_CA"
        case "key":
            # The authority's name, and not its key.
            identity, alert = Authority(tmp_path / "stranger").identity(), "ALERT"
        case "over":
            identity, alert = authority.identity(seconds=-60), "SSLV3_ALERT_CERTIFICATE_EXPIRED"
        case "subject":
            # Longer than what fits a header and a log line; 15 units would fit.
            identity, alert = authority.identity(units=16), "SSLV3_ALERT_HANDSHAKE_FAILURE"
        case _:
            identity, alert = authority.identity(purpose="SERVER_AUTH"), "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"
    door = mutual(gateway, upstream, certificates, authority, mode)
    assert alert in refused(door, context(door, identity, version))
    line = door.wait_audit("refused")
    assert line["reason"] == "client-certificate-invalid" and "status" not in line
    assert line["detail"] and (line["detail"] == "certificate has expired") == (fault == "over")
    with door.raw(context=context(door, authority.identity(), version)) as client:
        client.upgrade()


def resume(door: Gateway, used: ssl.SSLContext, first: str, second: str) -> bool:
    """Whether a session that was made for one host is resumed for another; the connection is good in any case."""
    used.check_hostname = False
    with door.raw(context=used, server_name=first) as client:
        client.upgrade()
        session = client.socket.session
    with door.raw(context=used, server_name=second, session=session) as client:
        client.upgrade()
        return client.socket.session_reused


@pytest.mark.parametrize("version", VERSIONS)
def test_session_of_one_host_for_another(
    gateway: StartGateway,
    upstream: Upstream,
    certificates: Path,
    other_host: Path,
    authority: Authority,
    version: str,
) -> None:
    """H31: CVE-2025-23419."""
    door = mutual(gateway, upstream, certificates, authority, "require", other_host)
    used = context(door, authority.identity(), version, other_host)
    hosts = ["localhost", "other.test", "unknown.test"]
    found = {(first, second): resume(door, used, first, second) for first in hosts for second in hosts}
    assert found == {(first, second): first == second for first in hosts for second in hosts}


@pytest.mark.parametrize("version", VERSIONS)
def test_resumed_session_keeps_its_certificate(
    gateway: StartGateway, upstream: Upstream, certificates: Path, authority: Authority, version: str
) -> None:
    door = mutual(gateway, upstream, certificates, authority, "require")
    assert resume(door, context(door, authority.identity(), version), "localhost", "localhost")
    for _ in range(2):
        assert upstream.wait("open")["headers"]["x-client-cert"] == "CN=alice,O=Example,C=DE"


def s_client(door: Gateway, identity: Identity, host: str, version: str, *more: str | Path) -> str:
    """What `openssl s_client` says of its handshake, and of the upgrade that it sends."""
    words = [
        "openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", "-servername", host, f"-{version}", "-ign_eof",
        "-cert", identity.certificate, "-key", identity.key, *more,
    ]  # fmt: skip
    # Refused, so that the gateway ends the connection by itself.
    request = frames.upgrade_request("/nowhere")
    return subprocess.run(words, input=request, capture_output=True, timeout=PATIENCE, check=False).stdout.decode()


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_session_of_one_host_for_another_by_openssl(
    gateway: StartGateway,
    upstream: Upstream,
    certificates: Path,
    other_host: Path,
    authority: Authority,
    tmp_path: Path,
    version: str,
) -> None:
    """H31: CVE-2025-23419."""
    door = mutual(gateway, upstream, certificates, authority, "require", other_host)
    identity, kept = authority.identity(), tmp_path / "session.pem"
    for first, second in [("localhost", "localhost"), ("localhost", "other.test"), ("other.test", "localhost")]:
        made = s_client(door, identity, first, version, "-sess_out", kept)
        assert re.search(r"^New, TLSv", made, re.M) and "route-not-found" in made
        again = s_client(door, identity, second, version, "-sess_in", kept)
        assert "route-not-found" in again
        assert bool(re.search(r"^Reused, TLSv", again, re.M)) == (first == second), again


@pytest.mark.parametrize("version", VERSIONS)
def test_certificate_that_runs_out_ends_its_sessions(
    gateway: StartGateway, upstream: Upstream, certificates: Path, authority: Authority, version: str
) -> None:
    """H31: a ticket does not outlive the certificate that it stands for."""
    door = mutual(gateway, upstream, certificates, authority, "require")
    used = context(door, authority.identity(seconds=3), version)
    with door.raw(context=used) as client:
        client.upgrade()
        session = client.socket.session
    time.sleep(4)
    with pytest.raises(TLS_ERRORS), door.raw(context=used, session=session) as client:
        assert client.socket.recv(1) == b""
    assert door.wait_audit("refused")["reason"] == "client-certificate-invalid"


def test_authority_that_is_missing(
    portcullis: Path, certificates: Path, tmp_path: Path, upstream: Upstream, gateway: StartGateway
) -> None:
    tls = {
        "certificates": [certificate_pair(certificates)],
        "client_certificates": {"authority": str(tmp_path / "absent.pem")},
    }
    with pytest.raises(AssertionError):
        gateway(upstream, listener={"tls": tls})


def test_client_that_ends_instead_of_a_certificate(
    gateway: StartGateway, upstream: Upstream, certificates: Path, authority: Authority
) -> None:
    """It has said nothing, and leaves nothing in the log."""
    door = mutual(gateway, upstream, certificates, authority, "require")
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE):
        pass
    with door.raw(context=context(door, authority.identity())) as client:
        client.upgrade()
    door.stop()
    assert {line["event"] for line in door.audit.so_far()} == {"opened", "closed"}
