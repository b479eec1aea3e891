"""``train`` of the entrypoint: SageMaker's training contract around ``modelwright fit``.

The fit is a process of its own, started from a list: nothing of the making half is imported here.

Source:
    Amazon SageMaker AI, "How Amazon SageMaker AI provides training information" and "How SageMaker AI signals
    algorithm success and failure".
"""

import json
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, final

from modelwright.core.errors import DataError, ModelwrightError, SpecError, listed, nearest
from modelwright.deploy.location import root
from modelwright.deploy.serving import COMMAND

FAILURE_CHARACTERS = 1024
"""SageMaker shows the first 1,024 characters of the failure file."""

OPTIONS = ("target", "task", "metric", "budget", "trials", "seed", "weight", "groups", "time")
"""Hyperparameters that are options of ``modelwright fit`` under the same names."""

LISTS = ("drop", "kind")
"""Hyperparameters with several values, parted by commas; each becomes an option of its own."""

PER_TARGET = ("target", "task", "metric")
"""Those that may be lists in JSON, where the file is to have several targets: ``["price", "churned"]``."""

TRAINING = ("train", "training")
TESTING = ("test", "validation")


def train(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Fit on SageMaker's file tree; further arguments are handed to ``modelwright fit``.

    Returns:
        The exit code of the fit; 143 when it was stopped and its best model kept.
    """
    place = root(environment) / "opt" / "ml"
    model = place / "model" / "model.onnx"
    try:
        for folder in (model.parent, place / "output" / "data"):
            folder.mkdir(parents=True, exist_ok=True)
        options = [*_asked(place / "input" / "config" / "hyperparameters.json"), *_channels(place / "input" / "data")]
    except ModelwrightError as error:
        return _failed(place, str(error), error.exit_code)
    run = Run([*COMMAND, "fit", *options, f"--output={model}", "--json", *arguments], environment)
    code = run.finish()
    if not model.exists():
        return _failed(place, run.error or f"The fit ended with code {code} before any model.", code or 1)
    if run.document:
        (place / "output" / "data" / "fit.json").write_text(run.document, encoding="utf-8")
    return code


@final
class Run:
    """A fit in a process: its output is shown as it comes, and what it said last is kept.

    Args:
        command: The program and its arguments.
        environment: Its variables.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.command = list(command)
        self.environment = dict(environment)
        self.document = ""
        self._said: deque[str] = deque(maxlen=50)

    @property
    def error(self) -> str:
        """What went wrong in its own words, empty when it said nothing."""
        for line in reversed(self._said):
            with suppress(ValueError, TypeError, KeyError):
                return str(json.loads(line)["error"])
        return "".join(self._said).strip()

    def finish(self) -> int:
        """Run it to its end and return its exit code; SIGTERM is handed on, so that it keeps the best so far."""
        with _stopping() as stop:
            process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
            stop.hand_to(process)
            assert process.stdout is not None
            assert process.stderr is not None
            reader = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
            reader.start()
            with process.stdout:
                self.document = process.stdout.read()
            code = process.wait()
            reader.join()
        print(self.document, end="", flush=True)
        return 128 - code if code < 0 else code

    def _listen(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._said.append(line)
                print(line, end="", file=sys.stderr, flush=True)


@final
class _Stop:
    """Hands SIGTERM to a process, also when it came before the process was there."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._came = False

    def __call__(self, number: int, frame: Any) -> None:  # noqa: ARG002  # the signature of handlers
        """Take the signal."""
        self._came = True
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def hand_to(self, process: subprocess.Popen[str]) -> None:
        """Name the process."""
        self._process = process
        if self._came:
            process.send_signal(signal.SIGTERM)


@contextmanager
def _stopping() -> Iterator[_Stop]:
    stop = _Stop()
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


def _asked(path: Path) -> list[str]:
    """Return the options of the fit that the hyperparameters say, every one of which is a text."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"There are no hyperparameters at '{path}'. The job must give at least 'target'.") from None
    except ValueError as error:
        raise SpecError(f"'{path}' is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise SpecError(f"'{path}' must hold an object of names and texts.")
    # The Python SDK adds names of its own.
    texts = {name: _text(value) for name, value in given.items() if not name.startswith("sagemaker_")}
    for name in texts:
        if name not in (*OPTIONS, *LISTS):
            known = (*OPTIONS, *LISTS)
            raise SpecError(f"There is no hyperparameter '{name}'.{nearest(name, known)} Known: {listed(known)}.")
    if not texts.get("target"):
        raise SpecError("The hyperparameter 'target' must name the column to predict.")
    # The equals sign keeps a value that begins with a dash from being read as an option.
    options = [f"--{name}={value}" for name in OPTIONS if texts.get(name) for value in _each(name, texts[name])]
    return options + [f"--{name}={part.strip()}" for name in LISTS if name in texts for part in texts[name].split(",")]


def _each(name: str, text: str) -> list[str]:
    """Return the values of a hyperparameter: of those in `PER_TARGET` a list in JSON has one for each target."""
    if name in PER_TARGET and text.startswith("["):
        with suppress(ValueError):
            values = json.loads(text)
            if values and all(isinstance(value, str) for value in values):
                return list(values)
    return [text]


def _text(value: Any) -> str:
    """Return a hyperparameter's text; estimators of the SDK write it as JSON, quotes and all."""
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) > 1 and text[0] == text[-1] == '"':
        with suppress(ValueError):
            return str(json.loads(text))
    return text


def _channels(folder: Path) -> list[str]:
    """Return the data of the training channel, and the option for that of a test channel."""
    there = {path.name: path for path in sorted(folder.glob("*")) if path.is_dir()}
    name = next((name for name in TRAINING if name in there), None)
    if name is None:
        others = [other for other in there if other not in TESTING]
        if len(others) != 1:
            raise DataError(f"The job needs a data channel 'train'. Channels: {listed(there) or 'none'}.")
        name = others[0]
    test = next((other for other in TESTING if other in there and other != name), None)
    return [str(_one_file(there[name])), *([] if test is None else [f"--test={_one_file(there[test])}"])]


def _one_file(channel: Path) -> Path:
    files = sorted(path for path in channel.rglob("*") if path.is_file() and not path.name.startswith("."))
    if len(files) != 1:
        names = listed([path.name for path in files]) or "none"
        raise DataError(f"The data channel '{channel.name}' must hold exactly one file; it holds {names}.")
    return files[0]


def _failed(place: Path, text: str, code: int) -> int:
    """Write why the job failed to where SageMaker shows it, and return the exit code."""
    with suppress(OSError):  # the exit code says it too
        path = place / "output" / "failure"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text[:FAILURE_CHARACTERS], encoding="utf-8")
    print(f"Error: {text}", file=sys.stderr, flush=True)
    return code
