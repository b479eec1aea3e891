"""The audit of a model and a table: groups, small groups, bands, proxies, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.fairness import fairness as command
from modelwright.core.errors import SchemaError, SpecError
from modelwright.core.schema import ColumnSchema
from modelwright.core.spec import Budget
from modelwright.core.table import Column, Table
from modelwright.data import read
from modelwright.insight.fairness.audit import fairness
from modelwright.insight.fairness.proxies import proxies
from modelwright.model.model import Model

N_ROWS = 400


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Any]]:
    """Applicants: one feature says much about sex, another nothing."""
    rng = np.random.default_rng(3)
    sex = rng.choice(["F", "M"], N_ROWS)
    race = rng.choice(["blue", "green", "rare"], N_ROWS, p=[0.6, 0.385, 0.015])
    height = np.where(sex == "M", 180, 166) + rng.normal(0, 6, N_ROWS)
    points = rng.normal(0, 1, N_ROWS)
    hired = points + 0.05 * (height - 173) + rng.normal(0, 0.7, N_ROWS) > 0
    return {
        "height": height.round(1).tolist(),
        "points": points.tolist(),
        "hired": np.where(hired, "yes", "no").tolist(),
        "sex": sex.tolist(),
        "race": race.tolist(),
        "age": rng.integers(18, 70, N_ROWS).tolist(),
    }


@pytest.fixture(scope="module")
def model(rows: dict[str, list[Any]]) -> Model:
    """A model that knows height and points only."""
    known = {name: rows[name] for name in ("height", "points", "hired")}
    return mw.fit(known, "hired", budget=Budget(trials=1))


def test_columns_that_the_model_does_not_know_make_groups(model: Model, rows: dict[str, list[Any]]) -> None:
    made = mw.fairness(model, rows, ["sex", "race"])
    given = np.array(model.predict(rows)) == "yes"
    for sex in "FM":
        chosen = np.array(rows["sex"]) == sex
        figure = made.group(f"sex = {sex}").figure("selection_rate")
        assert figure.value.value == pytest.approx(given[chosen].mean()) and figure.n_rows == chosen.sum()
    gap = made.gap("demographic_parity", "sex")
    assert gap.is_beyond_chance and (gap.lowest, gap.highest) == ("sex = F", "sex = M")
    assert made.gap("equalised_odds", ("sex", "race")).n_groups == 4


def test_small_groups_are_named_and_not_judged(model: Model, rows: dict[str, list[Any]]) -> None:
    made = fairness(model, rows, "race")
    rare = made.group("race = rare")
    assert not rare.is_judged and rare.figures == () and rare.n_rows == rows["race"].count("rare") > 0
    assert any("race = rare" in note for note in made.notes) and "too few rows" in str(made)
    assert made.gap("demographic_parity", "race").n_groups == 2
    assert made.to_columns()["measure"].count("") == 1
    assert fairness(model, rows, "race", min_rows=2).group("race = rare").is_judged


def test_numbers_are_cut_into_bands_and_missing_cells_are_a_group(model: Model, rows: dict[str, list[Any]]) -> None:
    age = [None if i % 8 == 0 else a for i, a in enumerate(rows["age"])]
    made = fairness(model, {**rows, "age": age}, "age")
    assert len(made.groups) == 5
    assert [g.name for g in made.groups if "missing" in g.name] == ["age missing"]
    assert sum(g.n_rows for g in made.groups) == N_ROWS


def test_a_threshold_and_a_label_change_who_is_selected(model: Model, rows: dict[str, list[Any]]) -> None:
    probability = np.asarray(model.predict_proba(rows))
    found = fairness(model, rows, "sex", threshold=0.8)
    chosen = np.array(rows["sex"]) == "F"
    expected = (probability[chosen, 1] >= 0.8).mean()
    assert found.group("sex = F").figure("selection_rate").value.value == pytest.approx(expected)
    other = fairness(model, rows, "sex", label="no", threshold=0.8)
    expected = (probability[chosen, 0] >= 0.8).mean()
    assert other.group("sex = F").figure("selection_rate").value.value == pytest.approx(expected)


def test_proxies_are_flagged(model: Model, rows: dict[str, list[Any]]) -> None:
    made = fairness(model, rows, ["sex", "race"])
    told = {(p.sensitive, p.feature): p for p in made.proxies}
    assert told["sex", "height"].is_flagged and told["sex", "height"].score.value > 0.85
    assert not told["sex", "points"].is_flagged and not told["race", "height"].is_flagged
    assert {p.feature for p in made.flagged} == {"height", ""}
    assert "What gives the sensitive columns away" in str(made)


def test_all_features_together_tell_more_than_one() -> None:
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(800, 3))
    kind = ColumnSchema("s", "category", "string")
    codes = (parts.sum(axis=1) > 0).astype(np.int32)
    features = read({f"x{i}": parts[:, i] for i in range(3)})
    told, why = proxies(features, Column(kind, codes, np.array(["no", "yes"], dtype=object)))
    assert why == "" and told[0].feature == ""
    assert told[0].score.low > max(p.score.value for p in told[1:])
    amount, _ = proxies(features, Column(ColumnSchema("a", "number", "number"), parts.sum(axis=1)))
    assert amount[0].measure == "R²" and amount[0].score.low > max(p.score.value for p in amount[1:])


def test_a_sensitive_column_with_one_value_has_no_proxies_but_a_reason() -> None:
    kind = ColumnSchema("s", "category", "string")
    column = Column(kind, np.zeros(50, dtype=np.int32), np.array(["only"], dtype=object))
    told, why = proxies(Table(read({"x": list(range(50))}).columns, 50), column)
    assert told == () and "Proxies of 's' were not looked for" in why


def test_a_sensitive_feature_is_named_as_such(rows: dict[str, list[Any]]) -> None:
    known = {name: rows[name] for name in ("points", "sex", "hired")}
    knowing = mw.fit(known, "hired", budget=Budget(trials=1))
    made = fairness(knowing, rows, "sex")
    assert any("itself looks at sex" in note for note in made.notes)
    assert all(p.feature != "sex" for p in made.proxies)


def test_the_four_fifths_rule_is_a_convention_and_no_verdict(model: Model, rows: dict[str, list[Any]]) -> None:
    text = str(fairness(model, rows, "sex"))
    assert "convention" in text and "no verdict of law" in text
    assert not {"illegal", "unlawful", "compliant", "discriminates"} & set(text.lower().split())


def test_what_makes_no_sense_is_refused(model: Model, rows: dict[str, list[Any]]) -> None:
    with pytest.raises(SpecError, match="target"):
        fairness(model, rows, "hired")
    with pytest.raises(SchemaError, match="Did you mean 'race'"):
        fairness(model, rows, "rase")
    with pytest.raises(SpecError, match="no class 'maybe'"):
        fairness(model, rows, "sex", label="maybe")
    with pytest.raises(SpecError, match="at least one"):
        fairness(model, rows, [])
    with pytest.raises(SpecError, match="twice"):
        fairness(model, "-", "sex")


def test_the_command_prints_text_and_json(model: Model, rows: dict[str, list[Any]], tmp_path: Path) -> None:
    model.save(tmp_path / "m.onnx")
    lines = [",".join(rows)] + [",".join(map(str, cells)) for cells in zip(*rows.values(), strict=True)]
    (tmp_path / "d.csv").write_text("\n".join(lines), encoding="utf-8")
    words = [str(tmp_path / "m.onnx"), str(tmp_path / "d.csv"), "--sensitive", "sex", "race"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    assert "demographic parity" in done.output and "sex × race" in done.output
    document = json.loads(CliRunner().invoke(command, [*words, "--json"]).stdout)
    assert document["schema"] == "modelwright/fairness/1" and document["sensitive"] == ["sex", "race"]
    wrong = CliRunner().invoke(command, ["--sensitive", "sex", *words[:2]])
    assert wrong.exit_code == 2 and "write it last" in wrong.output


def test_the_command_shows_what_evening_out_costs(model: Model, rows: dict[str, list[Any]], tmp_path: Path) -> None:
    model.save(tmp_path / "m.onnx")
    lines = [",".join(rows)] + [",".join(map(str, cells)) for cells in zip(*rows.values(), strict=True)]
    (tmp_path / "d.csv").write_text("\n".join(lines), encoding="utf-8")
    words = [str(tmp_path / "m.onnx"), str(tmp_path / "d.csv"), "--even-out", "demographic_parity", "--json"]
    document = json.loads(CliRunner().invoke(command, [*words, "--sensitive", "sex"]).stdout)
    assert document["schema"] == "modelwright/tradeoff/1" and len(document["points"]) > 2
    model.save(tmp_path / "other.onnx")
    other = str(tmp_path / "other.onnx")
    document = json.loads(CliRunner().invoke(command, [*words, "--beside", other, "--sensitive", "sex"]).stdout)
    same = document["points"][-1]
    assert same["way"] == other and same["gap"] == document["points"][0]["gap"]
    alone = CliRunner().invoke(command, [*words[:2], "--beside", other, "--sensitive", "sex"])
    assert alone.exit_code == 2 and "name a gap with --even-out" in alone.output
    refused = CliRunner().invoke(command, [*words, "--threshold", "0.5", "--sensitive", "sex"])
    assert refused.exit_code == 2 and "leave out --threshold" in refused.output
