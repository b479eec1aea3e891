"""Costs of mistakes, as options and as files."""

import csv
import json
import re
from pathlib import Path
from typing import Any

from modelwright.core.errors import DataError, SpecError

_PAIR = re.compile(r".*\S.*=\s*[-+]?[\d.]+([eE][-+]?\d+)?\s*")


def parsed_costs(options: tuple[str, ...]) -> dict[str, float]:
    """Return costs by name from texts like ``fp=1,fn=5`` or ``a>b=5``, or from a matrix as JSON or in a file.

    Raises:
        SpecError: A text or a cell is not of that form.
        DataError: A file cannot be read.
    """
    found: dict[str, float] = {}
    for option in options:
        if option.startswith("{") and option.endswith("}"):  # pairs end with a digit
            found |= _of_json(option, "--cost")
            continue
        if Path(option).suffix.lower() in (".csv", ".json"):
            found |= _of_file(Path(option))
            continue
        parts = option.split(",")
        # A class may be called with a comma or an equals sign; then the option is of one pair.
        for part in parts if all(map(_PAIR.fullmatch, parts)) else [option]:
            name, _, cost = part.rpartition("=")
            if not name.strip():
                raise SpecError(f"--cost '{part}' is not of the form fp=1,fn=5 or 'a>b=5', and no .csv or .json file.")
            found[name.strip()] = _number(cost, f"--cost '{part}':")
    return found


def _of_file(path: Path) -> dict[str, float]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"There is no file '{path}' of costs.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The costs in '{path}' cannot be read: {error}.") from error
    return _of_json(text, str(path)) if path.suffix.lower() == ".json" else _of_csv(text, path)


def _of_json(text: str, path: str) -> dict[str, float]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"The costs in '{path}' are no JSON: {error}.") from error
    rows = value if isinstance(value, dict) else {"": value}
    found = {}
    for meant, row in rows.items():
        if not isinstance(row, dict):
            raise SpecError(
                f'The costs in \'{path}\' must be of the form {{"a": {{"b": 5}}}}: giving b to an a costs 5.'
            )
        for given, cost in row.items():
            found[f"{meant}>{given}"] = _number(cost, f"'{path}', {meant}, {given}:")
    return found


def _of_csv(text: str, path: Path) -> dict[str, float]:
    lines = [line for line in csv.reader(text.splitlines()) if any(cell.strip() for cell in line)]
    given = [cell.strip() for cell in lines[0][1:]] if lines else []
    found = {}
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(given) + 1:
            raise SpecError(f"Line {number} of '{path}' has {len(line)} cells; the first has {len(given) + 1}.")
        for name, cell in zip(given, line[1:], strict=True):
            if cell.strip():  # an empty cell costs what it costs without a file
                found[f"{line[0].strip()}>{name}"] = _number(cell, f"'{path}', line {number}, column '{name}':")
    if not found:
        raise SpecError(
            f"'{path}' holds no costs. Its first line names the classes given, its first column those meant."
        )
    return found


def _number(cost: Any, where: str) -> float:
    try:
        return float(cost)
    except (TypeError, ValueError) as error:
        raise SpecError(f"{where} '{cost}' is no number. Write costs as fp=1,fn=5 or 'a>b=5'.") from error
