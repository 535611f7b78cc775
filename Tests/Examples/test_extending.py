"""`docs/extending.md` shows what is compiled and run, and nothing else."""

import re
from pathlib import Path

from conftest import ROOT, certificates, portcullis  # noqa: F401  (fixtures)
from gateway import run
from sanitizers import no_sanitizer_reports, sanitizer_reports  # noqa: F401  (fixtures)

PAGE = (ROOT / "docs/extending.md").read_text()


def test_code_is_that_of_the_example() -> None:
    quotes = re.findall(r"^<!-- (\S+) -->\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for path, text in quotes:
        assert text == (ROOT / path).read_text(), f"{path} has another text"
    blocks = re.findall(r"^```(swift|yaml)$", PAGE, re.MULTILINE)
    assert len(quotes) == len(blocks) >= 5, "code without the file that it is out of"


def test_links_lead_somewhere() -> None:
    for page in ("docs/extending.md", "Examples/CustomGateway/README.md"):
        for link in re.findall(r"\]\((\S+?)\)", (ROOT / page).read_text()):
            assert ((ROOT / page).parent / link).exists(), f"{page}: {link}"


def test_commands_are_there(portcullis: Path, tmp_path: Path) -> None:  # noqa: F811
    """Those that end are run on the example's policies, with certificates in a folder of the test's own; `run` and `echo` are asked for their options."""
    readme = (ROOT / "Examples/CustomGateway/README.md").read_text()
    lines = re.findall(r"^\.build/release/CustomGateway (.*)$", PAGE + readme, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        words = [word for word in line.split() if word != "&"]
        where = {"policies": ROOT / "Examples/CustomGateway/policies", "certs": tmp_path / "certs"}
        arguments = [str(where.get(word, word)) for word in words]
        further = {"run": ["--help"], "echo": ["--help"], "validate": ["--root", str(tmp_path)]}
        run(portcullis, *arguments, *further.get(words[0], []))
