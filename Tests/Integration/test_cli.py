"""The commands of the binary, as a person would run them."""

import datetime
import errno
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import jwt
import pytest
import websockets.sync.client
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import forgery
from conftest import ROOT, StartGateway, StartUpstream
from gateway import make_certificates, run
from lines import PATIENCE, Lines, wait_until
from policy import certificate_pair, token
from sanitizers import SLOWNESS, footprint
from upstreams import Peer, Upstream

COMMANDS = [
    "run", "validate", "schema", "explain", "test", "status", "reload", "drain", "connections", "policy", "token", "key",
    "connect", "echo", "certificate",
]  # fmt: skip


# Help


def test_help_lists_the_commands(portcullis: Path) -> None:
    text = run(portcullis, "--help").stdout
    assert all(re.search(rf"^  {name}\b", text, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS,
        *(f"token {name}" for name in ("issue", "list", "inspect", "revoke")),
        *(f"key {name}" for name in ("list", "rotate", "retire", "export")),
        *(f"connections {name}" for name in ("list", "close")),
        "policy show",
    ],
)
def test_help_of_each_command(portcullis: Path, command: str) -> None:
    text = run(portcullis, *command.split(), "--help").stdout
    assert "OVERVIEW:" in text
    assert f"portcullis {command}" in text


def test_unknown_command(portcullis: Path) -> None:
    result = run(portcullis, "frobnicate", check=False)
    assert result.returncode == 64
    assert result.stdout == "" and "frobnicate" in result.stderr


# validate


def test_policies_that_ship_are_valid(portcullis: Path) -> None:
    files = sorted((ROOT / "policies").rglob("*.yaml"))
    assert len([file for file in files if not file.name.endswith(".test.yaml")]) >= 3
    for path in {ROOT / "policies", *(file for file in files if not file.name.endswith(".test.yaml"))}:
        result = run(portcullis, "validate", "--strict", "--no-files", "--policies", path, check=False)
        assert result.returncode == 0, f"{path}\n{result.stdout}{result.stderr}"


BROKEN = """\
listeners:
  public:
    adress: 127.0.0.1:8443
    tls:
      certificates: []
upstreams:
  main:
    endpoints: [http://127.0.0.1:9001]
routes:
  - name: open
    match: { path: /open }
    upstream: mian
"""


def test_validate_prints_every_diagnostic(portcullis: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN)
    result = run(portcullis, "validate", "--policies", tmp_path, check=False)
    assert result.returncode == 1
    output = result.stdout + result.stderr
    pattern = rf"^{re.escape(str(file))}:(\d+):(\d+): error: (.+)$"
    found = [(int(line), text) for line, _, text in re.findall(pattern, output, re.MULTILINE)]
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    lines = {line for line, _ in found}
    assert {3, 5, 8, 10, 12} <= lines, output
    assert any("address" in text for line, text in found if line == 3)
    assert any("main" in text for line, text in found if line == 12)
    assert any("public: true" in text for line, text in found if line == 10)


@pytest.mark.parametrize(
    "text", ["", "listeners: [", "a: &a [*a]", "listeners: {}\nlisteners: {}\n", "routes: !!python/object:os.system {}"]
)
def test_validate_refuses_broken_yaml(portcullis: Path, tmp_path: Path, text: str) -> None:
    """H39."""
    (tmp_path / "broken.yaml").write_text(text)
    result = run(portcullis, "validate", "--policies", tmp_path, check=False)
    assert result.returncode == 1
    assert ": error: " in result.stdout + result.stderr


def test_validate_of_nothing(portcullis: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        result = run(portcullis, "validate", "--policies", path, check=False)
        assert result.returncode == 1
        assert str(path) in result.stdout + result.stderr
    assert "`--policies` says where they are" in result.stderr


def validated(portcullis: Path, text: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "p.yaml").write_text(text)
    return run(portcullis, "validate", "--policies", folder / "p.yaml", "--root", folder, *options, check=False)


SOUND = """\
listeners:
  public:
    address: 127.0.0.1:8443
    tls: { certificates: [{ certificate: server.pem, private_key: server.key }] }
upstreams: { main: { endpoints: ["ws://127.0.0.1:9001"] } }
routes:
  - { name: open, match: { path: /open }, upstream: main, public: true }
"""


def test_validate_shows_the_place(portcullis: Path, tmp_path: Path) -> None:
    result = validated(portcullis, SOUND.replace("upstream: main", "upstream: mian"), tmp_path, "--no-files")
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"{tmp_path}/p.yaml:7:53: error: there is no upstream `mian`; did you mean `main`?",
        "  7 |   - { name: open, match: { path: /open }, upstream: mian, public: true }",
        "    |" + " " * 53 + "^~~~",
        "1 error",
    ]


