"""What is different where the binary was built with a sanitizer: `./dev test --sanitize KIND` says so by environment.

A sanitizer writes what it finds to a file for each process. The fixtures fail the test during which that came, or the
session's last one for what a gateway said that ended with the session.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

SLOWNESS = int(os.environ.get("PORTCULLIS_SLOWNESS", "1"))
"""How many times longer all may take than in a normal run: every bound on time is multiplied by it."""

KIND = os.environ.get("PORTCULLIS_SANITIZER")
OPTIONS = {"address": "ASAN_OPTIONS", "thread": "TSAN_OPTIONS"}

MEMORY = 2 if KIND == "address" else 1
"""How many times more resident memory a gateway may gain than in a normal run. The address sanitizer keeps some freed
memory back, and has borders around each block and a shadow of it all; the thread sanitizer stays within the normal
bounds."""


def footprint(kib: float) -> float:
    """What resident memory may grow by where `kib` are held. A sanitizer keeps several bytes about each one that is used, and
    has buffers of its own: then only growth without bound is seen."""
    return kib * 8 + 4096 if KIND else kib


class Reports:
    """The files of a folder that sanitizers write to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def check(self) -> None:
        """Fails for what has come since the last time."""
        found = []
        for path in sorted(self._folder.iterdir()):
            text = path.read_bytes()
            new = text[self._read.get(path, 0) :]
            self._read[path] = len(text)
            if new:
                found.append(new.decode(errors="replace"))
        if found:
            raise AssertionError("the sanitizer reports:\n" + "\n".join(found))


@pytest.fixture(scope="session")
def sanitizer_reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reports | None]:
    """Where all processes that are started from now on report to; None without a sanitizer."""
    if KIND is None:
        yield None
        return
    folder = tmp_path_factory.mktemp("reports")
    name = OPTIONS[KIND]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, f"{os.environ.get(name, '')}:log_path={folder}/report")
        reports = Reports(folder)
        yield reports
        reports.check()


@pytest.fixture(autouse=True)
def no_sanitizer_reports(sanitizer_reports: Reports | None) -> Iterator[None]:
    """Set up before all else that a test uses, and thus looks when that has ended."""
    yield
    if sanitizer_reports:
        sanitizer_reports.check()
