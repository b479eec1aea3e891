import errno
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.core.errors import DataError, FileRefusedError, OutputError, SpecError

ONE = mw.Budget(trials=1)


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    size = rng.normal(size=80).round(3)
    return {"size": size.tolist(), "hue": rng.choice(["red", "blue"], 80).tolist(), "price": (3 * size + 1).tolist()}


def test_the_names_are_those_of_the_stub() -> None:
    stub = (Path(mw.__file__).parent / "__init__.pyi").read_text(encoding="utf-8")
    imported = {line.split(" as ")[1] for line in stub.splitlines() if line.startswith("from ")}
    declared = {line.partition(":")[0] for line in stub.splitlines() if line[:1].isalpha() and ": " in line}
    assert {name for name in imported | declared if name[0] != "_"} | {"__version__"} == set(mw.__all__)
    assert set(dir(mw)) == set(mw.__all__)
    for name in mw.__all__:
        assert getattr(mw, name) is not None


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        mw.fitt  # noqa: B018  # asking for it is the test


def test_importing_the_package_loads_no_library() -> None:
    code = "import modelwright, sys, json; print(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "click", "onnxruntime", "sklearn", "pyarrow", "rich"} & set(json.loads(done.stdout))


def test_fit_writes_the_file_it_returns(rows: dict[str, Any], tmp_path: Path) -> None:
    model = mw.fit(rows, "price", budget=ONE, out=tmp_path / "price.onnx")
    assert model.task.name == "regression"
    assert mw.load(tmp_path / "price.onnx").digest == model.digest
    assert [p.name for p in tmp_path.iterdir()] == ["price.onnx"]


