"""Fixtures shared by all tests."""

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def rng() -> np.random.Generator:
    """The one source of random numbers in tests."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("MODELWRIGHT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "datasets.json").exists():
        pytest.skip("the public data sets are not here")
    return folder
