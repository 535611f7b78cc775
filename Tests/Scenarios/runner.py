"""Scenarios: what a client, the gateway and an upstream say to each other, one case a file.

    H7 Upgrade with Content-Length                    the title: the line of the hardening list, and what is tried
    # why                                             a comment
    policy          route.limits.message_bytes: 1KiB  a setting of `listener`, `upstream` or `route`: a word, or JSON
    client sends    upgrade with "Content-Length: 5"  a step; a line that begins with a space continues the one before
    client gets     HTTP 400 malformed-upgrade
    upstream gets   nothing
    audit           refused malformed-upgrade

Steps of `client` and `upstream`; `client-2`, `upstream-2`, … are further connections:

    client connects    plain | tls VERSION | cipher NAME | alpn NAME    otherwise the first step connects, by valid TLS
    client opens                       upgrade, the upstream's 101, and the gateway's
    sends BYTES
    drips BYTES                        a byte every 10 ms, until an answer or the end comes
    closes | resets                    the TCP connection, without a close frame
    gets nothing                       an upstream only: no connection, or no byte more for 200 ms
    gets end                           whoever sees it closes as well
    client gets no TLS                 a client's TLS handshake fails, or what is not TLS gets nothing but an alert
    gets HTTP STATUS [REASON]          a client only; REASON is looked for in response body and audit log
    gets contains TEXT | lacks TEXT    in the head that came last
    gets [N x] FRAME
    gets BYTES                         a client only; BYTES begin with "text" or <81 85>
    audit refused REASON | opened | closed CODE BY [REASON]

BYTES is one or more of these, one after another, each with `N x` before it to repeat it:

    "text"            escapes \\r \\n \\t \\0 \\" \\\\ \\xNN; {key} is a valid key, {accept} the answer to the gateway's key
    <81 85>           bytes in hexadecimal
    upgrade | 101     a valid request or response: [line "FIRST LINE"] [without NAME]… [with "NAME: VALUE"]…
    FRAME             frame KIND [part] [masked|unmasked] [rsv1|rsv2|rsv3] [PAYLOAD], or close [CODE ["REASON"]]

A frame is the last of its message unless it is a `part`, and masked where its sender is a client. KIND is `text`,
`binary`, `continuation`, `close`, `ping`, `pong` or a number. Every other word is an error.
"""

import json
import re
import select
import socket
import ssl
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import frames
from client import RawClient, Response
from gateway import Gateway
from lines import PATIENCE
from upstreams import Peer
from doors import Door

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = [
    "GET /echo HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}",
]  # fmt: skip
RESPONSE = [
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: {accept}",
]  # fmt: skip
KINDS = {"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}
POLICY_PARTS = ("listener", "upstream", "route")
HARDENING_LINES = range(1, 42)


class ScenarioError(Exception):
    """What is wrong in a file, with its place."""


# --- The grammar ---


@dataclass(frozen=True)
class Token:
    text: str
    line: int

    @property
    def is_bytes(self) -> bool:
        return self.text[0] in '"<'


@dataclass
class Step:
    line: int
    words: str
    run: Callable[["Run"], None]


@dataclass
class Scenario:
    path: Path
    title: str
    policy: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*"|<[0-9A-Fa-f ]*>|[^\s"<>]+)(?=\s|$)|(\S))')
ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)")
ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b'"': b'"', b"\\": b"\\"}


