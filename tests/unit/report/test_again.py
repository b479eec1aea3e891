"""The command that fits again is read by the command line as what was asked."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import modelwright
from modelwright.cli.program import program
from modelwright.core.asked import Asked
from modelwright.core.errors import DataError
from modelwright.core.spec import SHIPS, Budget, FitSpec
from modelwright.model.model import Model
from modelwright.modelfile.manifest import dumps, loads
from modelwright.report.again import fit_command
from modelwright.report.report import Report, report

NAMES = st.text(min_size=1, max_size=8).filter(lambda s: "\0" not in s and s.isprintable()) | st.sampled_from(
    ["-x", "--budget", "a b", "it's", 'say "hi"', "a=b", "$HOME", "`id`", "價格", "-", "--", "#1", "*"]
)
CLASSES = st.text(alphabet="ab,=1 {}'\"\\ü", min_size=1, max_size=6).filter(lambda s: ">" not in s)
POSITIVE = st.floats(1e-9, 1e9, allow_subnormal=False)
COSTS = st.dictionaries(st.sampled_from(["fp", "fn"]), POSITIVE) | st.dictionaries(
    st.builds("{}>{}".format, CLASSES, CLASSES), POSITIVE, max_size=4
)
SPECS = st.builds(
    FitSpec,
    task=st.sampled_from(["auto", "binary", "multiclass", "regression", "count", "quantile"]),
    metric=st.sampled_from(["auto", "f1", "roc_auc", "mae"]),
    drop=st.lists(NAMES, max_size=3).map(tuple),
    kinds=st.dictionaries(NAMES, st.sampled_from(["number", "category", "text"]), max_size=3),
    weight=st.none() | NAMES,
    groups=st.none() | NAMES,
    time=st.none() | NAMES,
    sensitive=st.lists(NAMES, max_size=3, unique=True).map(tuple),
    sensitive_features=st.booleans(),
    mitigate=st.sampled_from(["none", "reweight", "exponentiated_gradient"]),
    parity=st.sampled_from(["demographic_parity", "equalised_odds"]),
    interval=st.none() | st.sampled_from([0.9, 0.8, 0.995]),
    interval_groups=st.none() | NAMES,
    quantiles=st.lists(st.floats(0.01, 0.99), max_size=3).map(tuple),
    monotone=st.dictionaries(NAMES, st.sampled_from([1, -1]), max_size=3),
    ship=st.sampled_from(SHIPS),
    latency=st.none() | st.floats(1e-6, 10.0),
    cost=COSTS,
    learners=st.just(("linear", "sklearn.linear_model:Ridge?alpha=2.5", "own.module:Mine?a=[1,2]")),
    only_learners=st.booleans(),
    region=st.none() | st.sampled_from(["DE", "fr"]),
) | st.just(FitSpec())
BUDGETS = st.one_of(
    st.builds(Budget, st.floats(1.0, 1e5), memory=st.none() | st.integers(1, 10**12), watt_hours=st.none() | POSITIVE),
    st.builds(Budget, trials=st.integers(1, 99)),
    st.just(Budget()),
)


class _Heard(Exception):  # noqa: N818  # stops the command once it has asked
    pass


def parsed(command: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the command line makes of a command."""
    heard: dict[str, Any] = {}

    def fit(source: Any, target: str, **options: Any) -> None:
        heard.update(options, source=source, target=target)
        raise _Heard

    words = shlex.split(command)
    assert words[:2] == ["modelwright", "fit"]
    with monkeypatch.context() as patch:
        patch.setattr(modelwright, "fit", fit, raising=False)
        patch.setattr(sys, "path", [*sys.path])
        done = CliRunner().invoke(program, [*words[1:], "--quiet"])
    assert heard, f"{command}\n{done.output}"
    return heard


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=SPECS, budget=BUDGETS, target=NAMES, seed=st.integers(-3, 10))
def test_the_command_line_reads_what_was_asked(
    spec: FitSpec, budget: Budget, target: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked.from_json(loads(dumps(Asked(budget, spec).to_json(), "asked"), "asked"))
    assert asked == Asked(budget, spec)
    output = str(tmp_path / "model.onnx")
    command = fit_command(asked, target=target, seed=seed, data="my data.csv", output=output, test="held out.csv")
    heard = parsed(command, monkeypatch)
    assert heard["spec"] == spec
    assert replace(heard["budget"], after=0.0) == budget
    assert (heard["source"], heard["target"], heard["seed"]) == ("my data.csv", target, seed)
    assert (str(heard["out"]), heard["test"]) == (output, "held out.csv")


def test_where_and_by_how_many_it_was_done_is_not_told() -> None:
    told = Asked(Budget(30.0, workers=3, after=3.0), FitSpec(run="somewhere")).to_json()
    assert told == {"schema": "modelwright/asked/1", "budget": {"seconds": 30.0}, "spec": {}}


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"schema": "modelwright/asked/2"},
        {"schema": "modelwright/asked/1", "budget": {}, "spec": {"no": 1}},
        {"schema": "modelwright/asked/1", "budget": {"trials": 1, "watt_hours": 2.0}, "spec": {}},
        {"schema": "modelwright/asked/1", "budget": {}, "spec": {"cost": [1]}},
    ],
)
def test_what_is_no_such_document_is_refused(value: Any) -> None:
    with pytest.raises(DataError):
        Asked.from_json(value)


def test_the_report_prints_it_with_every_option(make_rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = FitSpec(cost={"fn": 5.0}, ship="balanced", learners=("linear",), only_learners=True, interval=None)
    rows = make_rows(120, 4)
    model = modelwright.fit(rows, "answer </title>", budget=Budget(trials=1), spec=spec, seed=4)
    command = _again(report(model))
    heard = parsed(command, monkeypatch)
    assert heard["spec"] == spec
    assert (heard["budget"].trials, heard["seed"], heard["target"]) == (1, 4, "answer </title>")
    assert "--cost fn=5" in command
    assert "TEST_DATA" not in command
    tested = modelwright.fit(rows, "answer </title>", budget=Budget(trials=1), spec=spec, test=make_rows(60, 5))
    assert "--test TEST_DATA" in _again(report(tested))


def test_an_older_file_tells_what_its_manifest_knows(small_file: Any) -> None:
    assert "--metric log_loss" in _again(report(Model.open(small_file("binary"))))


def _again(made: Report) -> str:
    part = made.part("run")
    assert part is not None
    blocks = [block.to_json() for block in part.blocks]
    return next(block["text"] for block in blocks if block["kind"] == "code")
