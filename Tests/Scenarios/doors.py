"""Gateways for scenarios: one for each policy that occurs, with an upstream and a bystander."""

import json
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import frames
import policy as policies
from gateway import Gateway
from lines import PATIENCE
from upstreams import Peer, RawUpstream

BYSTANDER = "/bystander"


def merged(base: Any, over: Any) -> Any:
    """`over` put over `base`, mappings key by key."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return base | {key: merged(base.get(key), value) for key, value in over.items()}


class Door:
    """A gateway, its upstream, whose connections are the scenarios' to use, and a connection that must not notice."""

    def __init__(self, binary: Path, folder: Path, certificates: Path, settings: dict[str, Any]) -> None:
        self.upstream = RawUpstream(self._serve)
        self._arrival = threading.Condition()
        self._peers: dict[str, list[Peer]] = defaultdict(list)
        self._released: set[str] = set()
        self.gateway = Gateway(binary, folder, certificates, self._policy(certificates, settings), None)
        self._bystander = self.gateway.connect(BYSTANDER)
        self.check_bystander()

    def _policy(self, certificates: Path, settings: dict[str, Any]) -> policies.Settings:
        return policies.whole(
            listeners={"public": merged(policies.listener(certificates), settings.get("listener", {}))},
            upstreams={
                "main": merged(policies.upstream(self.upstream.url), settings.get("upstream", {})),
                "bystander": policies.upstream(self.upstream.url),
            },
            routes=[
                merged(policies.route(), settings.get("route", {})),
                policies.route("bystander", path=BYSTANDER, upstream="bystander"),
            ],
        )

    def _serve(self, peer: Peer) -> None:
        if peer.head.startswith(f"GET {BYSTANDER} ".encode()):
            # It may have nothing to do for as long as all scenarios take.
            peer.socket.settimeout(None)
            peer.switch()
            for frame in peer.messages():
                peer.send(frames.encode(frame.opcode, frame.payload, masked=False))
            return
        # The gateway names the client there, so that a connection is known to be of one scenario.
        source = peer.field("X-Forwarded-For") or ""
        with self._arrival:
            self._peers[source].append(peer)
            self._arrival.notify_all()
            self._arrival.wait_for(lambda: source in self._released)

    def peer(self, source: str, index: int) -> Peer:
        """The upstream's connection that arrived as the `index`th for that client."""
        with self._arrival:
            arrived = self._arrival.wait_for(lambda: len(self._peers[source]) > index, PATIENCE)
            assert arrived, "no connection arrived at the upstream"
            return self._peers[source][index]

    def release(self, source: str) -> None:
        """Ends the upstream's connections for that client, now and later."""
        with self._arrival:
            self._released.add(source)
            self._arrival.notify_all()

    def check_bystander(self) -> None:
        self._bystander.send("still here")
        assert self._bystander.recv() == "still here"

    def stop(self) -> None:
        try:
            self._bystander.close()
        finally:
            self.gateway.stop()
            self.upstream.end()


class Doors:
    """All gateways of a run, started when the first scenario asks for them."""

    def __init__(self, binary: Path, certificates: Path, folder: Path) -> None:
        self._binary, self._certificates, self._folder = binary, certificates, folder
        self._doors: dict[str, Door] = {}

    def door(self, settings: dict[str, Any]) -> Door:
        name = json.dumps(settings, sort_keys=True)
        if name not in self._doors:
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            self._doors[name] = Door(self._binary, folder, self._certificates, settings)
        return self._doors[name]

    def stop(self) -> None:
        failures: list[Exception] = []
        for door in self._doors.values():
            try:
                door.stop()
            except (AssertionError, OSError) as failure:
                failures.append(failure)
        if failures:
            raise ExceptionGroup("gateways did not end as they must", failures)