class Words:
    """The words of one step, taken one after another."""

    def __init__(self, path: Path, tokens: list[Token]) -> None:
        self._path, self._tokens, self._index = path, tokens, 0

    def error(self, message: str) -> ScenarioError:
        """At the word taken last."""
        line = self._tokens[max(self._index - 1, 0)].line
        return ScenarioError(f"{self._path}:{line}: error: {message}")

    def peek(self) -> Token | None:
        return self._tokens[self._index] if self._index < len(self._tokens) else None

    def take(self, what: str) -> str:
        token = self.peek()
        if token is None:
            raise self.error(f"{what} is missing at the end of the step")
        self._index += 1
        return token.text

    def takes(self, *words: str) -> str | None:
        """The next word, if it is one of these."""
        token = self.peek()
        return self.take("") if token and token.text in words else None

    def choose(self, *words: str) -> str:
        return self.takes(*words) or self._unknown(words)

    def _unknown(self, words: tuple[str, ...]) -> str:
        found = self.take(" or ".join(words))
        raise self.error(f"unknown word {found}; it takes {', '.join(words)}")

    def number(self, what: str) -> int:
        found = self.take(what)
        if not re.fullmatch(r"\d+", found):
            raise self.error(f"{found} is not {what}")
        return int(found)

    def is_number(self) -> bool:
        token = self.peek()
        return token is not None and token.text.isdigit()

    def times(self) -> int:
        """`N x`, or 1 without it."""
        follower = self._tokens[self._index + 1 : self._index + 2]
        if not self.is_number() or not follower or follower[0].text != "x":
            return 1
        count = self.number("a count")
        self.choose("x")
        return count

    def has_payload(self) -> bool:
        """Whether a string comes next, with its count or without; `4 x frame` is another frame."""
        ahead = self._tokens[self._index : self._index + 3]
        if ahead and ahead[0].is_bytes:
            return True
        return len(ahead) == 3 and ahead[0].text.isdigit() and ahead[1].text == "x" and ahead[2].is_bytes

    def literal(self) -> bytes:
        """A string or hexadecimal bytes."""
        found = self.take("a string")
        if found[0] == "<":
            return self._hexadecimal(found)
        if found[0] != '"':
            raise self.error(f"{found} is not a string")
        return ESCAPE.sub(self._unescaped, found[1:-1].encode()).replace(b"{key}", KEY.encode())

    def _hexadecimal(self, found: str) -> bytes:
        try:
            return bytes.fromhex(found[1:-1])
        except ValueError:
            raise self.error(f"{found} is not hexadecimal") from None

    def _unescaped(self, match: re.Match[bytes]) -> bytes:
        name = match[1]
        if name[:1] == b"x" and len(name) == 3:
            return bytes.fromhex(name[1:].decode())
        if name not in ESCAPES:
            raise self.error(f"unknown escape \\{name.decode()}")
        return ESCAPES[name]

    def text(self) -> str:
        return self.literal().decode("latin-1")

    def end(self) -> None:
        if token := self.peek():
            self.take("")
            raise self.error(f"unknown word {token.text} after the end of the step")


@dataclass(frozen=True)
class FrameWords:
    """A frame as it is written in a scenario."""

    opcode: int
    payload: bytes
    final: bool = True
    masked: bool | None = None
    reserved: int = 0
    any_reason: bool = False

    def encoded(self, from_client: bool) -> bytes:
        masked = from_client if self.masked is None else self.masked
        return frames.encode(self.opcode, self.payload, final=self.final, masked=masked, reserved=self.reserved)

    def matches(self, frame: frames.Frame, from_gateway_to_upstream: bool) -> bool:
        payload = frame.payload[:2] if self.any_reason else frame.payload
        found = (frame.opcode, frame.final, payload, frame.masked)
        return found == (self.opcode, self.final, self.payload, from_gateway_to_upstream)


def frame_words(words: Words) -> FrameWords:
    return close_words(words) if words.choose("frame", "close") == "close" else data_words(words)


def close_words(words: Words) -> FrameWords:
    if not words.is_number():
        return FrameWords(frames.CLOSE, b"")
    code = struct.pack("!H", words.number("a close code"))
    reason = words.literal() if words.has_payload() else None
    return FrameWords(frames.CLOSE, code + (reason or b""), any_reason=reason is None)


def data_words(words: Words) -> FrameWords:
    opcode = words.number("an opcode") if words.is_number() else KINDS[words.choose(*KINDS)]
    final, reserved, masked = True, 0, None
    while flag := words.takes("part", "masked", "unmasked", "rsv1", "rsv2", "rsv3"):
        final = final and flag != "part"
        reserved |= {"rsv1": 4, "rsv2": 2, "rsv3": 1}.get(flag, 0)
        masked = {"masked": True, "unmasked": False}.get(flag, masked)
    payload = words.times() * words.literal() if words.has_payload() else b""
    return FrameWords(opcode, payload, final, masked, reserved)


def head(words: Words, lines: list[str]) -> bytes:
    lines = list(lines)
    if words.takes("line"):
        lines[0] = words.text()
    while verb := words.takes("without", "with"):
        if verb == "with":
            lines.append(words.text())
            continue
        name = words.take("a field's name").lower() + ":"
        kept = [line for line in lines if not line.lower().startswith(name)]
        if len(kept) == len(lines):
            raise words.error(f"there is no field {name[:-1]}")
        lines = kept
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def sent_bytes(words: Words, from_client: bool) -> bytes:
    parts = [one_part(words, from_client)]
    while words.peek():
        parts.append(one_part(words, from_client))
    return b"".join(parts)


