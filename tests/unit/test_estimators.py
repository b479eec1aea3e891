import copy
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import modelwright as mw
from modelwright import Classifier, Regressor
from modelwright.core.errors import OutputError, SpecError
from modelwright.core.table import Table
from modelwright.estimators.rows import class_column, merge_equal_rows, number_column, unused_name

N_ROWS = 60


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Numbers, texts, dates and gaps; two thirds of the class follow from them."""
    rng = np.random.default_rng(3)
    size = rng.normal(size=N_ROWS)
    size[::7] = np.nan
    colour = rng.choice(["red", "green", "blue"], N_ROWS)
    return pd.DataFrame(
        {"size": size, "colour": colour, "when": pd.date_range("2024-01-01", periods=N_ROWS, freq="D")},
        index=np.arange(N_ROWS) + 1000,
    )


@pytest.fixture(scope="module")
def labels(frame: pd.DataFrame) -> np.ndarray:
    return np.where(frame["colour"] == "red", "stop", "go")


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame, labels: np.ndarray) -> Classifier:
    return Classifier(trials=1, random_state=0).fit(frame, labels)


def test_a_frame_of_any_columns_is_learned_from(fitted: Classifier, frame: pd.DataFrame, labels: np.ndarray) -> None:
    assert list(fitted.feature_names_in_) == ["size", "colour", "when"]
    assert fitted.classes_.tolist() == ["go", "stop"]
    assert fitted.score(frame, labels) > 0.9
    probabilities = fitted.predict_proba(frame)
    assert probabilities.shape == (N_ROWS, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_the_model_is_the_file_and_holds_the_callers_labels(
    frame: pd.DataFrame, labels: np.ndarray, tmp_path: Path
) -> None:
    estimator = Classifier(trials=1, random_state=0).fit(frame, labels, path=tmp_path / "m.onnx")
    model = mw.load(tmp_path / "m.onnx")
    assert model.classes == ("go", "stop")
    assert model.digest == estimator.model_.digest
    assert model.predict(frame).tolist() == estimator.predict(frame).tolist()


def test_nothing_is_fitted_when_the_file_cannot_be_written(frame: pd.DataFrame, labels: np.ndarray) -> None:
    estimator = Classifier(trials=1)
    with pytest.raises(OutputError, match="no folder"):
        estimator.fit(frame, labels, path="no/such/folder/m.onnx")
    assert not hasattr(estimator, "model_")


@pytest.mark.parametrize(
    "classes",
    [[False, True], [3, 7], [0.5, 1.5], ["", "a"], [-1, 1]],
    ids=["bool", "int", "fraction", "empty", "signed"],
)
def test_every_kind_of_label_comes_back(classes: list[Any]) -> None:
    X = np.repeat([[0.0], [5.0]], 20, axis=0) + np.linspace(0, 1, 40)[:, None]
    y = np.repeat(np.array(classes), 20)
    if y.dtype.kind == "f":
        y = np.array([str(c) for c in y], dtype=object)
    estimator = Classifier(trials=1, random_state=0).fit(X, y)
    assert estimator.predict(X).tolist() == y.tolist()
    assert estimator.predict(X).dtype == y.dtype


def test_an_array_and_a_frame_of_the_same_numbers_answer_alike() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    array = Regressor(trials=1, random_state=0).fit(X, y).predict(X)
    named = pd.DataFrame(X, columns=["a", "b"])
    framed = Regressor(trials=1, random_state=0).fit(named, y).predict(named)
    np.testing.assert_allclose(array, framed)


def test_an_array_may_hold_texts() -> None:
    X = np.array([["red", 1.0], ["blue", 2.0]] * 15, dtype=object)
    y = np.array([1, 0] * 15)
    assert Classifier(trials=1, random_state=0).fit(X, y).predict(X).tolist() == y.tolist()


def test_columns_of_a_frame_are_found_by_name_and_must_be_those_of_the_fit(
    fitted: Classifier, frame: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame.rename(columns={"size": "length"}))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame[["colour", "size", "when"]])


def test_predicting_before_fitting_is_told(frame: pd.DataFrame) -> None:
    with pytest.raises(NotFittedError):
        Classifier().predict(frame)


def test_one_class_is_not_enough(frame: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="only one class is present"):
        Classifier(trials=1).fit(frame, np.zeros(N_ROWS))


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"metric": "acuracy"}, "accuracy"), ({"trials": 0}, "at least 1"), ({"budget": "soon"}, "not a duration")],
)
def test_a_parameter_that_makes_no_sense_is_told_when_fitting(
    frame: pd.DataFrame, labels: np.ndarray, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(SpecError, match=said):
        Classifier(**({"trials": 1} | changed)).fit(frame, labels)


def test_an_estimator_survives_copying_and_pickling(fitted: Classifier, frame: pd.DataFrame) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    assert again.model_.digest == fitted.model_.digest
    np.testing.assert_array_equal(again.predict_proba(frame), fitted.predict_proba(frame))
    assert copy.deepcopy(fitted).predict(frame).tolist() == fitted.predict(frame).tolist()
    assert not hasattr(clone(fitted), "model_")


def test_the_same_seed_gives_the_same_bytes(frame: pd.DataFrame, labels: np.ndarray) -> None:
    first, second = (Classifier(trials=1, random_state=5).fit(frame, labels).model_.to_bytes() for _ in range(2))
    assert first == second


def test_pipeline_grid_search_and_cross_validation_work() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] > 0).astype(int)
    search = GridSearchCV(Classifier(trials=1, random_state=0), {"metric": ["log_loss", "roc_auc"]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    assert make_pipeline(StandardScaler(), Regressor(trials=1)).fit(X, X[:, 0]).score(X, X[:, 0]) > 0.9
    assert cross_val_score(Classifier(trials=1, random_state=0), X, y, cv=2, scoring="roc_auc").min() > 0.8


def test_weights_and_groups_are_routed_when_asked_for() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] > 0).astype(int)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = Classifier(trials=1, random_state=0).set_fit_request(sample_weight=True, groups=True)
        estimator.set_score_request(sample_weight=False)
        scores = cross_val_score(
            estimator, X, y, cv=GroupKFold(2), params={"sample_weight": np.ones(60), "groups": np.arange(60) // 6}
        )
    assert scores.min() > 0.7


def test_a_path_takes_no_part_in_routing() -> None:
    with sklearn.config_context(enable_metadata_routing=True), pytest.raises(TypeError, match="path"):
        Classifier().set_fit_request(path=True)


def test_groups_stay_together(frame: pd.DataFrame, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one group only"):
        Classifier(trials=1).fit(frame, labels, groups=np.zeros(N_ROWS))
    assert Classifier(trials=1).fit(frame, labels, groups=np.arange(N_ROWS) % 6).n_iter_ >= 1


def test_an_output_container_asked_for_globally_does_no_harm(fitted: Classifier, frame: pd.DataFrame) -> None:
    with sklearn.config_context(transform_output="pandas"):
        assert fitted.predict_proba(frame).shape == (N_ROWS, 2)


def test_the_picture_shows_the_score_after_the_fit(fitted: Classifier) -> None:
    assert "out of fold" not in Classifier()._repr_html_()
    for shown in (fitted._repr_html_(), fitted._repr_mimebundle_()["text/html"]):
        assert "ROC AUC" in shown
        assert "out of fold on 60 rows" in shown
    assert repr(fitted) == "Classifier(random_state=0, trials=1)"


def test_verbose_writes_lines_to_stderr(
    frame: pd.DataFrame, labels: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    Classifier(trials=1, verbose=1).fit(frame, labels)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Trying learners" in shown.err


def test_other_frames_are_welcome(labels: np.ndarray, frame: pd.DataFrame) -> None:
    polars = pytest.importorskip("polars")
    given = polars.DataFrame({"size": frame["size"].to_numpy(), "colour": frame["colour"].tolist()})
    estimator = Classifier(trials=1, random_state=0).fit(given, labels)
    assert estimator.model_.schema.names == ("size", "colour")
    assert estimator.score(given, labels) > 0.9
    assert estimator.score(given.select("colour", "size").select("size", "colour"), labels) > 0.9


def test_a_frame_is_read_by_position_when_the_fit_knew_no_names() -> None:
    X = np.linspace(0, 1, 40).reshape(20, 2)
    y = X[:, 0] * 2
    estimator = Regressor(trials=1, random_state=0).fit(X, y)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        answers = estimator.predict(pd.DataFrame(X, columns=["b", "a"]))
    np.testing.assert_array_equal(answers, estimator.predict(X))


def test_an_array_is_read_by_position_when_the_fit_knew_names(fitted: Classifier, frame: pd.DataFrame) -> None:
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        answers = fitted.predict(frame.astype({"when": str}).to_numpy())
    assert answers.tolist() == fitted.predict(frame).tolist()


@pytest.mark.parametrize("framed", [True, False])
def test_missing_answers_are_refused_as_scikit_learn_does(framed: bool) -> None:
    X = np.linspace(0, 1, 40).reshape(20, 2)
    with pytest.raises(ValueError, match="NaN"):
        Regressor(trials=1).fit(pd.DataFrame(X, columns=["a", "b"]) if framed else X, np.append(np.nan, X[1:, 0]))


@pytest.mark.parametrize(("n_jobs", "workers"), [(None, 6), (1, 1), (3, 3), (20, 6), (-1, 6)])
def test_jobs_are_worker_processes(
    frame: pd.DataFrame, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch, n_jobs: int | None, workers: int
) -> None:
    hired: list[int] = []

    class HiredError(Exception):
        pass

    def hire(_: object, n_workers: int, __: object) -> None:
        hired.append(n_workers)
        raise HiredError

    monkeypatch.setattr("modelwright.search.start.SMALL_CELLS", 0)
    monkeypatch.setattr("modelwright.search.start.usable_cores", lambda: 6)
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    monkeypatch.setattr("modelwright.search.start.Processes", hire)
    with pytest.raises(HiredError):
        Classifier(trials=1, n_jobs=n_jobs).fit(frame, labels)
    assert hired == [workers]


class TestRows:
    def test_equal_rows_are_merged_in_an_order_of_their_own(self) -> None:
        rng = np.random.default_rng(0)
        cells = rng.normal(size=20)
        weight = rng.integers(1, 4, 20).astype(float)
        shuffled = rng.permutation(20)
        weighted = Table((number_column("a", cells[shuffled]),), 20)
        repeated = Table((number_column("a", np.repeat(cells, weight.astype(int))),), int(weight.sum()))
        one, one_weight = merge_equal_rows(weighted, weight[shuffled])
        two, two_weight = merge_equal_rows(repeated, None)
        np.testing.assert_array_equal(one.columns[0].values, two.columns[0].values)
        np.testing.assert_array_equal(one_weight, two_weight)
        assert one_weight is not None
        assert one_weight.sum() == weight.sum()

    def test_rows_that_all_differ_stay_as_they_are(self) -> None:
        table = Table((number_column("a", np.arange(20.0)[::-1]),), 20)
        assert merge_equal_rows(table, None) == (table, None)

    def test_a_few_rows_copied_often_stay_as_they_are(self) -> None:
        table = Table((number_column("a", np.tile([1.0, 2.0], 30)),), 60)
        assert merge_equal_rows(table, None) == (table, None)

    def test_missing_cells_equal_each_other(self) -> None:
        cells = np.append(np.repeat(np.nan, 3), np.arange(10.0))
        merged, weight = merge_equal_rows(Table((number_column("a", cells),), 13), None)
        assert merged.n_rows == 11
        assert weight is not None
        assert sorted(weight.tolist()) == [1.0] * 10 + [3.0]

    def test_texts_are_told_apart(self) -> None:
        classes = np.array([f"c{i}" for i in range(10)])
        column = class_column("y", classes, np.array([*range(10), 3, 3]))
        merged, weight = merge_equal_rows(Table((column,), 12), None)
        assert merged.column("y").strings().tolist() == classes.tolist()
        assert weight is not None
        assert weight[3] == 3.0

    @pytest.mark.parametrize(
        ("classes", "dtype"),
        [
            ([False, True], "boolean"),
            ([1, 2], "number"),
            (["a", "b"], "string"),
            (["", "b"], "number"),
            ([0.5, 1], "number"),
        ],
    )
    def test_labels_are_stored_as_a_file_can_hold_them(self, classes: list[Any], dtype: str) -> None:
        assert class_column("y", np.array(classes), np.array([0, 1])).schema.dtype == dtype

    def test_a_name_is_found_that_no_column_has(self) -> None:
        assert unused_name("target", ["a", "target", "target_"]) == "target__"


def test_no_stream_is_written_to_without_being_asked(
    frame: pd.DataFrame, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    Classifier(trials=1).fit(frame, labels)
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_a_budget_is_taken_as_everywhere_else(frame: pd.DataFrame) -> None:
    labels = np.where(np.arange(len(frame)) % 2, "a", "b")
    asked = Classifier(budget=mw.Budget(trials=1), random_state=0)
    text = Classifier(trials=1, random_state=0)
    assert asked.__sklearn_tags__().non_deterministic is False
    assert clone(asked).fit(frame, labels).model_.digest == text.fit(frame, labels).model_.digest
