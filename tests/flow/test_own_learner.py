"""Learners of the user's own, by import path, through real worker processes; estimators of scikit-learn; refusals."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

import modelwright as mw
from modelwright.core.errors import SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.task import Task
from modelwright.learners.portfolio import portfolio
from modelwright.learners.tree import Tree
from modelwright.search.joining import joined
from modelwright.search.own_learner import Own, made

NEAREST = '''
"""Answers with the log-odds of a class by the distance to the middle of each class."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from modelwright.core.graph import Graph
from modelwright.learners.base import Fitted, Learner


@dataclass(frozen=True, slots=True)
class MiddleFitted(Fitted):
    direction: np.ndarray
    bias: float
    notes: dict = field(default_factory=dict)

    def margins(self, features):
        return features @ self.direction + self.bias

    def emit(self, graph: Graph, features: str) -> str:
        product = graph.op("MatMul", features, graph.constant(self.direction))
        return graph.op("Add", product, graph.constant(SLIP + self.bias))


SLIP = 0.0


@dataclass(frozen=True, slots=True)
class Middle(Learner):
    scale: float = 1.0
    shape: tuple = ()

    family: ClassVar[str] = "middle"
    tasks: ClassVar[tuple] = ("binary",)
    view: ClassVar[str] = "linear"

    def fit(self, train, valid, seed, deadline):
        yes = train.target.values == 1
        first, second = train.features[~yes].mean(axis=0), train.features[yes].mean(axis=0)
        direction = self.scale * (second - first)[:, None]
        return MiddleFitted(direction, float(-direction[:, 0] @ (first + second) / 2), {"rows": len(yes)})
