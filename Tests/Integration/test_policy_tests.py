"""`portcullis test`, as a person and as a CI system would run it."""

import json
import os
import pty
import re
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from conftest import ROOT
from gateway import run
from lines import PATIENCE

POLICY = """\
listeners:
  public:
    address: 127.0.0.1:8443
    tls: { certificates: [{ certificate: c.pem, private_key: c.key }] }
upstreams: { main: { endpoints: ["ws://127.0.0.1:9001"] } }
token_issuers: { local: { builtin: {} } }
routes:
  - name: chat
    match: { path: /chat }
    upstream: main
    middleware:
      - origin: { allow: ["https://app.test"] }
      - token: { issuers: [local] }
    messages:
      - name: sender
        from: client
        when: { json: { pointer: /sender, exists: true } }
        do: { set: { pointer: /sender, value: "${token.subject}" } }
      - name: no-binary
        from: client
        when: { opcode: binary }
        do: drop
"""

DEFAULTS = "defaults: { url: wss://h/chat, origin: 'https://app.test', claims: { subject: alice } }\n"

PASSING = (
    DEFAULTS
    + """\
tests:
  - name: who has a token is admitted
    messages:
      - { send: { json: { sender: x } }, expect: { edited: { json: { sender: alice } }, rule: sender } }
      - { send: { binary: "00" }, expect: { dropped: true, rule: no-binary } }
  - name: who has none is not
    handshake: { claims: null }
    expect: { refused: token-missing, status: 401 }
"""
)