def one_part(words: Words, from_client: bool) -> bytes:
    count = words.times()
    if words.takes("upgrade"):
        return count * head(words, REQUEST)
    if words.takes("101"):
        return count * head(words, RESPONSE)
    token = words.peek()
    if token and token.is_bytes:
        return count * words.literal()
    frame = frame_words(words)
    return b"".join(frame.encoded(from_client) for _ in range(count))


# --- A file ---


def read(path: Path) -> Scenario:
    lines = path.read_text().split("\n")
    title = re.fullmatch(r"H(\d+) \S.*", lines[0])
    if not title or int(title[1]) not in HARDENING_LINES:
        raise ScenarioError(f"{path}:1: error: not a title such as `H7 Upgrade with Content-Length`")
    scenario = Scenario(path, lines[0])
    for number, text in logical_lines(path, lines[1:]):
        if text[0].startswith("policy "):
            read_policy(scenario, number, text[0][7:])
        else:
            scenario.steps.append(read_step(path, number, text))
    if not scenario.steps:
        raise ScenarioError(f"{path}:{len(lines)}: error: there is no step")
    return scenario


def logical_lines(path: Path, lines: list[str]) -> list[tuple[int, list[str]]]:
    """The steps, each with its first line's number and all its lines."""
    found: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, start=2):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            found.append((number, [line]))
        elif found and number == found[-1][0] + len(found[-1][1]):
            found[-1][1].append(line)
        else:
            raise ScenarioError(f"{path}:{number}: error: there is no step that this line continues")
    return found


def read_policy(scenario: Scenario, number: int, text: str) -> None:
    name, colon, value = text.strip().partition(": ")
    keys = name.split(".")
    if not colon or len(keys) < 2 or keys[0] not in POLICY_PARTS:
        raise ScenarioError(f"{scenario.path}:{number}: error: not a setting such as `route.limits.fragments: 8`")
    settings = scenario.policy
    for key in keys[:-1]:
        settings = settings.setdefault(key, {})
    try:
        settings[keys[-1]] = json.loads(value) if value[0] in '[{"' or value.isdigit() else value
    except json.JSONDecodeError as error:
        raise ScenarioError(f"{scenario.path}:{number}: error: {error}") from None


def read_step(path: Path, number: int, lines: list[str]) -> Step:
    tokens = [token for offset, line in enumerate(lines) for token in read_tokens(path, number + offset, line)]
    words = Words(path, tokens)
    run = step(words)
    words.end()
    return Step(number, " ".join(token.text for token in tokens), run)


def read_tokens(path: Path, number: int, line: str) -> Iterator[Token]:
    for match in TOKEN.finditer(line.rstrip()):
        if match[1] is None:
            raise ScenarioError(f"{path}:{number}: error: stray {match[2]}; is a quotation mark missing?")
        yield Token(match[1], number)


# --- The steps ---


def step(words: Words) -> Callable[["Run"], None]:
    actor = words.take("an actor")
    if actor == "audit":
        return audit_step(words)
    match = re.fullmatch(r"(client|upstream)(?:-([2-9]))?", actor)
    if not match:
        raise words.error(f"unknown word {actor}; a step begins with policy, client, upstream or audit")
    index = int(match[2] or 1) - 1
    return client_step(words, index) if match[1] == "client" else upstream_step(words, index)


def client_step(words: Words, index: int) -> Callable[["Run"], None]:
    verb = words.choose("connects", "opens", "sends", "drips", "closes", "resets", "gets")
    match verb:
        case "connects":
            kind = words.choose("plain", "tls", "cipher", "alpn")
            value = "" if kind == "plain" else words.take("a value")
            return lambda run: run.connect(index, kind, value)
        case "opens":
            return lambda run: run.open(index)
        case "gets":
            return client_expectation(words, index)
        case "sends" | "drips":
            data = sent_bytes(words, from_client=True)
            if verb == "drips":
                return lambda run: drip(run.client(index), data)
            return lambda run: run.client(index).send(data)
    return lambda run: end_connection(run.client(index), abruptly=verb == "resets")


