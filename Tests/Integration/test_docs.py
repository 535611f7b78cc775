"""The pages in docs/ and README.md: what they show is run, read by the gateway, or compared with what it is about."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT
from gateway import run
from lines import PATIENCE, wait_until

PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
OF_THEIR_OWN = {"extending.md", "policy-reference.md", "testing-policies.md"}
"""Pages whose policies have tests of their own."""

SECTIONS = {
    "listeners": "listeners: { public: { address: 127.0.0.1:0, tls: { certificates: [{ certificate: c, private_key: k }] } } }",
    "upstreams": 'upstreams: { echo: { endpoints: ["ws://127.0.0.1:9001"] } }',
    "token_issuers": "token_issuers: { local: { builtin: {} } }",
    "routes": "routes:\n- name: chat\n  match: { path: /chat }\n  upstream: echo\n  middleware: [{ token: { issuers: [local] } }]",
}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def whole(fragment: str) -> str:
    """A policy with that fragment in it: a part of the top, or of a route."""
    keys = re.findall(r"^([a-z_]+):", fragment, re.MULTILINE)
    top = {*SECTIONS, "limits", "admin"}
    if set(keys) <= top:
        return "\n".join([fragment, *(text for name, text in SECTIONS.items() if name not in keys)])
    route = "\n".join("  " + line for line in fragment.splitlines())
    return "\n".join([*SECTIONS.values(), route])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in anchors, f"{page.name}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_source_files_are_there(page: Path) -> None:
    for name in re.findall(r"`([\w/*+.-]+\.swift)`", page.read_text()):
        assert next((ROOT / "Sources").rglob(name), None), f"{page.name}: {name}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in OF_THEIR_OWN], ids=lambda page: page.name)
def test_policies_are_valid(portcullis: Path, tmp_path: Path, page: Path) -> None:
    for number, fragment in enumerate(blocks(page, "yaml")):
        file = tmp_path / f"{number}.yaml"
        file.write_text(whole(fragment))
        answer = run(portcullis, "validate", "--no-files", "--policies", file, check=False)
        assert answer.returncode == 0, f"{page.name}: {fragment}\n{answer.stderr}"


def reasons(name: str) -> set[str]:
    source = (ROOT / "Sources/PolicyModel/Reason.swift").read_text()
    body = source.split(f"enum {name}")[1].split("\n}")[0]
    return set(re.findall(r'= "([a-z-]+)"', body))


def test_every_reason_is_told() -> None:
    page = (ROOT / "docs/refusals.md").read_text()
    life = (ROOT / "docs/connection.md").read_text()
    told, closes = set(re.findall(r"`([a-z-]+)`", page)), set(re.findall(r"`([a-z-]+)`", page + life))
    assert not reasons("RefusalReason") - told
    assert not reasons("CloseReason") - closes


def test_operators_commands(portcullis: Path, tmp_path: Path) -> None:
    """The commands of the operator's guide, one after the other, in a folder with the policies that ship."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    policy = tmp_path / "policies/default.yaml"
    policy.write_text(re.sub(r"address: \S+:8443", "address: 127.0.0.1:0", policy.read_text()))
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "portcullis").symlink_to(portcullis)
    environment = os.environ | {"PATH": f"{commands}:{os.environ['PATH']}"}
    lines = [line for text in blocks(ROOT / "docs/operating.md", "sh") for line in text.splitlines() if line]
    assert len(lines) >= 12
    running: subprocess.Popen[bytes] | None = None
    try:
        for line in lines:
            words = line.split("#")[0].strip()
            if words.endswith("&"):
                running = subprocess.Popen(
                    ["sh", "-c", f"exec {words[:-1]}"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
                )
                wait_until((tmp_path / "state/admin.sock").exists, "the operators' socket")
                continue
            answer = subprocess.run(
                ["sh", "-c", words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE
            )
            # What is refused is explained, too, and its exit code says so.
            wanted = 3 if " explain " in words else 0
            assert answer.returncode == wanted, f"{line}\n{answer.stdout}{answer.stderr}"
    finally:
        if running:
            running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE) == 0
