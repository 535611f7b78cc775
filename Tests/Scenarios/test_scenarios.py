"""Every `*.scenario` is a test; `runner.py` says how to write one."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import runner
from conftest import certificates, portcullis  # noqa: F401  (fixtures)
from doors import Doors
from play import Run
from sanitizers import no_sanitizer_reports, sanitizer_reports  # noqa: F401  (fixtures)
from words import ScenarioError

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*/*.scenario"))

addresses = (f"127.1.{third}.{last}" for third in itertools.count(1) for last in range(1, 255))


@pytest.fixture(scope="session")
def doors(portcullis: Path, certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:  # noqa: F811
    doors = Doors(portcullis, certificates, tmp_path_factory.mktemp("scenarios"))
    yield doors
    doors.stop()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_scenario(doors: Doors, path: Path) -> None:
    try:
        scenario = runner.read(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    except ScenarioError as error:
        pytest.fail(str(error), pytrace=False)
    run = Run(doors.door(scenario.policy), next(addresses))
    run.play(scenario)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Upgrade\nclient opens\n", ":1: error: not a title"),
        ("H99 Upgrade\nclient opens\n", ":1: error: not a title"),
        ("H1 Upgrade\n", ":2: error: there is no step"),
        ("H1 Upgrade\nserver opens\n", ":2: error: unknown word server"),
        ("H1 Upgrade\nclient jumps\n", ":2: error: unknown word jumps"),
        ("H1 Upgrade\nclient opens\n\n# x\nclient opens now\n", ":5: error: unknown word now"),
        ('H1 Upgrade\nclient sends "a"\n  frame txt\n', ":3: error: unknown word txt"),
        ('H1 Upgrade\nclient sends "a\n', ":2: error: stray"),
        ('H1 Upgrade\nclient sends "\\q"\n', ":2: error: unknown escape"),
        ("H1 Upgrade\nclient sends <8>\n", ":2: error: <8> is not hexadecimal"),
        ("H1 Upgrade\nclient sends upgrade without Cookie\n", ":2: error: there is no field cookie"),
        ("H1 Upgrade\nclient sends\n", ":2: error: frame or close is missing"),
        ("H1 Upgrade\nclient gets HTTP\n", ":2: error: a status is missing"),
        ("H1 Upgrade\naudit closed 1000 nobody\n", ":2: error: unknown word nobody"),
        ("H1 Upgrade\npolicy routes.limits: 1\nclient opens\n", ":2: error: not a setting"),
        ("H1 Upgrade\npolicy route.middleware: [1\nclient opens\n", ":2: error: "),
        ("H1 Upgrade\n  client opens\n", ":2: error: there is no step that this line continues"),
    ],
)
def test_mistakes_in_a_scenario_have_their_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.scenario"
    path.write_text(text)
    with pytest.raises(ScenarioError) as found:
        runner.read(path)
    assert str(found.value).startswith(f"{path}{message}")