def test_validate_as_json(portcullis: Path, tmp_path: Path) -> None:
    text = SOUND.replace("upstream: main", "upstream: mian")
    text += "  - { name: two, match: { path: /open }, upstream: main }\n"
    result = validated(portcullis, text, tmp_path, "--no-files", "--json")
    assert result.returncode == 1 and result.stderr == ""
    answer = json.loads(result.stdout)
    assert answer["valid"] is False and answer["routes"] == []
    found = answer["diagnostics"]
    place = {"file": f"{tmp_path}/p.yaml", "line": 7, "column": 53, "end_column": 57}
    assert found[0] == place | {
        "severity": "error",
        "message": "there is no upstream `mian`; did you mean `main`?",
        "suggestion": "main",
    }
    assert [(one["severity"], one["line"]) for one in found] == [("error", 7), ("warning", 8), ("error", 8)]
    assert "suggestion" not in found[1]


def test_validate_strict_fails_on_warnings(portcullis: Path, tmp_path: Path) -> None:
    text = SOUND + "  - { name: two, match: { path: /open }, upstream: main, public: true }\n"
    lax = validated(portcullis, text, tmp_path, "--no-files")
    assert lax.returncode == 0 and "valid: 1 listener, 1 upstream, 2 routes" in lax.stdout
    assert ": warning: no request ever gets to route `two`" in lax.stderr and "1 warning" in lax.stderr
    strict = validated(portcullis, text, tmp_path, "--no-files", "--strict")
    assert strict.returncode == 1 and strict.stderr == lax.stderr
    assert validated(portcullis, SOUND, tmp_path, "--no-files", "--strict").returncode == 0


def test_validate_looks_at_certificates(portcullis: Path, tmp_path: Path) -> None:
    absent = validated(portcullis, SOUND, tmp_path)
    assert absent.returncode == 1
    assert f"p.yaml:4:27: error: cannot load certificate {tmp_path}/server.pem: No such file" in absent.stderr
    assert "--no-files" in absent.stderr and "--root" in absent.stderr
    make_certificates(portcullis, tmp_path, "localhost")
    assert validated(portcullis, SOUND, tmp_path, "--strict").returncode == 0
    make_certificates(portcullis, tmp_path / "other", "localhost")
    (tmp_path / "server.key").write_bytes((tmp_path / "other" / "server.key").read_bytes())
    other = validated(portcullis, SOUND, tmp_path)
    assert other.returncode == 1 and "match private key" in other.stderr
    # All files are where they were looked for.
    assert "--root" not in other.stderr
    # Also where something else is wrong.
    both = validated(portcullis, SOUND.replace("public: true", ""), tmp_path)
    assert both.returncode == 1 and "match private key" in both.stderr and "open to everyone" in both.stderr


def test_validate_warns_of_a_key_that_all_can_read(portcullis: Path, tmp_path: Path) -> None:
    make_certificates(portcullis, tmp_path, "localhost")
    (tmp_path / "server.key").chmod(0o640)
    assert validated(portcullis, SOUND, tmp_path, "--strict").returncode == 0
    (tmp_path / "server.key").chmod(0o644)
    lax = validated(portcullis, SOUND, tmp_path)
    assert lax.returncode == 0
    assert f"p.yaml:4:27: warning: the private key {tmp_path}/server.key is open to other users" in lax.stderr
    assert validated(portcullis, SOUND, tmp_path, "--strict").returncode == 1


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_told_and_nobody_is_asked(
    portcullis: Path, tmp_path: Path, form: serialization.PrivateFormat
) -> None:
    make_certificates(portcullis, tmp_path, "localhost")
    file = tmp_path / "server.key"
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"pass phrase")
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
    result = validated(portcullis, SOUND, tmp_path)
    assert result.returncode == 1 and "Enter" not in result.stdout + result.stderr
    said = f"cannot load private key {file}: the private key is encrypted; Portcullis takes none with a pass phrase"
    assert said in result.stderr and f"`openssl pkey -in {file} -out NEW`" in result.stderr
    (tmp_path / "p.yaml").write_text(SOUND.replace("private_key: server.key", "private_key: server.pem"))
    result = run(portcullis, "validate", "--policies", tmp_path / "p.yaml", "--root", tmp_path, check=False)
    assert result.returncode == 1 and "server.pem: there is no private key in this file" in result.stderr


