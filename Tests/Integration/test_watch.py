"""--watch: what changes on the disk comes into force by itself, once it stands still."""

import os
import shutil
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

import frames
import policy as policies
from conftest import StartGateway
from gateway import Gateway, make_certificates
from lines import wait_until
from test_reload import Visitors, replace_policy, with_routes
from upstreams import Upstream


@pytest.fixture(autouse=True)
def watching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gateway, "options", ["--watch"])


def reloaded(door: Gateway, after: int) -> None:
    door.log.wait(lambda line: "policies reloaded" in line, after=after)


def refusals(door: Gateway) -> int:
    return sum("not reloaded" in line for line in door.log.so_far())


def test_policy_that_changes(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    with door.connect() as before:
        lines = len(door.log.so_far())
        replace_policy(door, with_routes(door, policies.route("other"), policies.route()))
        reloaded(door, lines)
        door.connect("/other").close()
        before.send("hi")
        assert before.recv() == "hello:hi"


def test_files_that_come_and_go(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    lines = len(door.log.so_far())
    more = door.policies / "more.yaml"
    (door.policies / "more.test.yaml").write_text("of no importance")
    policies.write(door.policies / "aside", {"routes": [policies.route("other")]})
    os.replace(door.policies / "aside" / "policy.yaml", more)
    reloaded(door, lines)
    door.connect("/other").close()
    lines = len(door.log.so_far())
    more.unlink()
    reloaded(door, lines)
    door.refused("route-not-found", 404, "/other")


def test_bad_file_is_told_once_and_tried_when_it_changes(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    whole = (door.policies / "policy.yaml").read_text()
    with door.connect() as before:
        lines = len(door.log.so_far())
        (door.policies / "policy.yaml").write_text("routes: [")
        door.log.wait(lambda line: "not reloaded" in line, after=lines)
        assert any("policy.yaml:" in line and " error: " in line for line in door.log.so_far()[lines:])
        door.connect().close()
        # Two looks on, and no other try.
        time.sleep(2.5)
        (door.policies / "policy.yaml").write_text(whole)
        reloaded(door, lines)
        assert refusals(door) == 1
        before.send("hi")
        assert before.recv() == "hello:hi"


def test_certificate_that_is_not_there_yet(
    gateway: StartGateway, upstream: Upstream, portcullis: Path, tmp_path: Path
) -> None:
    """What a policy that cannot be run names is looked at, too: it may be what was missing."""
    door = gateway(upstream)
    folder = tmp_path / "late"
    listener = door.policy["listeners"]["public"] | {"tls": {"certificates": [policies.certificate_pair(folder)]}}
    replace_policy(door, door.policy | {"listeners": {"public": listener}})
    door.log.wait(lambda line: "not reloaded" in line)
    lines = len(door.log.so_far())
    make_certificates(portcullis, folder, "localhost")
    reloaded(door, lines)
    with door.raw(context=ssl.create_default_context(cafile=str(folder / "ca.pem"))) as client:
        client.upgrade()


@pytest.mark.parametrize("way", ["renamed", "linked"])
def test_certificates_swapped_under_load(
    gateway: StartGateway, upstream: Upstream, portcullis: Path, tmp_path: Path, way: str
) -> None:
    """H33: the files alone change, renamed over the old ones or by a link to their folder, as orchestrators do it."""
    pairs = [make_certificates(portcullis, tmp_path / name, "localhost") for name in ("one", "two")]
    trusting = ssl.create_default_context()
    for pair in pairs:
        trusting.load_verify_locations(str(pair / "ca.pem"))
    shown = tmp_path / "shown"

    def show(pair: Path) -> None:
        if way == "linked":
            (tmp_path / "next").symlink_to(pair)
            os.replace(tmp_path / "next", shown)
            return
        shown.mkdir(exist_ok=True)
        for name in ("server.key", "server.pem"):
            shutil.copy(pair / name, shown / f"{name}.new")
            os.replace(shown / f"{name}.new", shown / name)

    show(pairs[0])
    door = gateway(
        upstream,
        listener={"tls": {"certificates": [policies.certificate_pair(shown)]}},
        timeouts={"ping_interval": "1h"},
    )
    seen: list[Any] = []

    def visit() -> None:
        with door.raw(context=trusting) as client:
            seen.append(client.socket.getpeercert(binary_form=True))
            client.upgrade()

    with door.raw(context=trusting) as held:
        held.upgrade()
        with Visitors(visit) as visitors:
            for number in range(3):
                lines = len(door.log.so_far())
                show(pairs[(number + 1) % 2])
                reloaded(door, lines)
                last = visitors.visits
                wait_until(lambda: visitors.visits > last + 3, "more handshakes")
        assert visitors.failures == []
        assert len(set(seen)) == 2
        held.send_frame(frames.TEXT, b"hi")
        assert held.frame().payload == b"hello:hi"
    assert refusals(door) == 0
