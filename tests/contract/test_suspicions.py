"""What every detector owes, and what they find on the public sets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.core.catalog import load
from modelwright.core.spec import FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.suspicion.case import make_case
from modelwright.suspicion.catalog import DETECTORS, FOLLOWERS, LEAKS
from modelwright.suspicion.finding import Finding
from modelwright.suspicion.suspect import suspect
from modelwright.suspicion.suspects import Suspects

SECONDS = np.arange(400) * 3_600


def hostile(rng: np.random.Generator) -> Table:
    """A table with every kind of column, and the worst of each."""
    n = 400
    texts = np.array([f"row {i} says good bye to Zürich 東京" for i in range(n)], dtype=object)
    return read(
        {
            "quantity": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n) * 1e12),
            "infinite": np.where(rng.random(n) < 0.05, np.inf, rng.normal(size=n)),
            "flag": rng.random(n) < 0.5,
            "category": rng.choice(["", "a", "é", "b\x00c"], n).astype(object),
            "date": (np.datetime64("1900-01-01T00:00:00") + SECONDS).astype(object),
            "text": texts,
            "empty": np.full(n, np.nan),
            "id": np.arange(n),
            "classes": rng.choice(["x", "y", "z"], n).astype(object),
            "two": rng.choice(["no", "yes"], n).astype(object),
            "amount": rng.gamma(1.0, 2.0, n),
        },
        kinds={"text": "text"},
    )


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("target", ["two", "classes", "amount"])
def test_a_detector_gives_findings_of_its_name_on_any_table(name: str, target: str, rng: np.random.Generator) -> None:
    table = hostile(rng)
    test = table.drop(["empty", target]).take(np.arange(60))
    for spec in (FitSpec(), FitSpec(groups="category", time="date", weight="amount" if target != "amount" else None)):
        findings = load(DETECTORS, name, "detector")(make_case(table, target, spec, test=test))
        for finding in findings:
            assert isinstance(finding, Finding)
            assert finding.name == name
            assert set(finding.columns) <= set(table.names)
            assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding
            assert finding.what.endswith((".", "?")) and finding.evidence.endswith(".")
            assert finding.where and finding.override


@pytest.mark.parametrize("name", FOLLOWERS)
@pytest.mark.parametrize("target", ["two", "classes", "amount"])
def test_a_follower_gives_findings_of_its_name_on_any_table(name: str, target: str, rng: np.random.Generator) -> None:
    table = hostile(rng)
    everything = frozenset(table.names) - {target}
    follow = load(FOLLOWERS, name, "detector")
    for columns in (frozenset[str](), frozenset({"quantity", "category", "flag"}) - {target}, everything):
        for finding in follow(make_case(table, target, FitSpec()), Suspects(columns, columns, columns)):
            assert finding.name == name and finding.severity == "info"
            assert not set(finding.columns) & columns, "what is suspected is not told again"
            assert finding.what.endswith((".", "?")) and finding.evidence.endswith(".") and finding.override


def test_every_kind_of_leak_is_in_a_catalog() -> None:
    assert DETECTORS.keys() | FOLLOWERS.keys() >= LEAKS
    assert not DETECTORS.keys() & FOLLOWERS.keys()


@pytest.mark.parametrize("target", ["two", "classes", "amount"])
def test_pure_noise_is_never_called_a_leak(target: str, rng: np.random.Generator) -> None:
    assert [f for f in suspect(hostile(rng), target) if f.name in LEAKS] == []


def test_the_same_table_gives_the_same_findings(rng: np.random.Generator) -> None:
    table = hostile(rng)
    assert suspect(table, "two") == suspect(table, "two")


KNOWN: dict[str, tuple[str, dict[str, set[str]]]] = {
    "titanic": ("Survived", {"identifier": {"PassengerId"}}),
    "breast_cancer_wisconsin": ("class", {"identifier": {"sample_code"}}),
    "horse_colic": (
        "surgical_lesion",
        {"identifier": {"hospital_number"}, "leak": {"lesion_1"}, "late": {"outcome"}, "kin": {"lesion_2"}},
    ),
    "ames_housing": ("SalePrice", {"identifier": {"Id", "PID"}}),
    "bike_sharing_hourly": ("cnt", {"identifier": {"instant"}, "arithmetic": {"casual", "registered"}}),
    "nyc_taxis": ("fare", {"arithmetic": {"total", "tip", "tolls"}}),
    "power_plant": ("PE", {}),
    "mushroom": ("class", {}),
    "houston_flights": (
        "ArrDel15",
        {"leak": {"DepDelay"}, "late": {"ActualElapsedTime"}, "kin": {"AirTime", "TaxiIn", "TaxiOut", "ArrTime"}},
    ),
    "loans_interest_rate": (
        "interest_rate",
        {"leak": {"grade"}, "pair": {"installment"}, "late": {"paid_interest"}, "kin": {"paid_late_fees"}},
    ),
    "bank_marketing": ("deposit", {"leak": {"duration"}}),
    "energy_efficiency": ("Heating Load", {"leak": {"Cooling Load"}}),
    "compas": (
        "two_year_recid",
        {
            "identifier": {"id"},
            "missingness": {"r_charge_degree", "r_jail_in", "vr_offense_date"},
            "leak": {"is_recid", "end"},
            "flag": {"is_violent_recid", "event"},
            "date": {"compas_screening_date", "in_custody"},
            "foretold": {"decile_score", "v_decile_score"},
            "kin": {"v_score_text", "start"},
        },
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_listed_columns_of_public_sets_are_found(name: str, public_data: Path) -> None:
    target, expected = KNOWN[name]
    entries: list[dict[str, Any]] = json.loads((public_data / "datasets.json").read_text(encoding="utf-8"))["datasets"]
    entry = next(e for e in entries if e["name"] == name)
    findings = suspect(read(public_data / entry["file"]), target)
    for kind, columns in expected.items():
        named = {c for f in findings if f.name == kind for c in f.columns}
        assert columns <= named, kind
    listed = set(entry.get("leakage_columns", ()))
    grave = {c for f in findings if f.name in LEAKS and f.severity != "info" for c in f.columns}
    assert grave <= listed