@pytest.mark.parametrize(
    ("text", "mode", "named"),
    [
        ("x" * 40, 0o600, None),
        ("x" * 31, 0o600, "at least 32"),
        ("x" * 40, 0o644, "chmod 600"),
        (None, 0, "cannot be read"),
    ],
)
def test_validate_looks_at_the_admin_token(
    portcullis: Path, tmp_path: Path, text: str | None, mode: int, named: str | None
) -> None:
    """As a gateway does that is to open its door by it."""
    make_certificates(portcullis, tmp_path, "localhost")
    if text is not None:
        (tmp_path / "admin.token").write_text(text)
        (tmp_path / "admin.token").chmod(mode)
    policy = "admin: { address: 127.0.0.1:0, token_file: admin.token }\n" + SOUND
    result = validated(portcullis, policy, tmp_path)
    assert result.returncode == (1 if named else 0)
    if named:
        assert "p.yaml:1:8: error: " in result.stderr and named in result.stderr
    assert validated(portcullis, policy, tmp_path, "--no-files", "--strict").returncode == 0


def expire(folder: Path, days: int) -> None:
    """A certificate in `folder` whose last day is that many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(end - datetime.timedelta(days=90))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "server.key").chmod(0o600)


def test_validate_looks_at_dates(portcullis: Path, tmp_path: Path) -> None:
    expire(tmp_path, -1)
    over = validated(portcullis, SOUND, tmp_path)
    assert over.returncode == 1
    assert "p.yaml:4:27: error: the certificate in server.pem (CN=localhost) has expired at 20" in over.stderr
    expire(tmp_path, 3)
    soon = validated(portcullis, SOUND, tmp_path)
    assert soon.returncode == 0 and ": warning: the certificate in server.pem" in soon.stderr
    assert re.search(r"expires in [23] days, at 20", soon.stderr)
    assert validated(portcullis, SOUND, tmp_path, "--strict").returncode == 1
    expire(tmp_path, 30)
    assert validated(portcullis, SOUND, tmp_path, "--strict").returncode == 0


def test_validate_has_colours_on_a_terminal_alone(portcullis: Path, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(SOUND.replace("main,", "mian,"))
    command = [portcullis, "validate", "--policies", tmp_path / "p.yaml", "--no-files"]

    def said(**environment: str) -> str:
        leader, follower = pty.openpty()
        inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
        try:
            subprocess.run(command, stderr=follower, env=inherited | environment, check=False)
        finally:
            os.close(follower)
        text = b""
        with suppress(OSError), os.fdopen(leader, "rb", buffering=0) as terminal:
            while part := terminal.read(4096):
                text += part
        return text.decode()

    assert "\x1b[1;31merror:" in said(TERM="xterm")
    assert "\x1b" not in said(TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in said(TERM="dumb")
    assert "\x1b" not in run(*map(str, command), check=False).stderr


def test_run_serves_a_certificate_that_is_over(
    gateway: StartGateway, upstream: Upstream, portcullis: Path, tmp_path: Path
) -> None:
    """It is told, and may be renewed while the gateway runs: a restart must not make things worse."""
    expire(tmp_path, -1)
    door = gateway(upstream, listener={"tls": {"certificates": [certificate_pair(tmp_path)]}})
    door.log.wait(lambda line: "warning: the certificate in" in line and "has expired" in line)


def test_run_refuses_a_broken_policy(portcullis: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(BROKEN)
    result = run(portcullis, "run", "--policies", tmp_path, "--state", tmp_path / "state", check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "broken.yaml:3:" in result.stderr


# token


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_issue_prints_the_token_alone(portcullis: Path, state: Path) -> None:
    words = ["--subject", "alice", "--audience", "chat", "--audience", "feed", "--scope", "read", "--ttl", "90s"]
    before = int(time.time())
    result = run(portcullis, "token", "issue", *words, "--state", state)
    text = result.stdout.removesuffix("\n")
    key_id, key = forgery.signing_key(state)
    claims = jwt.decode(text, key.public_key(), ["EdDSA"], audience="chat", issuer="portcullis")
    assert claims["sub"] == "alice"
    assert claims["aud"] == ["chat", "feed"]
    assert claims["scope"] == "read"
    assert claims["exp"] - claims["iat"] == 90
    assert before <= claims["iat"] <= time.time() and claims["nbf"] <= claims["iat"]
    assert claims["jti"]
    header = jwt.get_unverified_header(text)
    assert (header["alg"], header["kid"]) == ("EdDSA", key_id)
    assert text not in result.stderr


def test_token_lasts_a_day(portcullis: Path, state: Path) -> None:
    text = run(portcullis, "token", "issue", "--subject", "alice", "--state", state).stdout.strip()
    claims = jwt.decode(text, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_store_never_holds_a_token(portcullis: Path, state: Path) -> None:
    text = run(portcullis, "token", "issue", "--subject", "alice", "--state", state).stdout.strip()
    for file in state.iterdir():
        assert text.encode() not in file.read_bytes()
        assert text.rpartition(".")[2].encode() not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_list_inspect_revoke(portcullis: Path, state: Path) -> None:
    text = run(
        portcullis, "token", "issue", "--subject", "alice", "--audience", "chat", "--state", state
    ).stdout.strip()
    run(portcullis, "token", "issue", "--subject", "bob", "--state", state)
    token_id = jwt.decode(text, options={"verify_signature": False})["jti"]

    listing = run(portcullis, "token", "list", "--state", state).stdout
    assert "alice" in listing and "bob" in listing and token_id in listing and text not in listing

    inspection = run(portcullis, "token", "inspect", text, "--state", state).stdout
    assert "alice" in inspection and "chat" in inspection and token_id in inspection

    run(portcullis, "token", "revoke", "--id", token_id, "--state", state)
    assert "revoked" in run(portcullis, "token", "list", "--state", state).stdout
    assert "revoked" in run(portcullis, "token", "inspect", text, "--state", state, check=False).stdout


def test_json_output(portcullis: Path, state: Path) -> None:
    issued = json.loads(run(portcullis, "token", "issue", "--subject", "alice", "--json", "--state", state).stdout)
    assert "alice" in json.dumps(issued)
    listing = json.loads(run(portcullis, "token", "list", "--json", "--state", state).stdout)
    assert "alice" in json.dumps(listing)


def test_inspect_of_what_is_no_token(portcullis: Path, state: Path) -> None:
    result = run(portcullis, "token", "inspect", "abc", "--state", state, check=False)
    assert result.returncode == 1
    assert "three parts" in result.stderr and "token-malformed" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--id", "unknown"], ["--id", "a", "--subject", "b"], ["garbage"]])
def test_revoke_of_nothing_is_an_error(portcullis: Path, state: Path, arguments: list[str]) -> None:
    run(portcullis, "token", "issue", "--subject", "alice", "--state", state)
    result = run(portcullis, "token", "revoke", *arguments, "--state", state, check=False)
    assert result.returncode != 0
    assert result.stderr


def test_issue_needs_a_subject(portcullis: Path, state: Path) -> None:
    result = run(portcullis, "token", "issue", "--state", state, check=False)
    assert result.returncode == 64
    assert "--subject" in result.stderr


# Answers that cannot be written


ANSWERS = [
    "schema",
    "schema --markdown",
    "validate --no-files --policies {policy}",
    "validate --no-files --policies {policy} --json",
    "explain --policies {policy} --state {state} --url wss://localhost:8443/open",
    "explain --policies {policy} --state {state} --url wss://localhost:8443/open --json",
    "test {tests}",
    "test {tests} --json",
    "token list --state {state}",
    "token list --state {state} --json",
    "token inspect {token} --state {state}",
    "token inspect {token} --state {state} --json",
    "token revoke --id {id} --state {state}",
    "token revoke --foreign --id other --state {state}",
    "key list --state {state}",
    "key list --state {state} --json",
    "key export --state {state}",
    "key rotate --state {state}",
    "key rotate --state {state} --json",
    "key retire {key} --state {state}",
    "key retire {key} --state {state} --json",
    "certificate --out {folder}/made",
]
OPEN_IS_OPEN = """\
tests:
  - name: open
    handshake: { url: "wss://localhost:8443/open" }
    expect: admitted
