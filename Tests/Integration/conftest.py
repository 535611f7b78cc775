"""Fixtures: the binary, certificates, gateways and upstreams. Every test ends what it started, by its own handle."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import policy as policies
from gateway import Gateway, make_certificates
from sanitizers import Reports, no_sanitizer_reports, sanitizer_reports  # noqa: F401  (fixtures)
from upstreams import Peer, RawUpstream, Upstream

ROOT = Path(__file__).parents[2]

StartGateway = Callable[..., Gateway]
StartUpstream = Callable[[Callable[[Peer], Any]], RawUpstream]


@pytest.fixture(scope="session")
def portcullis(sanitizer_reports: Reports | None) -> Path:  # noqa: F811
    """The binary under test: $PORTCULLIS, or the release build."""
    binary = Path(os.environ.get("PORTCULLIS", ROOT / ".build/release/portcullis"))
    assert binary.is_file(), f"{binary} is missing; `swift build -c release --product portcullis` makes it"
    return binary.absolute()


@pytest.fixture(scope="session")
def certificates(portcullis: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a development authority and a certificate for localhost."""
    return make_certificates(portcullis, tmp_path_factory.mktemp("certificates") / "localhost", "localhost")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server on the `ws` library."""
    server = Upstream()
    yield server
    server.end()


@pytest.fixture
def raw_upstream() -> Iterator[StartUpstream]:
    """Starts hand-made upstreams."""
    with ExitStack() as started:

        def start(serve: Callable[[Peer], Any]) -> RawUpstream:
            server = RawUpstream(serve)
            started.callback(server.end)
            return server

        yield start


@pytest.fixture
def gateway(portcullis: Path, certificates: Path, tmp_path: Path) -> Iterator[StartGateway]:
    """Starts gateways.

    `gateway(upstream)` has one public route, `/echo`, to that upstream; keywords are that route's settings, but for
    `listener`, the listener's, `dial`, the upstream's, `routes`, which replaces the one route, `upstreams`, further
    ones, `issuers`, further issuers of tokens, `state`, a folder that another gateway has left, and `options`, further
    words of its command line.
    """
    with ExitStack() as started:

        def start(
            target: Upstream | RawUpstream | str,
            *,
            listener: dict[str, Any] | None = None,
            dial: dict[str, Any] | None = None,
            routes: list[dict[str, Any]] | None = None,
            upstreams: dict[str, Any] | None = None,
            issuers: dict[str, Any] | None = None,
            state: Path | None = None,
            options: Sequence[str | Path] = (),
            **route: Any,
        ) -> Gateway:
            url = target if isinstance(target, str) else target.url
            policy = policies.whole(
                listeners={"public": policies.listener(certificates, **(listener or {}))},
                upstreams={"main": policies.upstream(url, **(dial or {}))} | (upstreams or {}),
                routes=routes or [policies.route(**route)],
                issuers=issuers,
            )
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            return started.enter_context(Gateway(portcullis, folder, certificates, policy, state, options))

        yield start
