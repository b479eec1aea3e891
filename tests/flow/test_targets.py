"""Several targets from the command line to the answers, as a user goes."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.program import program

from .test_documents import check

TARGETS = ("price", "rating", "churned")


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(program, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def told(*words: object) -> dict[str, Any]:
    code, out, err = run(*words, "--json")
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    check(document)
    return document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("targets")
    rng = np.random.default_rng(8)
    n = 200
    size, colour = rng.normal(50, 20, n).round(2), rng.choice(["red", "green", "blue"], n)
    price = (2 * size + 20 * (colour == "red") + rng.normal(0, 4, n)).round(2)
    rating = np.digitize(size + rng.normal(0, 8, n), [40, 60]) + 1
    churned = np.where(size + rng.normal(0, 10, n) > 55, "yes", "no")
    with (place / "shop.csv").open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["size", "colour", *TARGETS])
        cells = zip(size, colour, ["" if i < 6 else p for i, p in enumerate(price)], rating, churned, strict=True)
        lines.writerows(cells)
    return place


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    """What the fit prints; the table is named last, after the targets."""
    model = folder / "shop.onnx"
    return told(
        "fit", "-o", model, "--trials", 3, "-q", "--metric", "churned=log_loss", "-t", *TARGETS, folder / "shop.csv"
    )


@pytest.fixture(scope="module")
def model(folder: Path, document: dict[str, Any]) -> Path:
    assert list(document["targets"]) == list(TARGETS)
    return folder / "shop.onnx"


def test_the_fit_tells_every_target(document: dict[str, Any], folder: Path) -> None:
    kinds = {name: one["task"]["name"] for name, one in document["targets"].items()}
    assert kinds == {"price": "regression", "rating": "multiclass", "churned": "binary"}
    assert document["targets"]["churned"]["metric"] == "log_loss"
    assert document["targets"]["churned"]["score"] is not None
    assert document["outputs"]["rating"]["label"] == "label_rating"
    assert any("6 rows without a value of 'price'" in note for note in document["notes"])
    pages = [Path(page).name for page in document["report"]]
    wanted = [f"shop.{target}.{ending}" for target in TARGETS for ending in ("html", "json")]
    assert pages == wanted[: len(pages)]  # as far as there was time
    assert all((folder / page).exists() for page in pages)


def test_any_runtime_runs_the_file(model: Path) -> None:
    session = onnxruntime.InferenceSession(model)
    names = {output.name for output in session.get_outputs()}
    assert {"prediction_price", "lower_price", "label_rating", "probabilities_churned", "label_churned"} <= names
    answers = session.run(
        ["prediction_price", "label_churned"],
        {"size": np.array([[60.0]]), "colour": np.array([["red"]], dtype=object)},
    )
    assert abs(answers[0][0] - 140) < 15
    assert answers[1].tolist() in (["yes"], ["no"])


def test_predict_writes_the_columns_of_every_target(model: Path, folder: Path) -> None:
    code, out, err = run("predict", model, folder / "shop.csv", "-q", "--keep", "size")
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == [
        "size", "prediction_price", "label_rating", *(f"probability_rating_{c}" for c in (1, 2, 3)),
        "label_churned", "probability_churned_no", "probability_churned_yes",
    ]  # fmt: skip
    assert len(rows) == 200
    code, out, _ = run("predict", model, folder / "shop.csv", "-q", "--for", "churned")
    alone = list(csv.DictReader(io.StringIO(out)))
    assert list(alone[0]) == ["label", "probability_no", "probability_yes"]
    assert [row["probability_yes"] for row in alone] == [row["probability_churned_yes"] for row in rows]
    found = told("predict", model, folder / "shop.csv", "--interval", "0.9", "-o", folder / "answers.parquet")
    assert {"lower_price", "upper_price", "set_rating"} <= set(found["columns"])
    parts = told("predict", model, folder / "shop.csv", "--partition-by", "label_churned", "-o", f"{folder}/parts/")
    assert parts["rows"] == 200
    code, _, err = run("predict", model, folder / "shop.csv", "--keep", "label_rating")
    assert code == 2
    assert "a column of that name" in err


def test_all_are_shown_in_turn_or_the_one_that_is_named(model: Path, folder: Path) -> None:
    data = folder / "shop.csv"
    for words in (("evaluate", model, data), ("inspect", model), ("verify", model), ("verify", model, data)):
        code, out, err = run(*words)
        assert code == 0, err
        places = [out.index(f"{target}\n{'─' * len(target)}\n") for target in TARGETS]
        assert places == sorted(places)
        assert list(told(*words)["targets"]) == list(TARGETS)
        assert "targets" not in told(*words, "--for", "rating")
    code, out, _ = run("inspect", model)
    assert out.startswith("Targets  price, rating, churned")
    assert "prediction_price, lower_price" in out


def test_limits_must_be_kept_by_every_target(model: Path, folder: Path) -> None:
    code, _, err = run("evaluate", model, folder / "shop.csv", "--at-least", "roc_auc=0.2")
    assert (code, "not for" in err or "regression" in err) == (2, True), err
    code, _, err = run("evaluate", model, folder / "shop.csv", "--at-least", "accuracy=0.999", "--for", "churned")
    assert code == 4


def test_reports_have_a_page_per_target(model: Path, folder: Path) -> None:
    found = told("report", model, "-o", folder / "pages.html")
    assert list(found["targets"]) == list(TARGETS)
    assert all((folder / f"pages.{target}.html").exists() for target in TARGETS)
    assert not (folder / "pages.html").exists()
    code, _, _ = run("report", model, "--for", "rating", "-o", folder / "one.html")
    assert code == 0
    assert (folder / "one.html").exists()


def test_verbs_of_one_target_say_how_to_name_it(model: Path, folder: Path) -> None:
    data = folder / "shop.csv"
    for words in (
        ("explain", model, data),
        ("fairness", model, data, "--sensitive", "colour"),
        ("compare", model, model, data),
        ("deploy", "kubeflow", model, "-o", folder / "bundle"),
    ):
        code, _, err = run(*words)
        assert code == 2, (words, err)
        assert "several targets: 'price', 'rating', 'churned'. Choose one: --for price" in err
    assert told("explain", model, data, "--for", "price", "--seconds", 1)["schema"] == "modelwright/explanation/1"
    assert told("compare", model, model, data, "--for", "rating")["schema"] == "modelwright/comparison/1"
    assert told("fairness", model, data, "--for", "churned", "--sensitive", "colour")
    assert told("deploy", "kubeflow", model, "--for", "price", "-o", folder / "bundle")
    code, _, err = run("explain", model, data, "--for", "pric")
    assert (code, "Did you mean 'price'" in err) == (2, True)


def test_a_file_is_registered_and_deployed_as_a_whole_or_in_part(model: Path, folder: Path) -> None:
    whole = told("register", model, "--to", folder / "models", "--name", "shop", "--alias", "champion")
    assert mw.load(whole["place"]).targets == TARGETS
    part = told("register", model, "--for", "price", "--to", folder / "models", "--name", "price")
    assert mw.load(part["place"]).manifest.target == "price"
    bundle = told("deploy", "sagemaker", model, "-o", folder / "whole")
    assert mw.load(folder / "whole" / "model" / "shop.onnx").digest == bundle["digest"] == whole["digest"]
    job = json.loads((folder / "whole" / "create_training_job.json").read_text())
    assert json.loads(job["HyperParameters"]["target"]) == list(TARGETS)
    assert told("deploy", "docker", model, "--for", "rating", "-o", folder / "part")["digest"] != whole["digest"]


def test_a_tracked_fit_has_a_run_of_each_target(folder: Path, tmp_path: Path) -> None:
    words = ("-t", "price", "churned", "--trials", 2, "-q", "--no-report", "-o", tmp_path / "m.onnx")
    runs = tmp_path / "runs"
    fitted = told("fit", folder / "shop.csv", *words, "--track", runs)
    place = Path(fitted["run"])
    listed = told("runs", "list", "--dir", runs)["runs"]
    assert [(line["id"], line["target"]) for line in listed] == [
        (f"{place.name}/1-price", "price"), (f"{place.name}/2-churned", "churned"),
    ]  # fmt: skip
    assert [line["score"] for line in listed] == [one["score"] for one in fitted["targets"].values()]
    assert mw.load(place / "price-churned.onnx").digest == fitted["digest"]
    assert mw.load(listed[1]["model_path"]).digest == fitted["targets"]["churned"]["digest"]
    assert Path(listed[0]["report_path"]).exists()
    shown = told("runs", "show", f"{place.name}/2", "--dir", runs)
    assert (shown["parameters"]["file.targets"], shown["data"]["source"]) == ("price, churned", f"{folder}/shop.csv")
    assert told("runs", "prune", "--keep", 1, "--dir", runs)["removed"] == []  # a fit goes as a whole
    assert len(told("runs", "prune", "--keep", 0, "--dir", runs)["removed"]) == 2
    assert list(runs.iterdir()) == []


def test_refit_follows_the_recipe_of_every_target_or_of_one(model: Path, folder: Path) -> None:
    again = told("refit", model, folder / "shop.csv", "-q", "-o", folder / "again.onnx")
    assert (again["verb"], again["from"], list(again["targets"])) == ("refit", str(model), list(TARGETS))
    assert again["targets"]["price"]["score"] is not None
    answers = [run("predict", file, folder / "shop.csv", "-q") for file in (model, folder / "again.onnx")]
    assert answers[0] == answers[1]  # the same rows
    alone = told("refit", model, folder / "shop.csv", "--for", "price", "-q", "-o", folder / "price.onnx")
    assert alone["target"] == "price"


def test_what_a_fit_of_several_cannot_do_is_told_at_once(folder: Path) -> None:
    data = folder / "shop.csv"
    code, _, err = run("fit", data, "-t", "price", "price")
    assert (code, "Target 'price' is named twice" in err) == (2, True)
    code, _, err = run("fit", data, "-t", "price", "prise")
    assert (code, "'prise' is not in the table. Did you mean 'price'" in err) == (3, True)
    code, _, err = run("fit", data, "-t", "price", "rating", "--task", "churned=binary")
    assert (code, "'churned' is no target" in err) == (2, True)
    code, _, err = run("fit", data, "-t", "price", "--task", "price=nonsense")
    assert (code, "nonsense" in err) == (2, True)
    code, _, err = run("fit", "-t", "price")
    assert (code, "Missing argument 'DATA'" in err) == (2, True)