"""
UNWRITTEN = "portcullis: standard output cannot be written: No space left on device\n"


def asked(portcullis: Path, folder: Path, words: str) -> list[str]:
    """A command line of ``ANSWERS``, with all that it asks for there."""
    (folder / "p.yaml").write_text(SOUND)
    (folder / "p.test.yaml").write_text(OPEN_IS_OPEN)
    state = folder / "state"
    issued = json.loads(run(portcullis, "token", "issue", "--subject", "alice", "--json", "--state", state).stdout)
    key = jwt.get_unverified_header(issued["token"])["kid"]
    places = {"folder": folder, "policy": folder / "p.yaml", "tests": folder / "p.test.yaml", "state": state}
    return words.format(**places, token=issued["token"], id=issued["id"], key=key).split()


def without_room(portcullis: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    with open("/dev/full", "w") as full:
        return subprocess.run(
            [portcullis, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
        )


def without_reader(portcullis: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [portcullis, *words], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
        )
    finally:
        os.close(writing)


@pytest.mark.parametrize("words", ANSWERS)
def test_an_answer_that_cannot_be_written_is_a_failure(portcullis: Path, tmp_path: Path, words: str) -> None:
    result = without_room(portcullis, *asked(portcullis, tmp_path, words))
    assert (result.returncode, result.stderr) == (1, UNWRITTEN)


@pytest.mark.parametrize("words", ANSWERS)
def test_a_reader_that_has_gone_is_not_told_of(portcullis: Path, tmp_path: Path, words: str) -> None:
    result = without_reader(portcullis, *asked(portcullis, tmp_path, words))
    assert (result.returncode, result.stderr) == (1, "")


def test_answers_of_a_gateway_that_cannot_be_written(
    portcullis: Path, gateway: StartGateway, upstream: Upstream
) -> None:
    door = gateway(upstream)
    answers = ["status", "policy show", "connections close --all", "reload"]
    with door.connect():
        for words in [*answers, *(f"{words} --json" for words in answers), "connections list --json"]:
            for attempt, said in [(without_room, UNWRITTEN), (without_reader, "")]:
                result = attempt(portcullis, *words.split(), "--state", door.state)
                assert (result.returncode, result.stderr) == (1, said), words


@pytest.mark.parametrize("words", [[], ["--json"]])
@pytest.mark.parametrize("attempt", [without_room, without_reader])
def test_a_token_that_could_not_be_written(
    portcullis: Path,
    state: Path,
    words: list[str],
    attempt: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """It is good all the same: whoever asked for it is told how to be rid of it."""
    result = attempt(portcullis, "token", "issue", "--subject", "alice", *words, "--state", state)
    assert result.returncode == 1
    (listed,) = json.loads(run(portcullis, "token", "list", "--json", "--state", state).stdout)
    assert listed["state"] == "valid"
    said = [
        f"a token was issued all the same, and is valid: its id is {listed['id']}",
        f"to revoke it: portcullis token revoke --id {listed['id']}",
    ]
    assert result.stderr.splitlines()[-2:] == said
    assert result.stderr.startswith(UNWRITTEN) == (attempt is without_room)


# certificate


def test_certificates(portcullis: Path, tmp_path: Path) -> None:
    folder = make_certificates(portcullis, tmp_path / "certs", "localhost", "*.chat.test", "127.0.0.1")
    assert {file.name for file in folder.iterdir()} == {"ca.pem", "server.pem", "server.key"}
    assert stat.S_IMODE((folder / "server.key").stat().st_mode) == 0o600
    ssl.create_default_context(cafile=str(folder / "ca.pem"))
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / "server.pem", folder / "server.key")


def test_certificates_are_never_overwritten(portcullis: Path, tmp_path: Path) -> None:
    folder = make_certificates(portcullis, tmp_path / "certs", "localhost")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    refused = run(portcullis, "certificate", "--out", folder, check=False)
    assert refused.returncode == 1 and "remove them, or name another folder with --out" in refused.stderr
    assert run(portcullis, "certificate", "--out", folder, "--if-missing").returncode == 0
    (folder / "server.key").unlink()
    assert run(portcullis, "certificate", "--out", folder, check=False).returncode != 0
    del before["server.key"]
    assert {name: (folder / name).read_bytes() for name in before} == before


# echo


@contextmanager
def echo_server(portcullis: Path) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    process = subprocess.Popen(
        [portcullis, "echo", "--address", "127.0.0.1:0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    output = Lines(process.stderr)
    try:
        pattern = re.compile(r"127\.0\.0\.1:(\d+)")
        line = output.wait(lambda line: pattern.search(line) is not None)
        yield int(pattern.search(line)[1]), process.pid  # type: ignore[index]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        output.to_end()
        process.stderr.close()


def echo_client(port: int) -> websockets.sync.client.ClientConnection:
    return websockets.sync.client.connect(f"ws://127.0.0.1:{port}", proxy=None)


def test_echo(portcullis: Path) -> None:
    with echo_server(portcullis) as (port, _), echo_client(port) as ws:
        for message in ["text", b"\x00\xff", "", "é" * 10_000]:
            ws.send(message)
            assert ws.recv(PATIENCE) == message
        assert ws.ping().wait(PATIENCE)
        ws.close(4000)
        assert ws.close_code == 4000


def descriptors(process: int) -> list[int]:
    return [int(entry.name) for entry in Path(f"/proc/{process}/fd").iterdir()]


def cpu_seconds(process: int) -> float:
    threads = Path(f"/proc/{process}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def test_echo_out_of_descriptors(portcullis: Path) -> None:
    """Accepting rests and does not spin; who is there goes on, and who waits is served later."""
    with echo_server(portcullis) as (port, process), echo_client(port) as ws, ExitStack() as opened:
        limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
        few = max(descriptors(process)) + 5
        resource.prlimit(process, resource.RLIMIT_NOFILE, (few, limits[1]))
        for _ in range(few):
            opened.enter_context(socket.create_connection(("127.0.0.1", port)))
        wait_until(lambda: len(descriptors(process)) == few, "no descriptor left")
        before = cpu_seconds(process)
        time.sleep(1)
        assert cpu_seconds(process) - before < 0.2 * SLOWNESS
        ws.send("on")
        assert ws.recv(PATIENCE) == "on"
        resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
        with echo_client(port) as another:
            another.send("and on")
            assert another.recv(PATIENCE) == "and on"


# connect


def test_connect_through_a_pipe(portcullis: Path, gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token()])
    words = [door.url(), "--ca", door.certificates / "ca.pem", "--token", door.issue()]
    process = subprocess.Popen(
        [portcullis, "connect", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout and process.stderr
    try:
        output, errors = Lines(process.stdout), Lines(process.stderr)
        process.stdin.write("a line\x1b[31m\n")
        process.stdin.flush()
        output.wait(lambda line: "hello:a line\x1b[31m" in line)
        process.stdin.close()
        assert process.wait(PATIENCE) == 0, errors.to_end()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    assert upstream.wait("close")["code"] in (1000, 1001)


def lines_of_terminal(descriptor: int) -> Iterator[str]:
    """What a terminal shows, until the last program has left it: Linux calls that an error."""
    with open(descriptor, errors="replace", closefd=False) as stream:
        try:
            yield from stream
        except OSError as error:
            assert error.errno == errno.EIO


def test_connect_at_a_terminal(portcullis: Path, gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [portcullis, "connect", door.url(), "--ca", door.certificates / "ca.pem"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    terminal = Lines(lines_of_terminal(ours))
    try:
        upstream.wait("open")
        os.write(ours, b"a line\x1b[31m\n")
        terminal.wait(lambda line: r"hello:a line\u{1b}[31m" in line)
        os.write(ours, b"\x04")
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        terminal.to_end()
        os.close(ours)


def test_connect_tells_why_it_was_refused(portcullis: Path, gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token()])
    result = run(portcullis, "connect", door.url(), "--ca", door.certificates / "ca.pem", input="", check=False)
    assert result.returncode == 3
    assert "token-missing" in result.stderr and "401" in result.stderr


def test_connect_takes_a_token_of_the_environment(
    portcullis: Path, gateway: StartGateway, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never of standard input, and never goes without one where one was asked for."""
    door = gateway(upstream, middleware=[token()])
    words = [door.url(), "--ca", door.certificates / "ca.pem", "--token", "-"]
    monkeypatch.delenv("PORTCULLIS_TOKEN", raising=False)
    result = run(portcullis, "connect", *words, input=door.issue(), check=False)
    assert result.returncode == 64 and "PORTCULLIS_TOKEN" in result.stderr
    monkeypatch.setenv("PORTCULLIS_TOKEN", door.issue())
    run(portcullis, "connect", *words, input="")