FAILING = (
    DEFAULTS
    + """\
tests:
  - name: pages of others
    handshake: { origin: https://evil.test }
    expect: admitted
  - name: what is sent
    messages:
      - send: { json: { sender: x, text: a rather long text for one line of a report, n: 1 } }
        expect: { edited: { json: { sender: bob, text: a rather long text for one line of a report, n: 1 } } }
  - name: this one is fine
    expect: admitted
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.yaml").write_text(POLICY)
    return tmp_path


def run_tests(
    portcullis: Path, *arguments: str | Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [portcullis, "test", *arguments], capture_output=True, text=True, timeout=PATIENCE, cwd=cwd, check=False
    )


def test_policies_that_ship(portcullis: Path) -> None:
    """Every one has tests, they all pass, and no rule is without one."""
    for place in ("policies", "policies/examples"):
        result = run_tests(portcullis, place, "--coverage", "fail", cwd=ROOT)
        assert result.returncode == 0, result.stdout + result.stderr
        assert result.stderr == ""
    for policy in (ROOT / "policies").rglob("*.yaml"):
        assert policy.name.endswith(".test.yaml") or policy.with_suffix(".test.yaml").is_file(), policy


def test_without_arguments_the_policies_folder_is_tested(portcullis: Path, folder: Path) -> None:
    (folder / "policies").mkdir()
    (folder / "p.yaml").rename(folder / "policies/p.yaml")
    (folder / "policies/p.test.yaml").write_text(PASSING)
    result = run_tests(portcullis, cwd=folder)
    assert result.returncode == 0, result.stderr
    assert re.match(r"ok  policies/p\.test\.yaml  2 tests  \(\d+ ms\)\n", result.stdout), result.stdout
    summary = result.stdout.splitlines()[-1]
    assert summary.startswith("1 file, 2 tests: 2 passed, 0 failed; 5 of 5 rules touched ("), summary


def test_other_commands_leave_test_files_alone(portcullis: Path, folder: Path) -> None:
    (folder / "p.test.yaml").write_text("not: a policy\n")
    result = run(portcullis, "validate", "--no-files", "--policies", folder, check=False)
    assert result.returncode == 0, result.stderr


def test_a_failure_shows_expected_beside_actual(portcullis: Path, folder: Path) -> None:
    (folder / "p.test.yaml").write_text(FAILING)
    result = run_tests(portcullis, "p.test.yaml", cwd=folder)
    assert result.returncode == 1
    assert result.stderr == ""
    assert "\x1b" not in result.stdout
    assert re.sub(r"\(\d+ ms\)", "(MS)", result.stdout) == (
        """\
FAIL  p.test.yaml  3 tests, 2 failed  (MS)

FAIL p.test.yaml:3: pages of others
  p.test.yaml:5:13: the decision
    expected: admitted
    actual:   refused, origin-denied (403), by p.yaml:12

FAIL p.test.yaml:6: what is sent
  p.test.yaml:9:19: message 1
    expected: goes on as {"n":1,"sender":"bob","text":"a rather long text for one line of a report"}
    actual:   goes on as {"n":1,"sender":"alice","text":"a rather long text for one line of a report"}
        {
          "n": 1,
      -   "sender": "bob",
      +   "sender": "alice",
          "text": "a rather long text for one line of a report"
        }

not touched by any test:
  p.yaml:19:9: the message rule `no-binary` of the route `chat`

1 file, 3 tests: 1 passed, 2 failed; 4 of 5 rules touched (MS)
"""
    )


def test_untouched_rules_may_fail_a_run(portcullis: Path, folder: Path) -> None:
    (folder / "p.test.yaml").write_text(DEFAULTS + "tests: [{ name: a, expect: admitted }]\n")
    shown = run_tests(portcullis, folder)
    assert shown.returncode == 0
    assert "p.yaml:15:9: the message rule `sender` of the route `chat`" in shown.stdout
    assert "p.yaml:19:9: the message rule `no-binary` of the route `chat`" in shown.stdout
    assert run_tests(portcullis, folder, "--coverage", "fail").returncode == 1
    silent = run_tests(portcullis, folder, "--coverage", "off")
    assert silent.returncode == 0 and "rules touched" not in silent.stdout


def test_a_filter_runs_a_part(portcullis: Path, folder: Path) -> None:
    (folder / "p.test.yaml").write_text(FAILING)
    result = run_tests(portcullis, folder, "--filter", "is FINE", "--coverage", "fail")
    assert result.returncode == 0 and "1 file, 1 test: 1 passed" in result.stdout
    result = run_tests(portcullis, folder, "--filter", "nothing like that")
    assert result.returncode == 2 and "nothing like that" in result.stderr


def test_what_cannot_be_read(portcullis: Path, folder: Path) -> None:
    (folder / "bad.test.yaml").write_text("tests:\n  - nam: x\n    expect: { refused: origin-denid }\n")
    (folder / "good.test.yaml").write_text(PASSING)
    result = run_tests(portcullis, ".", cwd=folder)
    assert result.returncode == 2
    assert "bad.test.yaml:2:5: error: unknown key `nam` in a test; did you mean `name`?" in result.stderr
    assert "bad.test.yaml:3:24: error: there is no reason `origin-denid`; did you mean `origin-denied`?" in result.stderr
    assert "2 passed, 0 failed" in result.stdout, "what can be run is run"


def test_a_policy_that_cannot_be_read(portcullis: Path, folder: Path) -> None:
    (folder / "p.yaml").write_text(POLICY.replace("upstream: main", "upstream: mian"))
    (folder / "p.test.yaml").write_text(PASSING)
    result = run_tests(portcullis, folder)
    assert result.returncode == 2
    assert "p.yaml:10:15: error: there is no upstream `mian`; did you mean `main`?" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["--policies", "p.yaml"], ["none.test.yaml"], ["."]])
def test_no_tests(portcullis: Path, folder: Path, arguments: list[str]) -> None:
    result = run_tests(portcullis, *arguments, cwd=folder)
    assert result.returncode == 2
    assert result.stdout == "" and ": error: " in result.stderr


def test_json(portcullis: Path, folder: Path) -> None:
    (folder / "p.test.yaml").write_text(FAILING)
    (folder / "q.test.yaml").write_text("tests: 1\n")
    result = run_tests(portcullis, "--json", ".", cwd=folder)
    assert result.returncode == 2 and result.stderr == ""
    report = json.loads(result.stdout)
    assert (report["passed"], report["failed"]) == (1, 2)
    [file] = report["files"]
    assert (file["file"], file["policies"]) == ("p.test.yaml", ".")
    first = file["tests"][0]
    assert first["name"] == "pages of others" and not first["passed"]
    assert first["failures"][0]["expected"] == "admitted"
    assert first["failures"][0]["actual"].startswith("refused, origin-denied (403)")
    assert first["failures"][0]["place"] == {"file": "p.test.yaml", "line": 5, "column": 13}
    assert report["coverage"]["rules"] == 5 and report["coverage"]["touched"] == 4
    assert report["coverage"]["untouched"][0]["place"]["line"] == 19
    assert report["errors"][0]["place"]["file"] == "q.test.yaml"


def test_junit(portcullis: Path, folder: Path) -> None:
    (folder / "p.test.yaml").write_text(FAILING)
    result = run_tests(portcullis, folder, "--junit", folder / "report.xml")
    assert result.returncode == 1
    root = xml.parse(folder / "report.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == [
        "pages of others",
        "what is sent",
    ]
    assert run_tests(portcullis, folder, "--junit", folder / "none/report.xml").returncode == 2


@pytest.mark.parametrize(("environment", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_at_a_terminal(portcullis: Path, folder: Path, environment: dict[str, str], is_coloured: bool) -> None:
    (folder / "p.test.yaml").write_text(PASSING)
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [portcullis, "test", folder], stdout=theirs, env=inherited | {"TERM": "xterm"} | environment
    )
    assert process.wait(PATIENCE) == 0
    os.close(theirs)
    output = os.read(ours, 1 << 16)
    os.close(ours)
    assert (b"\x1b[32mok\x1b[0m" in output) == is_coloured
    assert b"ok" in output


def test_nothing_of_a_file_steers_the_terminal(portcullis: Path, folder: Path) -> None:
    text = 'tests:\n  - name: a\n    messages: [{ send: "\\e[31m\\u202e", expect: { edited: "\\e[32m" } }]\n'
    (folder / "p.test.yaml").write_text(DEFAULTS + text)
    result = run_tests(portcullis, folder)
    assert result.returncode == 1
    assert "\x1b" not in result.stdout and "\u202e" not in result.stdout
    assert "\\u{1b}[32m" in result.stdout


# docs/testing-policies.md


PAGE = (ROOT / "docs/testing-policies.md").read_text()


def blocks(name: str) -> list[tuple[str, str]]:
    """Those under a comment that matches, with the comment's text."""
    pattern = rf"^<!-- ({name}) -->\n```\w*\n(.*?)^```$"
    return re.findall(pattern, PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_shows_what_is_run(portcullis: Path, tmp_path: Path) -> None:
    files = blocks(r"\S+\.yaml")
    assert len(files) == len(re.findall(r"^```yaml$", PAGE, re.MULTILINE)) >= 4
    for name, text in files:
        (tmp_path / name).write_text(text)
    result = run_tests(portcullis, ".", "--coverage", "fail", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr

    [(_, good)] = blocks(r"output of gateway\.test\.yaml")
    result = run_tests(portcullis, "--policies", "gateway.yaml", cwd=tmp_path)
    assert timeless(result.stdout) == timeless(good)

    policy = tmp_path / "gateway.yaml"
    policy.write_text(policy.read_text().replace('"https://app.example.com"', '"https://app.example.com", "https://evil.example"'))
    [(_, bad)] = blocks(r"output of gateway\.test\.yaml with another policy")
    result = run_tests(portcullis, "--policies", "gateway.yaml", cwd=tmp_path)
    assert result.returncode == 1
    assert timeless(result.stdout) == timeless(bad)


def timeless(text: str) -> str:
    return re.sub(r"\(\d+(\.\d+)? m?s\)", "", text)


def test_links_of_the_page_lead_somewhere() -> None:
    for link in re.findall(r"\]\((\S+?)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
