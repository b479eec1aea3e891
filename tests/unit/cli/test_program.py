import errno
import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner, Result

import modelwright
from modelwright.cli import catalog
from modelwright.cli.program import program
from modelwright.core import errors
from modelwright.core.catalog import load


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments)


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """A list; the command ``inspect`` raises what is put into it."""
    given: list[BaseException] = []

    @click.command("inspect")
    @click.option("--json", "as_json", is_flag=True)
    def inspect(*, as_json: bool) -> None:
        raise given[0]

    monkeypatch.setattr("modelwright.cli.inspect.inspect", inspect)
    return given


def test_help_lists_every_command_with_the_words_of_the_command() -> None:
    shown = run("--help").stdout
    for name, summary in catalog.SUMMARIES.items():
        assert name in shown
        assert load(catalog.COMMANDS, name, "command").short_help == summary
    assert list(catalog.COMMANDS) == list(catalog.SUMMARIES)


@pytest.mark.parametrize("name", catalog.COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = run(name, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith("Usage:")


def test_help_loads_click_and_nothing_of_weight() -> None:
    code = """
import sys
sys.argv = ["modelwright", "fit", "--help"]
from modelwright.cli import main
try:
    main()
except SystemExit as end:
    heavy = {"numpy", "onnxruntime", "sklearn", "pyarrow", "rich", "pandas"} & {m.split(".")[0] for m in sys.modules}
    print(sorted(heavy), end.code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"modelwright {modelwright.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing command"),
        (("pedict",), "Did you mean 'predict'?"),
        (("fit", "a.csv"), "--target"),
        (("fit", "a.csv", "--target", "y", "--task", "guess"), "binary"),
        (("fit", "a.csv", "--tarket", "y"), "--target"),
        (("predict", "a.onnx"), "DATA"),
    ],
)
def test_a_mistake_in_usage_is_one_line_and_exit_2(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.SpecError("no"), 2),
        (errors.OutputError("no"), 2),
        (errors.DataError("no"), 3),
        (errors.SchemaError("no"), 3),
        (errors.GateError("no"), 4),
        (errors.BudgetError("no"), 5),
        (errors.FileRefusedError("no"), 6),
        (errors.MissingExtraError("Reading Excel", "excel"), 7),
        (ZeroDivisionError("by zero"), 1),
        (MemoryError(), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_error_has_its_code_and_is_one_line(
    raising: list[BaseException], error: BaseException, code: int
) -> None:
    raising.append(error)
    done = run("inspect")
    assert done.exit_code == code
    assert done.stdout == ""
    assert done.stderr.lstrip().startswith("Error: ")  # click ends the line that ^C stands in
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_an_error_of_ours_says_what_it_is_and_how_to_see_more(raising: list[BaseException]) -> None:
    raising.append(ZeroDivisionError("division\nby zero"))
    assert run("inspect").stderr == (
        "Error: ZeroDivisionError: division by zero (MODELWRIGHT_DEBUG=1 shows where it happened)\n"
    )


def test_the_traceback_is_shown_when_asked_for(raising: list[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWRIGHT_DEBUG", "1")
    raising.append(ZeroDivisionError("by zero"))
    assert isinstance(run("inspect").exception, ZeroDivisionError)


def test_with_json_an_error_is_a_document_too(raising: list[BaseException]) -> None:
    raising.append(errors.DataError("Column 'a' is empty."))
    done = run("inspect", "--json")
    assert done.stdout == ""
    assert json.loads(done.stderr) == {
        "schema": "modelwright/error/1",
        "error": "Column 'a' is empty.",
        "exit_code": 3,
    }


def test_a_reader_that_stops_reading_is_no_error_to_speak_of() -> None:
    code = (
        "import sys; from modelwright.cli.program import program\n"
        "program(['schema', '-', '--json'], prog_name='modelwright')"
    )
    lines = "\n".join(["a,b", *(f"{i},{i * i}" for i in range(2000))])
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(lines)
    process.stdin.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert said == ""
