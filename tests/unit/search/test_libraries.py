"""The libraries that learn: missing ones are named, a missing OpenMP library is found elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelwright.core.errors import MissingExtraError
from modelwright.search import libraries


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "LEARNING", ("json", "no_such_library"))
    with pytest.raises(MissingExtraError, match=r"needs no_such_library.*modelwright\[fit\]"):
        libraries.require_libraries()


def test_nothing_is_imported_to_find_out() -> None:
    code = (
        "import sys; from modelwright.search.libraries import require_libraries; require_libraries();"
        "print([m for m in ('sklearn', 'lightgbm', 'catboost', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems bring their own")
def test_a_system_without_openmp_gets_the_copy_of_scikit_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_loads", lambda name: False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/elsewhere")
    found = libraries.openmp_environment(tmp_path)
    folder, rest = found["LD_LIBRARY_PATH"].split(":")
    assert rest == "/elsewhere"
    assert (Path(folder) / libraries.OPENMP).resolve().name.startswith("libgomp")
    assert libraries.openmp_environment(tmp_path) == found
