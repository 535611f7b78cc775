"""Messages that both sides can derive, and the check that exactly these arrive, each once and in order.

What the `number`th message of a direction of a connection is follows from these three alone: whether it is text, its
size, and every byte of it. The receiver derives it too and compares, which says more than a checksum would, and holds
for empty messages as well. All but the shortest begin with a label, so that a wrong message can be told apart.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass

MESSAGE_LIMIT = 65_536
"""What the policy allows a message (`limits.message_bytes`)."""

EDGES = (0, 1, 125, 126, 127, 1_000, 16_384, 65_534, 65_535, MESSAGE_LIMIT)
"""Sizes at which frames change their form, buffers end, or the limit lies."""

_LABEL = re.compile(rb"([cu])([0-9a-f]{8})\.([0-9a-f]{8})\|")
LABEL_BYTES = 19
_UNITS = ("aé😀b", "zß𝄞q", "0ñ🜁7", "~µ𐍈/")
"""Each is four characters and eight bytes, so that a slice of text has a size that is known."""

_random = random.Random(6455)
_BINARY = _random.randbytes(2 * MESSAGE_LIMIT)
_TEXT = "".join(_random.choices(_UNITS, k=2 * MESSAGE_LIMIT // 8)).encode()

Message = str | bytes


@dataclass(frozen=True)
class Direction:
    """One way of one connection: `side` is `c` for what the client sends, `u` for what the upstream sends."""

    side: str
    connection: int
    largest: int = MESSAGE_LIMIT

    def message(self, number: int) -> Message:
        """The `number`th message, counted from 0."""
        mixed = (self.connection * 0x9E3779B1 + number * 0x85EBCA6B + (self.side == "u") * 0xC2B2AE35) & 0xFFFFFFFF
        mixed = ((mixed ^ mixed >> 15) * 0x2C1B3C6D) & 0xFFFFFFFF
        is_text, size = bool(mixed & 1), self._size(mixed >> 1)
        label = f"{self.side}{self.connection:08x}.{number:08x}|".encode() if size >= LABEL_BYTES else b""
        start, rest = 8 * (mixed >> 16 & 0x1FFF), size - len(label)
        if not is_text:
            return label + _BINARY[start : start + rest]
        return (label + _TEXT[start : start + rest // 8 * 8] + b"-" * (rest % 8)).decode()

    def _size(self, mixed: int) -> int:
        """Mostly small, sometimes kilobytes, and now and then an edge."""
        kind, value = mixed % 16, mixed >> 4
        if kind == 0:
            size = EDGES[value % len(EDGES)]
        elif kind < 11:
            size = value % 600
        elif kind < 15:
            size = value % 6_000
        else:
            size = value % self.largest
        return min(size, self.largest)


class Received:
    """Compares what arrives with what must: `take` says what is wrong with a message, or nothing."""

    def __init__(self, direction: Direction) -> None:
        self.direction = direction
        self.count = 0
        """Messages that have arrived in their place."""
        self.bytes = 0
        self.faults: Counter[str] = Counter()
        self._missing: set[int] = set()

    def take(self, message: Message) -> str | None:
        place = self.count
        expected = self.direction.message(place)
        if message == expected:
            self.count += 1
            self.bytes += len(message)
            return None
        kind, detail = self._fault(message)
        self.faults[kind] += 1
        shown = message if isinstance(message, bytes) else message.encode(errors="surrogatepass")
        return (
            f"{kind} message on connection {self.direction.connection} from {self.direction.side}: {detail}; "
            f"{type(message).__name__} of {len(shown)} bytes, {shown[:40]!r}, expected number {place}: "
            f"{type(expected).__name__} of {len(expected.encode() if isinstance(expected, str) else expected)} bytes"
        )

    def ended(self, sent: int) -> str | None:
        """What is wrong after the other side has sent that many, and all of them should be here."""
        if self.count == sent and not self._missing:
            return None
        self.faults["lost"] += 1
        return (
            f"lost messages on connection {self.direction.connection} from {self.direction.side}: "
            f"{sent} were sent, {self.count} reached, {len(self._missing)} skipped"
        )

    def _fault(self, message: Message) -> tuple[str, str]:
        number, is_whole = self._whose(message)
        if not is_whole:
            if number == self.count:
                self.count += 1
            return "altered", "it is none of these" if number is None else f"it says that it is number {number}"
        if number in self._missing:
            self._missing.discard(number)
            return "reordered", f"number {number} after a later one"
        if number < self.count:
            return "doubled", f"number {number} again"
        self._missing.update(range(self.count, min(number, self.count + 1_000)))
        self.count = number + 1
        return "lost", f"number {number} came instead"

    def _whose(self, message: Message) -> tuple[int, bool] | tuple[None, bool]:
        """The number that a message has in this direction, if any, and whether it is that message."""
        raw = message.encode(errors="surrogatepass") if isinstance(message, str) else message
        label = _LABEL.match(raw)
        if label is None:
            return self._unlabelled(message)
        if (label[1].decode(), int(label[2], 16)) != (self.direction.side, self.direction.connection):
            return None, False
        number = int(label[3], 16)
        return number, self.direction.message(number) == message

    def _unlabelled(self, message: Message) -> tuple[int, bool] | tuple[None, bool]:
        """A message too short for a label is looked for among its neighbours."""
        for number in [*range(self.count - 1, max(-1, self.count - 9), -1), *range(self.count + 1, self.count + 9)]:
            if self.direction.message(number) == message:
                return number, True
        return None, False