'''

FAULTS = {
    "slips": (("SLIP = 0.0", "SLIP = 0.001"), "emit writes something else than margins answers"),
    "shapeless": (
        ("return features @ self.direction + self.bias", "return (features @ self.direction)[:, 0]"),
        "shape",
    ),
    "raises": (
        ("yes = train", "raise RuntimeError('out of paint')\n        yes = train"),
        "fit raised RuntimeError: out",
    ),
    "unpackable": (('{"rows": len(yes)}', '{"rows": object()}'), "packing what fit returned"),
    "forgetful": (
        ("bias: float\n", "bias: float = field(metadata={'pack': False}, default=0.0)\n"),
        "after being packed",
    ),
    "foreign": (("self.direction))", "self.direction), domain='com.x')"), "operators of 'com.x'"),
    "moody": (("+ self.bias", "+ self.bias + float(np.random.default_rng().normal())"), "one seed"),
    "endless": (("return features @ self.direction", "return np.inf + features @ self.direction"), "not finite"),
    "thawed": (("@dataclass(frozen=True, slots=True)\nclass Middle(", "class Middle("), "frozen dataclass"),
    "unknown_operator": (('"MatMul"', '"MatMull"'), "ONNX Runtime, with what emit wrote"),
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the import path with the package `ownlearners` and its broken sisters."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "ownlearners").mkdir()
    (folder / "ownlearners" / "__init__.py").write_text("")
    (folder / "ownlearners" / "middle.py").write_text(NEAREST)
    for name, ((good, bad), _) in FAULTS.items():
        assert good in NEAREST
        (folder / "ownlearners" / f"{name}.py").write_text(NEAREST.replace(good, bad))
    (folder / "own_middle-1.0.dist-info").mkdir()
    (folder / "own_middle-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: own-middle\nVersion: 1.0\n"
    )
    (folder / "own_middle-1.0.dist-info" / "entry_points.txt").write_text(
        "[modelwright.learners]\nmiddle = ownlearners.middle:Middle\n"
    )
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


BINARY = Task("binary", ("no", "yes"))
PORTFOLIO = portfolio(BINARY, 240, 2, 60.0)


def rows(n_rows: int = 240, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    size, city = rng.normal(size=n_rows), rng.choice(["Bonn", "Köln"], n_rows)
    price = 3 * size + 2 * (city == "Köln") + 0.3 * rng.normal(size=n_rows)
    return {"size": size, "city": city.tolist(), "price": price, "dear": np.where(price > 1, "yes", "no").tolist()}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in rows().items() if key != name}


def tried(model: mw.Model) -> dict[str, Any]:
    return {line["id"]: line for line in model.leaderboard or ()}


def test_a_learner_of_a_package_on_the_path_joins_through_worker_processes(package: Path, tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import json, sys
        import modelwright as mw
        from modelwright.core.spec import Budget, FitSpec
        rows = json.load(open(sys.argv[1]))
        spec = FitSpec(learners=("ownlearners.middle:Middle?scale=2",), only_learners=True, run=sys.argv[2])
        model = mw.fit(rows, "dear", budget=Budget(trials=1, workers=2, memory=4 * 10**9), spec=spec, out=sys.argv[3])
        """
    )
    data = {name: list(values) for name, values in without("price").items()}
    (tmp_path / "rows.json").write_text(json.dumps(data))
    paths = [str(tmp_path / name) for name in ("rows.json", "run", "own.onnx")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", script, *paths]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    model = mw.load(paths[2])
    lines = tried(model)
    assert list(lines) == ["CONST", "OWN-Middle"]
    assert lines["OWN-Middle"]["state"] == "done"
    assert lines["OWN-Middle"]["weight"] == pytest.approx(1.0)
    assert model.parity is not None
    assert model.parity["largest_difference"] < 1e-9
    assert lines["OWN-Middle"]["loss"] < 0.7 * lines["CONST"]["loss"]
    journal = (tmp_path / "run" / "journal.jsonl").read_text()
    assert '"OWN-Middle"' in journal
    with pytest.raises(SpecError, match="tells no recipe"):
        mw.refit(model, data)  # no file says which code is run


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_learner_that_breaks_the_contract_is_told_what_is_wrong(name: str, package: Path) -> None:
    with pytest.raises(SpecError, match=FAULTS[name][1]) as raised:
        joined(PORTFOLIO, FitSpec(learners=(f"ownlearners.{name}:Middle",)), BINARY, is_constrained=False)
    assert f"ownlearners.{name}:Middle" in str(raised.value)


def test_entry_points_give_names_and_settings_reach_the_learner(package: Path) -> None:
    entries = joined(PORTFOLIO, FitSpec(learners=("middle?scale=0.5",)), BINARY, is_constrained=False)
    assert [name for name, _ in entries] == ["CONST", "OWN-Middle", *(name for name, _ in PORTFOLIO[1:])]
    learner = entries[1][1]
    assert isinstance(learner, Own)
    assert made(learner.text).scale == 0.5  # type: ignore[attr-defined]


def test_an_own_learner_is_given_as_an_object(package: Path) -> None:
    from ownlearners.middle import Middle  # of the folder made above

    assert FitSpec(learners=(Middle(scale=2.0, shape=(1, 2)),)).learners == (
        "ownlearners.middle:Middle?scale=2.0&shape=[1,2]",
    )


def test_a_ridge_of_scikit_learn_ships_and_is_proven() -> None:
    spec = FitSpec(learners=(Ridge(alpha=2.0),), only_learners=True)
    assert spec.learners == ("sklearn.linear_model:Ridge?alpha=2.0",)
    model = mw.fit(without("dear"), "price", budget=Budget(trials=1), spec=spec)
    assert tried(model)["OWN-Ridge"]["weight"] == pytest.approx(1.0)
    assert model.parity is not None
    assert model.parity["largest_difference"] < 1e-9
    again = mw.refit(model, without("dear"))  # a known estimator may be named by a file
    assert np.allclose(again.predict(without("dear")), model.predict(without("dear")), atol=0.2)


def test_gradient_boosting_of_scikit_learn_ships_and_is_proven() -> None:
    spec = FitSpec(learners=(GradientBoostingClassifier(n_estimators=15, learning_rate=0.3),), only_learners=True)
    model = mw.fit(without("price"), "dear", budget=Budget(trials=1), spec=spec)
    assert tried(model)["OWN-GradientBoostingClassifier"]["weight"] > 0.5
    assert model.parity is not None
    assert model.parity["largest_difference"] < 1e-9


@pytest.mark.parametrize(
    ("learner", "says"),
    [
        (KNeighborsClassifier(3), "keeps every row it learned from"),
        ("sklearn.svm:SVC", "take 'svm'"),
        ("sklearn.linear_model:Perceptron", "Known: .*LogisticRegression"),
        ("sklearn.linear_model:DecisionTreeClassifier", "Did you mean 'sklearn.tree:DecisionTreeClassifier'"),
        ("sklearn.linear_model:LogisticRegression?alpha=2", "no parameter 'alpha'"),
        ("sklearn.linear_model:Ridge", "does not do binary tasks"),
        ("lightgmb", "Did you mean 'lightgbm'"),
        ("svm?kernal=linear", "Did you mean 'kernel'"),
        ("student", "--ship small"),
        ("no.such.module:Thing", "cannot be imported"),
        ("json:JSONDecoder", "is no learner"),
        ("json:Decoder", "has no 'Decoder'"),
    ],
)
def test_what_cannot_join_is_refused_with_the_reason(learner: Any, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        joined(PORTFOLIO, FitSpec(learners=(learner,)), BINARY, is_constrained=False)


@pytest.mark.parametrize("learner", ["linear", "ownlearners.middle:Middle"])
def test_a_learner_that_keeps_no_direction_is_refused_where_columns_have_one(learner: str, package: Path) -> None:
    with pytest.raises(SpecError, match="--monotone"):
        joined(PORTFOLIO, FitSpec(learners=(learner,)), BINARY, is_constrained=True)


def test_families_of_ours_come_first_and_alone_where_asked() -> None:
    spec = FitSpec(learners=("tree?leaves=[4]", "catboost"), only_learners=True)
    entries = joined(PORTFOLIO, spec, BINARY, is_constrained=False)
    planned = [(name, "catboost") for name, learner in PORTFOLIO if learner.family == "catboost"]
    assert planned
    assert [(name, learner.family) for name, learner in entries] == [
        ("CONST", "constant"), ("OWN-tree", "tree"), *planned,
    ]  # fmt: skip
    assert entries[1][1] == Tree(leaves=(4,))
    further = joined(PORTFOLIO, replace(spec, only_learners=False), BINARY, is_constrained=False)
    assert sorted(map(str, further)) == sorted(map(str, (*PORTFOLIO, entries[1])))


def test_only_needs_names() -> None:
    with pytest.raises(SpecError, match="name at least one"):
        FitSpec(only_learners=True)


def test_a_run_folder_does_not_say_which_code_is_run(package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    spec = FitSpec(learners=("ownlearners.middle:Middle",), only_learners=True, run=str(folder))
    model = mw.fit(without("price"), "dear", budget=Budget(trials=1), spec=spec)
    assert mw.resume(folder).digest == model.digest  # the file is there already
    (folder / "model.onnx").unlink()
    with pytest.raises(SpecError, match="no file may say which code"):
        mw.resume(folder)
    again = mw.fit(without("price"), "dear", budget=Budget(trials=1), spec=spec)
    assert again.digest == model.digest


def test_the_command_takes_learners_beside_the_data(package: Path, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(NEAREST)
    data = without("price")
    lines = ["size,city,dear", *(f"{s},{c},{d}" for s, c, d in zip(*data.values(), strict=True))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = "fit rows.csv -t dear --trials 1 --learner beside:Middle?scale=2 --only-learners --no-report --json -q"
    done = subprocess.run(
        [sys.executable, "-m", "modelwright", *words.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [member["id"] for member in json.loads(done.stdout)["members"]] == ["OWN-Middle"]