def test_a_disk_that_fills_at_the_end_does_not_cost_the_model(
    rows: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    replace = Path.replace

    def full(place: Path, target: Path) -> Path:
        if target == tmp_path / "price.onnx":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(place, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match=r"no space is left.*kept in '.*price\.onnx'") as caught:
        mw.fit(rows, "price", budget=ONE, out=tmp_path / "price.onnx")
    [kept] = spare.glob("*/price.onnx")
    assert str(kept) in str(caught.value)
    assert mw.load(kept).task.name == "regression"


def test_the_file_keeps_what_stands_for_no_value(rows: dict[str, Any]) -> None:
    spec = mw.FitSpec(missing=("size=-999",))
    marked = rows | {"size": [*rows["size"][:-20], *[-999] * 20]}
    model = mw.fit(marked, "price", budget=ONE, spec=spec)
    assert model.schema.column("size").low > -10
    for given in (-999, "-999.0", [-999.0, -999.0]):
        unknown = [None] * 2 if isinstance(given, list) else None
        hue = ["red"] * 2 if isinstance(given, list) else "red"
        assert np.array_equal(model.predict({"size": given, "hue": hue}), model.predict({"size": unknown, "hue": hue}))
    again = mw.refit(model, marked)
    assert again.schema.column("size").parsing.missing == ("-999",)
    assert np.isclose(again.schema.column("size").missing_share, 0.25)


def test_without_out_nothing_is_written(rows: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert mw.fit(rows, "price", budget=ONE).size_bytes > 0
    assert list(tmp_path.iterdir()) == []


def test_events_come_in_order_and_end_with_done(rows: dict[str, Any]) -> None:
    heard: list[mw.Event] = []
    mw.fit(rows, "price", budget=ONE, listeners=[heard.append])
    assert (heard[0].name, heard[0].data["phase"]) == ("phase", "read")
    assert heard[-1].name == "done"
    assert [e.seconds for e in heard] == sorted(e.seconds for e in heard)
    assert {"phase", "note", "trial", "best", "done"} <= {e.name for e in heard}


def test_a_listener_is_told_nothing_twice(rows: dict[str, Any]) -> None:
    heard: list[mw.Event] = []
    mw.fit(rows, "price", budget=ONE, listeners=[heard.append])
    phases = [e.data["phase"] for e in heard if e.name == "phase"]
    assert len(phases) == len(set(phases))


def test_test_rows_replace_the_estimate_and_need_no_unused_column(rows: dict[str, Any]) -> None:
    held_out = {"size": [0.1, 0.2, 0.3], "price": [1.3, 1.6, 1.9]}
    spec = mw.FitSpec(drop=("hue",))
    model = mw.fit(rows, "price", budget=ONE, test=held_out, spec=spec)
    assert model.evaluation["source"] == "test"
    assert model.evaluation["n_rows"] == 3


def test_test_rows_that_lack_a_feature_are_refused_before_the_search(rows: dict[str, Any]) -> None:
    heard: list[mw.Event] = []
    with pytest.raises(DataError, match="'size' is not in"):
        mw.fit(rows, "price", budget=ONE, test={"hue": ["red"], "price": [1.0]}, listeners=[heard.append])
    assert [e.data.get("phase") for e in heard] == ["read"]


def test_a_target_whose_name_is_no_text_is_found() -> None:
    frame = pd.DataFrame({0: range(40), 1: [i % 7 for i in range(40)], ("a", 2): [3.0 * i for i in range(40)]})
    model = mw.fit(frame, 1, budget=ONE)  # type: ignore[arg-type]  # as frames name their columns
    assert model.manifest.target == "1"
    assert mw.fit(frame, ("a", 2), budget=ONE).manifest.target == "a_2"  # type: ignore[arg-type]
    assert mw.check(frame, 1).target == "1"  # type: ignore[arg-type]


def test_kinds_are_taken_from_the_spec(rows: dict[str, Any]) -> None:
    model = mw.fit(rows, "price", budget=ONE, spec=mw.FitSpec(kinds={"hue": "category"}))
    assert model.schema.column("hue").kind == "category"


def test_a_place_that_cannot_be_written_is_found_out_before_reading(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"):
        mw.fit("no such file.csv", "y", out=tmp_path / "no" / "m.onnx")


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"target": "prise"}, DataError, "Did you mean 'price'"),
        ({"budget": "soon"}, SpecError, "not a duration"),
        ({"spec": mw.FitSpec(metric="rmsee")}, SpecError, "rmse"),
        ({"spec": mw.FitSpec(task="classify")}, SpecError, "Tasks"),
        ({"spec": mw.FitSpec(drop=("sise",))}, DataError, "Did you mean 'size'"),
        ({"spec": mw.FitSpec(kinds={"size": "numbr"})}, SpecError, "Did you mean 'number'"),
        ({"spec": mw.FitSpec(weight="wait")}, DataError, "'wait'"),
    ],
)
def test_what_makes_no_sense_is_told(rows: dict[str, Any], options: dict[str, Any], error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        mw.fit(rows, **({"target": "price", "budget": ONE} | options))


def test_a_refused_file_is_named(tmp_path: Path, small_file: Callable[..., bytes]) -> None:
    place = tmp_path / "cut.onnx"
    place.write_bytes(small_file()[:-40])
    with pytest.raises(FileRefusedError, match=r"cut\.onnx"):
        mw.load(place)
    with pytest.raises(DataError, match=r"cut\.onnx"):
        mw.load(tmp_path / "cat.onnx")


def test_a_schema_is_read_with_the_kinds_that_are_known_better(rows: dict[str, Any]) -> None:
    assert mw.read_schema(rows).column("hue").kind == "flag"
    assert mw.read_schema(rows, {"hue": "category"}).column("hue").reason == "set by the user"


def test_evaluate_is_at_the_door(rows: dict[str, Any]) -> None:
    model = mw.fit(rows, "price", budget=ONE)
    assert mw.evaluate(model, rows).measure("r2").value > 0.9


def test_a_notebook_gets_one_display(rows: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    shown: list[dict[str, Any]] = []
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    display = SimpleNamespace(display=lambda bundle, **options: shown.append(options | {"bundle": bundle}))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    mw.fit(rows, "price", budget=ONE)
    assert len({call["display_id"] for call in shown}) == 1
    assert "Done" in shown[-1]["bundle"]["text/plain"]


def test_a_tuple_of_names_means_several_targets_and_none_is_told(rows: dict[str, Any]) -> None:
    model = mw.fit(rows, target=("price", "hue"), budget=mw.Budget(trials=2))  # type: ignore[call-overload]  # the trial
    assert model.targets == ("price", "hue")
    with pytest.raises(SpecError, match="The column to predict is not named"):
        mw.fit(rows, target=None, budget=ONE)  # type: ignore[call-overload]  # the trial


def test_a_tuple_is_one_name_where_columns_have_several_parts(rows: dict[str, Any]) -> None:
    frame = pd.concat({"a": pd.DataFrame(rows)}, axis=1)
    assert mw.fit(frame, target=("a", "price"), budget=ONE).manifest.target == "a_price"  # type: ignore[call-overload]


def test_limits_that_leave_nothing_are_refused(rows: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="trials must be more than 0, not 0"):
        mw.Budget(trials=0)
    with pytest.raises(SpecError, match="seconds must be more than 0, not -5"):
        mw.fit(rows, target="price", budget=mw.Budget(seconds=-5))