def upstream_step(words: Words, index: int) -> Callable[["Run"], None]:
    verb = words.choose("sends", "drips", "closes", "resets", "gets")
    if verb == "gets":
        return upstream_expectation(words, index)
    if verb in ("sends", "drips"):
        data = sent_bytes(words, from_client=False)
        if verb == "drips":
            return lambda run: drip(run.peer(index), data)
        return lambda run: run.answer(index, data)
    return lambda run: end_connection(run.peer(index), abruptly=verb == "resets")


def client_expectation(words: Words, index: int) -> Callable[["Run"], None]:
    if words.takes("no"):
        words.choose("TLS")
        return lambda run: run.expect_no_tls(index)
    if words.takes("end"):
        return lambda run: expect_end(run.client(index), run.client(index).is_ended())
    if words.takes("HTTP"):
        status = words.number("a status")
        reason = words.take("a reason") if words.peek() else None
        return lambda run: run.expect_response(index, status, reason)
    if verb := words.takes("contains", "lacks"):
        text = words.text()
        return lambda run: expect_in(run.response_head(index), text, verb == "contains")
    token = words.peek()
    if token and token.is_bytes:
        data = sent_bytes(words, from_client=False)
        return lambda run: expect_bytes(run.client(index), data)
    count, frame = words.times(), frame_words(words)
    return lambda run: expect_frames(run.client(index).frame, frame, count, False)


def upstream_expectation(words: Words, index: int) -> Callable[["Run"], None]:
    if words.takes("nothing"):
        return lambda run: run.expect_silence(index)
    if words.takes("end"):
        return lambda run: expect_end(run.peer(index), not run.peer(index).rest())
    if verb := words.takes("contains", "lacks"):
        text = words.text()
        return lambda run: expect_in(run.peer(index).head.decode("latin-1"), text, verb == "contains")
    count, frame = words.times(), frame_words(words)
    return lambda run: expect_frames(run.peer(index).frame, frame, count, True)


def audit_step(words: Words) -> Callable[["Run"], None]:
    event = words.choose("refused", "opened", "closed")
    fields: dict[str, Any] = {}
    if event == "closed":
        fields["close_code"] = words.number("a close code")
        fields["closed_by"] = words.choose("client", "upstream", "gateway")
    if event == "refused" or event == "closed" and words.peek():
        fields["reason"] = words.take("a reason")
    return lambda run: run.door.gateway.wait_audit(event, client=run.source, **fields) and None


# --- What a step does ---


class Run:
    """One scenario on its way: its connections, which have an address of their own."""

    def __init__(self, door: Door, source: str) -> None:
        self.door, self.source = door, source
        self.clients: dict[int, RawClient] = {}
        self.failures: dict[int, Exception] = {}
        self.responses: dict[int, Response] = {}
        self._connections_before = door.upstream.connections

    def play(self, scenario: Scenario) -> None:
        """AssertionError, which names the line, where the gateway does something else."""
        try:
            for step in scenario.steps:
                self._play(scenario, step)
        finally:
            for client in self.clients.values():
                client.close()
            self.door.release(self.source)
        self.door.check_bystander()

    def _play(self, scenario: Scenario, step: Step) -> None:
        try:
            step.run(self)
        except (AssertionError, OSError, EOFError) as error:
            what = f"{type(error).__name__}: {error}"
            raise AssertionError(f"{scenario.path}:{step.line}: {step.words[:120]}\n  {what}") from error

    def client(self, index: int) -> RawClient:
        if index not in self.clients:
            self.connect(index, "tls", "")
        if index in self.failures:
            raise self.failures[index]
        return self.clients[index]

    def connect(self, index: int, kind: str, value: str) -> None:
        gateway = self.door.gateway
        try:
            if kind == "plain":
                self.clients[index] = PlainClient(gateway.port, self.source)
            else:
                self.clients[index] = gateway.raw(source=self.source, context=tls_context(gateway, kind, value))
        except (ssl.SSLError, ConnectionError) as failure:
            self.failures[index] = failure

    def open(self, index: int) -> None:
        self.client(index).send(("\r\n".join(REQUEST) + "\r\n\r\n").encode())
        self.answer(index, ("\r\n".join(RESPONSE) + "\r\n\r\n").encode())
        self.expect_response(index, 101, None)

    def peer(self, index: int) -> Peer:
        return self.door.peer(self.source, index)

    def answer(self, index: int, data: bytes) -> None:
        peer = self.peer(index)
        accept = frames.accept_for(peer.field("Sec-WebSocket-Key") or "")
        peer.send(data.replace(b"{accept}", accept.encode()))

    def response_head(self, index: int) -> str:
        expect(index in self.responses, "there was no response yet")
        return "".join(f"{name}: {value}\r\n" for name, value in self.responses[index].headers.items())

    def expect_response(self, index: int, status: int, reason: str | None) -> None:
        client = self.client(index)
        response = client.response() if reason else client.head()
        self.responses[index] = response
        expect(response.status == status, f"{response.status} {response.body.decode()}")
        if reason:
            self.door.gateway.check_refusal(response, reason, status)

    def expect_no_tls(self, index: int) -> None:
        if index not in self.clients and index not in self.failures:
            self.connect(index, "tls", "")
        if index in self.failures:
            return
        client = self.client(index)
        expect(isinstance(client, PlainClient), "the TLS handshake succeeded")
        answer = rest(client)
        expect(not answer or answer[0] == 0x15 and len(answer) == 7, f"more than a TLS alert: {answer!r}")

    def expect_silence(self, index: int) -> None:
        if self.door.upstream.connections == self._connections_before:
            return
        peer = self.peer(index)
        readable, _, _ = select.select([peer.socket], [], [], 0.2)
        expect(not readable, "bytes, or the end")
        peer.socket.setblocking(False)
        buffered = peer.stream.peek(1)
        peer.socket.settimeout(PATIENCE)
        expect(not buffered, f"{buffered!r:.100}")


