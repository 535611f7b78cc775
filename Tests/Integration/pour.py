"""A side that writes more than anyone takes, and notices when it is held back."""

import socket
import threading

import frames
from lines import PATIENCE
from sanitizers import SLOWNESS

MESSAGE_BYTES = 65_536


class Pour:
    """Writes `count` numbered messages of 64 KiB."""

    count = 768
    total = count * MESSAGE_BYTES

    def __init__(self, *, masked: bool) -> None:
        self._masked = masked
        self.stalled = threading.Event()
        """Set once a second (more under a sanitizer) has passed in which there was no room for a byte."""
        self.bytes_before_stall = 0

    def run(self, connection: socket.socket) -> None:
        connection.settimeout(1.0 * SLOWNESS)
        for number in range(self.count):
            rest = memoryview(self._frame(number))
            while rest:
                try:
                    rest = rest[connection.send(rest[:16_384]) :]
                except TimeoutError:
                    assert not self.stalled.is_set(), "the reader reads again, and yet there is no room"
                    self.bytes_before_stall = number * MESSAGE_BYTES
                    self.stalled.set()
                    connection.settimeout(PATIENCE)

    def _frame(self, number: int) -> bytes:
        payload = number.to_bytes(4, "big") + bytes(MESSAGE_BYTES - 4)
        return frames.encode(frames.BINARY, payload, masked=self._masked)

    def check(self, number: int, frame: frames.Frame | None) -> None:
        assert frame is not None, f"ended before message {number}"
        assert (frame.opcode, frame.payload[:4], len(frame.payload)) == (
            frames.BINARY,
            number.to_bytes(4, "big"),
            MESSAGE_BYTES,
        )
