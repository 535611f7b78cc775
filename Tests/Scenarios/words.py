"""The words of a scenario file: what stands for bytes, frames and numbers."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import frames

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = [
    "GET /echo HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}",
]  # fmt: skip
RESPONSE = [
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: {accept}",
]  # fmt: skip
KINDS = {"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}


class ScenarioError(Exception):
    """What is wrong in a file, with its place."""


@dataclass(frozen=True)
class Token:
    text: str
    line: int

    @property
    def is_bytes(self) -> bool:
        return self.text[0] in '"<'


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
