"""Start and end of the gateway's process."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import threading
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed

import frames
from client import RawClient
from conftest import StartGateway
from lines import PATIENCE
from upstreams import Upstream


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_drains(gateway: StartGateway, upstream: Upstream, number: signal.Signals) -> None:
    """H26: live connections get 1012 within the window, the process ends with exit 0 (`Gateway.stop` looks)."""
    door = gateway(upstream, listener={"limits": {"drain_window": "1s"}})
    sockets = [door.connect() for _ in range(20)]
    codes: list[tuple[int, str]] = []
    # Each client answers its close at once, as real ones do.
    threads = [threading.Thread(target=lambda ws=ws: codes.append(ws.closing())) for ws in sockets]
    for thread in threads:
        thread.start()
    door.process.send_signal(number)
    for thread in threads:
        thread.join(PATIENCE)
    assert [code for code, _ in codes] == [1012] * 20
    assert door.wait_ended() == 0
    closed = [line for line in door.audit.so_far() if line["event"] == "closed"]
    assert [(line["reason"], line["close_code"]) for line in closed] == [("draining", 1012)] * 20
    for ws in sockets:
        ws.close()


def test_drain_without_connections_ends_at_once(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"limits": {"drain_window": "1h"}})
    door.terminate()
    assert door.wait_ended() == 0


def test_drain_ends_clients_that_do_not_answer(gateway: StartGateway, upstream: Upstream) -> None:
    """H26: ended at the deadline."""
    door = gateway(upstream, listener={"limits": {"drain_window": "500ms"}}, timeouts={"close": "500ms"})
    with door.raw() as client:
        client.upgrade()
        door.terminate()
        assert client.close_frame().code == 1012
        assert door.wait_ended() == 0


def test_drain_of_a_short_window(gateway: StartGateway, upstream: Upstream) -> None:
    """H26: those whose turn comes in the last moment get their 1012, too."""
    door = gateway(upstream, listener={"limits": {"drain_window": "10ms"}})
    with ExitStack() as opened:
        clients = [opened.enter_context(door.raw()) for _ in range(20)]
        for client in clients:
            client.upgrade()
        door.terminate()
        assert [client.close_frame().code for client in clients] == [1012] * 20
    assert door.wait_ended() == 0


def test_draining_refuses_who_has_not_spoken_yet(gateway: StartGateway, upstream: Upstream) -> None:
    """H26: what was accepted before the signal, but asks after it, gets an answer."""
    door = gateway(upstream)
    with door.raw() as client:
        # By now the gateway has finished TLS with this client, and not read a byte of a head.
        with door.connect() as other:
            other.send("hi")
            assert other.recv() == "hello:hi"
        door.terminate()
        door.wait_until_draining()
        try:
            client.send(frames.upgrade_request())
        except OSError:
            pass  # answered and ended already
        door.check_refusal(client.response(), "draining", 503)
    assert door.wait_ended() == 0


def test_drain_of_many(gateway: StartGateway, upstream: Upstream) -> None:
    """H26: 1012 to each, one after another within the window; 503 to who asks meanwhile; the rest ended; exit 0."""
    door = gateway(upstream, listener={"limits": {"drain_window": "3s"}})

    async def drain(late: RawClient) -> None:
        sockets = await asyncio.gather(*(door.connect_async() for _ in range(40)))
        door.terminate()
        ends = [asyncio.create_task(socket.wait_closed()) for socket in sockets]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        late.send(frames.upgrade_request())
        door.check_refusal(late.response(), "draining", 503)
        # While the first have gone, others are still served.
        served = 0
        for socket in sockets:
            with contextlib.suppress(ConnectionClosed):
                await socket.send("hi")
                served += await socket.recv() == "hello:hi"
        assert served > 0
        await asyncio.gather(*ends)
        assert [socket.close_code for socket in sockets] == [1012] * 40

    with contextlib.ExitStack() as opened:
        deaf = [opened.enter_context(door.raw()) for _ in range(5)]
        for client in deaf:
            client.upgrade()
        late = opened.enter_context(door.raw())
        asyncio.run(asyncio.wait_for(drain(late), 2 * PATIENCE))
        for client in deaf:
            assert client.close_frame().code == 1012
        assert door.wait_ended() == 0
    closed = [line for line in door.audit.so_far() if line["event"] == "closed"]
    assert [(line["reason"], line["close_code"]) for line in closed] == [("draining", 1012)] * 45


def test_draining_stops_accepting(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"limits": {"drain_window": "30s"}})
    with door.connect():
        door.terminate()
        door.wait_until_draining()
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", door.port), PATIENCE)
        door.terminate()
        door.wait_ended()


def test_second_signal_ends_at_once(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"limits": {"drain_window": "1h"}}, timeouts={"close": "1h"})
    with door.raw() as client:
        client.upgrade()
        door.terminate()
        door.wait_until_draining()
        assert door.process.poll() is None
        door.terminate()
        assert door.wait_ended() is not None
    assert door.wait_audit("closed")["reason"] == "draining"


def test_two_gateways_on_one_port(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    with pytest.raises(AssertionError, match=f"(?i)address already in use|{door.port}"):
        gateway(upstream, listener={"address": f"127.0.0.1:{door.port}"})
    door.connect().close()


def test_log_is_written_to_standard_error_alone(gateway: StartGateway, upstream: Upstream) -> None:
    """Standard output carries the audit log and nothing else: every line of it is parsed as JSON."""
    door = gateway(upstream)
    door.connect().close()
    door.stop()
    assert all("event" in line for line in door.audit.so_far())
    assert any("listening" in line for line in door.log.so_far())


def test_file_modes_of_the_state(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    door.issue()
    assert door.state.stat().st_mode & 0o077 == 0
    for file in door.state.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_stalled_reader_of_the_audit_log(gateway: StartGateway, upstream: Upstream) -> None:
    """The process ends although nobody takes its last records."""
    door = gateway(upstream)
    process = subprocess.Popen(
        [door.binary, "run", "--policies", door.policies, "--state", door.state],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stderr
    try:
        line = next(line for line in process.stderr if "listening" in line)
        port = int(line.split("address=127.0.0.1:")[1].split()[0])
        for _ in range(20):
            with RawClient(port, door.context()) as client:
                client.send(frames.upgrade_request("/" + "x" * 8000))
                client.response()
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