def test_connect_tells_how_it_was_closed(portcullis: Path, gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    process = subprocess.Popen(
        [portcullis, "connect", door.url(), "--ca", door.certificates / "ca.pem"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        output = Lines(process.stdout)
        process.stdin.write("close:4001:so long\x1b[31m\n")
        process.stdin.flush()
        output.wait(lambda line: "4001" in line and r"so long\u{1b}[31m" in line)
        assert process.wait(PATIENCE) == 1
        process.stdin.close()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_connect_does_not_trust_everyone(portcullis: Path, gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    result = run(portcullis, "connect", door.url(), input="", check=False)
    assert result.returncode not in (0, 64)
    assert "certificate" in result.stderr.lower()
    assert upstream.count("open") == 0


def test_connect_to_nobody(portcullis: Path) -> None:
    result = run(portcullis, "connect", "ws://127.0.0.1:1/", input="", check=False)
    assert result.returncode not in (0, 64)
    assert "127.0.0.1:1" in result.stderr or "refused" in result.stderr


def resident_kib(process: int) -> int:
    memory = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(re.search(r"Rss:\s+(\d+) kB", memory)[1])  # type: ignore[index]


def test_connect_waits_for_a_server_that_does_not_read(portcullis: Path, raw_upstream: StartUpstream) -> None:
    """What comes through a pipe meanwhile stays there, and goes out once the server reads."""
    reads = threading.Event()

    def serve(peer: Peer) -> int:
        peer.switch()
        reads.wait(4 * PATIENCE)
        return sum(len(frame.payload) for frame in peer.messages())

    server = raw_upstream(serve)
    process = subprocess.Popen(
        [portcullis, "connect", server.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stderr
    feed, fed = (b"x" * 1023 + b"\n") * (64 * 1024), 0
    try:
        errors = Lines(process.stderr)
        errors.wait(lambda line: line.startswith("connected"))
        before = resident_kib(process.pid)
        pipe = process.stdin.fileno()
        os.set_blocking(pipe, False)
        while fed < len(feed) and select.select([], [pipe], [], 2 * SLOWNESS)[1]:
            fed += os.write(pipe, feed[fed : fed + 64 * 1024])
        # The kernel holds some of it, on both sides.
        assert fed < len(feed) / 2
        assert resident_kib(process.pid) - before < footprint(16 * 1024)
        reads.set()
        process.stdin.close()
        assert server.result() == fed - feed.count(b"\n", 0, fed)
        assert process.wait(PATIENCE) == 0, errors.to_end()
    finally:
        reads.set()
        process.kill()
        process.wait()
        errors.to_end()
        process.stderr.close()


def test_connect_ends_where_nobody_reads_along(portcullis: Path) -> None:
    with echo_server(portcullis) as (port, _):
        for stream, complaint in [("/dev/full", True), (None, False)]:
            with ExitStack() as opened:
                if stream:
                    output = os.open(stream, os.O_WRONLY)
                else:
                    reading, output = os.pipe()
                    os.close(reading)
                opened.callback(os.close, output)
                process = opened.enter_context(
                    subprocess.Popen(
                        [portcullis, "connect", f"ws://127.0.0.1:{port}"],
                        stdin=subprocess.PIPE,
                        stdout=output,
                        stderr=subprocess.PIPE,
                        text=True,
                    )
                )
                assert process.stdin and process.stderr
                opened.callback(process.kill)
                process.stdin.write("a line\n")
                process.stdin.flush()
                assert process.wait(PATIENCE) == 1
                assert ("standard output cannot be written" in process.stderr.read()) == complaint
