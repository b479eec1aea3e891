"""Several columns of y in scikit-learn's grammar."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

import modelwright as mw
from modelwright import Classifier, Regressor
from modelwright.estimators.answers import answers_of, share_all_right, side_by_side

N_ROWS = 80


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"size": rng.normal(size=N_ROWS), "colour": rng.choice(["red", "blue"], N_ROWS)})


@pytest.fixture(scope="module")
def labels(frame: pd.DataFrame) -> pd.DataFrame:
    """A flag, a class of three, and a column called as one of X."""
    flag = frame["size"] > 0
    kind = np.where(frame["colour"] == "red", "a", np.where(flag, "b", "c"))
    return pd.DataFrame({"flag": flag, "kind": kind, "size": (frame["size"] > 0.5).astype(int)})


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame, labels: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    place = tmp_path_factory.mktemp("targets") / "joint.onnx"
    return Classifier(trials=1, random_state=0).fit(frame, labels, path=place)


def test_labels_and_probabilities_have_the_form_of_a_forest(
    fitted: Classifier, frame: pd.DataFrame, labels: pd.DataFrame
) -> None:
    assert fitted.n_outputs_ == 3
    assert [classes.tolist() for classes in fitted.classes_] == [[False, True], ["a", "b", "c"], [0, 1]]
    found, shares = fitted.predict(frame), fitted.predict_proba(frame)
    assert found.shape == (N_ROWS, 3)
    assert isinstance(shares, list)
    for i, (classes, share) in enumerate(zip(fitted.classes_, shares, strict=True)):
        np.testing.assert_allclose(share.sum(axis=1), 1.0)
        assert classes[share.argmax(axis=1)].tolist() == found[:, i].tolist()
    assert fitted.score(frame, labels) == (found == labels.to_numpy()).all(axis=1).mean() > 0.8


def test_the_file_is_one_of_several_targets_with_the_names_of_the_frame(
    fitted: Classifier, frame: pd.DataFrame
) -> None:
    assert fitted.model_.targets == ("flag", "kind", "size_")
    assert fitted.model_["kind"].predict(frame).tolist() == fitted.predict(frame)[:, 1].tolist()


def test_it_is_written_where_asked_and_survives_pickling(
    frame: pd.DataFrame, labels: pd.DataFrame, tmp_path: Path
) -> None:
    estimator = Regressor(trials=1, random_state=0).fit(frame, labels[["flag", "size"]], path=tmp_path / "two.onnx")
    assert mw.load(tmp_path / "two.onnx").digest == estimator.model_.digest
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict(frame), estimator.predict(frame))


def test_numbers_are_scored_by_the_mean_over_targets(frame: pd.DataFrame) -> None:
    X = frame[["size"]].to_numpy()
    Y = np.column_stack([X[:, 0], 3 - 2 * X[:, 0]])
    estimator = Regressor(trials=1, random_state=0).fit(X, Y)
    assert estimator.model_.targets == ("y0", "y1")
    found = estimator.predict(X)
    assert found.shape == Y.shape
    assert estimator.score(X, Y) == pytest.approx(r2_score(Y, found, multioutput="uniform_average"))
    assert estimator.score(X, Y) > 0.9


def test_weights_groups_and_cross_validation_work(frame: pd.DataFrame, labels: pd.DataFrame) -> None:
    flags = labels[["flag", "size"]].to_numpy(dtype=int)
    weighted = Classifier(trials=1, random_state=0).fit(
        frame, flags, sample_weight=np.arange(N_ROWS), groups=np.arange(N_ROWS) % 8
    )
    assert weighted.predict(frame).dtype.kind == "i"
    assert cross_val_score(Classifier(trials=1, random_state=0), frame, flags, cv=2).min() > 0.7


def test_one_column_of_two_dimensions_is_one_target(frame: pd.DataFrame, labels: pd.DataFrame) -> None:
    with pytest.warns(UserWarning, match="column-vector"):
        estimator = Classifier(trials=1, random_state=0).fit(frame, labels[["flag"]])
    assert estimator.predict(frame).shape == (N_ROWS,)
    assert isinstance(estimator.model_, mw.Model)


def test_the_picture_has_a_line_per_target(fitted: Classifier) -> None:
    shown = fitted._repr_html_()
    assert shown.count("out of fold on 80 rows") == 3
    assert "<p>kind: Log loss" in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (pd.DataFrame({"a": [0, 1] * 40, "b": [None, "x"] * 40}), r"column 'b' of y contains NaN"),
        (np.where(np.arange(160).reshape(80, 2) == 7, np.nan, 1.0), r"column 'y1' of y contains NaN"),
        (pd.DataFrame(np.ones((80, 2)), columns=["q", "q"]), "two columns of one name"),
        (np.ones((79, 2)), "inconsistent numbers of samples"),
        (np.ones((0, 2)), "inconsistent numbers of samples"),
        (np.ones((80, 0)), r"0 feature\(s\)|shape \(80, 0\)"),
        (np.ones((80, 2, 2)), "dim 3|1d array"),
    ],
    ids=["none", "nan", "twice", "short", "no rows", "no columns", "cube"],
)
@pytest.mark.parametrize("estimator", [Classifier(trials=1), Regressor(trials=1)], ids=["classes", "numbers"])
@pytest.mark.parametrize("framed", [True, False], ids=["frame", "array"])
def test_what_is_no_y_is_told(estimator: Any, wrong: Any, said: str, framed: bool, frame: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=said):
        estimator.fit(frame if framed else frame.to_numpy(), wrong)


def test_the_column_that_cannot_be_learned_is_named(frame: pd.DataFrame) -> None:
    constant = np.column_stack([np.arange(N_ROWS) % 2, np.zeros(N_ROWS, dtype=int)])
    with pytest.raises(ValueError, match="one class is present in column 'y1'"):
        Classifier(trials=1).fit(frame, constant)
    with pytest.raises(ValueError, match="Column 'y1' of y holds no numbers"):
        Regressor(trials=1).fit(frame, np.full((N_ROWS, 2), [["1", "x"]]))


def test_a_score_needs_as_many_columns_as_the_fit_had(
    fitted: Classifier, frame: pd.DataFrame, labels: pd.DataFrame
) -> None:
    for wrong in (labels["flag"], labels[["flag", "kind"]], labels.head(3)):
        with pytest.raises(ValueError, match="but the estimator predicts"):
            fitted.score(frame, wrong)


def test_weights_count_in_the_share_that_is_all_right() -> None:
    given, predicted = np.array([[0, 1], [1, 1]]), np.array([[0, 1], [1, 0]])
    assert share_all_right(given, predicted) == 0.5
    assert share_all_right(given, predicted, [3, 1]) == 0.75


def test_columns_of_two_kinds_stand_side_by_side_as_objects() -> None:
    mixed = side_by_side([np.array([True]), np.array(["a"])])
    assert mixed.tolist() == [[True, "a"]]
    assert side_by_side([np.array([1]), np.array([0.5])]).dtype == np.float64


@pytest.mark.parametrize("library", ["pyarrow", "polars", "scipy"])
def test_columns_of_other_libraries_are_found(library: str) -> None:
    pytest.importorskip(library)
    cells = {"a": [0, 1, 0], "b": [1, 1, 0]}
    if library == "pyarrow":
        import pyarrow

        given = pyarrow.table(cells)
    elif library == "polars":
        import polars

        given = polars.DataFrame(cells)
    else:
        from scipy.sparse import csr_matrix

        given = csr_matrix(np.column_stack(list(cells.values())))
    found = answers_of(given)
    assert found is not None
    assert [column.tolist() for column in found.values()] == list(cells.values())
    assert list(found) == (["y0", "y1"] if library == "scipy" else ["a", "b"])
