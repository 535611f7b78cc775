"""The lines of a child's pipe, and a way to wait for one of them."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from sanitizers import SLOWNESS

PATIENCE = 15.0 * SLOWNESS
"""Seconds to wait for something that happens at once on an idle machine."""


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true value of `condition`, asked for again and again; for what announces itself in no other way."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {patience:.0f} s")


class Lines:
    """Gathers the lines of a pipe in a thread of its own, each read by `parse`."""

    def __init__(self, pipe: Iterable[str], parse: Callable[[str], Any] = str) -> None:
        self._pipe = pipe
        self._parse = parse
        self._arrival = threading.Condition()
        self._lines: list[Any] = []
        self._ended = False
        self._thread = threading.Thread(target=self._gather, daemon=True)
        self._thread.start()

    def _gather(self) -> None:
        for line in self._pipe:
            value = self._parse(line.rstrip("\n"))
            with self._arrival:
                self._lines.append(value)
                self._arrival.notify_all()
        with self._arrival:
            self._ended = True
            self._arrival.notify_all()

    def so_far(self) -> list[Any]:
        with self._arrival:
            return list(self._lines)

    def to_end(self) -> list[Any]:
        """All lines of a child that has ended."""
        self._thread.join(PATIENCE)
        return self.so_far()

    def wait(self, wanted: Callable[[Any], bool], patience: float = PATIENCE, after: int = 0) -> Any:
        """The first line behind the first `after` that is wanted, whether it has come or is yet to come."""
        found: list[Any] = []

        def arrived() -> bool:
            found[:] = [line for line in self._lines[after:] if wanted(line)][:1]
            return bool(found) or self._ended

        with self._arrival:
            self._arrival.wait_for(arrived, patience)
        assert found, f"no such line within {patience:.0f} s; there are:\n" + "\n".join(map(str, self.so_far()))
        return found[0]
