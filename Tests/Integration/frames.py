"""RFC 6455 frames and handshakes by hand, for peers that must be able to do it wrong."""

import base64
import hashlib
import os
import struct
from dataclasses import dataclass
from typing import Protocol

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Stream(Protocol):
    def read(self, count: int, /) -> bytes: ...


@dataclass
class Frame:
    opcode: int
    payload: bytes
    final: bool = True
    masked: bool = False
    key: bytes = b""
    reserved: int = 0
    """The three RSV bits."""

    @property
    def code(self) -> int | None:
        """A close frame's code; None where it has none."""
        return struct.unpack("!H", self.payload[:2])[0] if len(self.payload) >= 2 else None

    @property
    def reason(self) -> str:
        return self.payload[2:].decode()


def mask(payload: bytes, key: bytes) -> bytes:
    whole = (len(payload) + 3) // 4
    number = int.from_bytes(payload, "big") ^ int.from_bytes((key * whole)[: len(payload)], "big")
    return number.to_bytes(len(payload), "big")


def encode(opcode: int, payload: bytes = b"", *, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """One frame in its shortest form; `reserved` are the three RSV bits."""
    first = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        length = bytes([bit | size])
    elif size < 65536:
        length = bytes([bit | 126]) + struct.pack("!H", size)
    else:
        length = bytes([bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return first + length + payload
    key = os.urandom(4)
    return first + length + key + mask(payload, key)


def encode_close(code: int, reason: str = "", *, masked: bool = True) -> bytes:
    return encode(CLOSE, struct.pack("!H", code) + reason.encode(), masked=masked)


def read_exactly(stream: Stream, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = stream.read(count)
        if not part:
            raise EOFError("the peer ended the stream inside a frame")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_frame(stream: Stream) -> Frame | None:
    """The next frame, unmasked; None at the end of the stream."""
    head = stream.read(1)
    if not head:
        return None
    second = read_exactly(stream, 1)[0]
    size = second & 0x7F
    if size == 126:
        size = struct.unpack("!H", read_exactly(stream, 2))[0]
    elif size == 127:
        size = struct.unpack("!Q", read_exactly(stream, 8))[0]
    key = read_exactly(stream, 4) if second & 0x80 else b""
    payload = read_exactly(stream, size)
    return Frame(
        opcode=head[0] & 0x0F,
        payload=mask(payload, key) if key and payload else payload,
        final=bool(head[0] & 0x80),
        masked=bool(key),
        key=key,
        reserved=head[0] >> 4 & 7,
    )


def accept_for(key: str) -> str:
    """RFC 6455 section 4.2.2: what answers a Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def upgrade_request(path: str = "/echo", host: str = "localhost", without: str = "", **fields: str) -> bytes:
    """A valid upgrade with a field taken out (`without`) or set; an underscore in a name stands for a hyphen."""
    lines = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    lines.pop(without, None)
    lines.update({name.replace("_", "-"): value for name, value in fields.items()})
    return request(path, lines)


def request(path: str, fields: dict[str, str], method: str = "GET") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode() + b"\r\n"