class PlainClient(RawClient):
    """A connection without TLS."""

    def __init__(self, port: int, source: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))  # type: ignore[assignment]
        self.stream = self.socket.makefile("rb")


def rest(client: RawClient) -> bytes:
    try:
        return client.stream.read()
    except ConnectionError:
        return b""


def tls_context(gateway: Gateway, kind: str, value: str) -> ssl.SSLContext | None:
    """A client's TLS settings that offer one version, cipher or protocol and nothing else; None for the usual ones."""
    if not value:
        return None
    context = ssl.create_default_context(cafile=str(gateway.certificates / "ca.pem"))
    if kind == "alpn":
        context.set_alpn_protocols([value])
        return context
    version = ssl.TLSVersion[f"TLSv{value.replace('.', '_')}"] if kind == "tls" else ssl.TLSVersion.TLSv1_2
    with warnings.catch_warnings():
        # The old versions are deprecated: they are tried here so that they fail.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(f"{value if kind == 'cipher' else 'ALL'}:@SECLEVEL=0")
    return context


def drip(client: RawClient | Peer, data: bytes) -> None:
    for byte in data:
        try:
            client.send(bytes([byte]))
        except OSError:
            return
        time.sleep(0.01)
        if is_answered(client):
            return


def is_answered(client: RawClient | Peer) -> bool:
    """Whether bytes have come. A socket can be readable without any: for a session ticket of TLS."""
    client.socket.setblocking(False)
    try:
        return bool(client.stream.peek(1))
    except (ssl.SSLWantReadError, ConnectionError):
        return False
    finally:
        client.socket.settimeout(PATIENCE)


def end_connection(end: RawClient | Peer, abruptly: bool) -> None:
    if not abruptly:
        end.socket.shutdown(socket.SHUT_RDWR)
        return
    # With nothing to linger for, closing sends a reset; the socket is closed only after its stream.
    end.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.stream.close()
    end.socket.close()


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def expect_end(end: RawClient | Peer, is_ended: bool) -> None:
    """Whoever sees the end ends its own side too."""
    expect(is_ended, "more bytes")
    end.stream.close()
    end.socket.close()


def expect_in(text: str, wanted: str, is_there: bool) -> None:
    expect((wanted.lower() in text.lower()) == is_there, f"the head is:\n{text}")


def expect_bytes(client: RawClient, wanted: bytes) -> None:
    found = frames.read_exactly(client.stream, len(wanted))
    expect(found == wanted, f"{found!r}")


def expect_frames(receive: Callable[[], frames.Frame | None], wanted: FrameWords, count: int, by_upstream: bool) -> None:
    for _ in range(count):
        frame = receive()
        expect(frame is not None, "the end")
        assert frame
        expect(wanted.matches(frame, by_upstream), f"{frame!r:.300}")
