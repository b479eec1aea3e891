"""The peers: which environment and which runner each has, and how the environments are made.

Every environment is made on demand under ``.bench/peers``, from released packages, with the Python that makes it:

    python benchmarks/peers.py install --peers autogluon_best_v150 flaml

torch comes first and alone, so that a build for processors is kept if pip knows of one: the default build brings
gigabytes for graphics cards that no peer may use here. XGBoost comes as ``xgboost-cpu`` for the same reason. H2O
needs a Java runtime (``apt-get install -y default-jre-headless``).
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import final

from cases import CACHE

PLACE = CACHE / "peers"
RUNNERS = Path(__file__).parent / "peer_runners"

ENVIRONMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "autogluon": (
        ("torch==2.13.0",),
        ("autogluon.tabular[lightgbm,catboost,fastai]==1.6.3", "xgboost-cpu", "pyarrow"),
    ),
    "flaml": (("flaml[automl]==2.7.0", "xgboost-cpu", "pyarrow"),),
    "h2o": (("h2o==3.46.0.12", "pandas", "pyarrow", "polars"),),
    "lightgbm": (("lightgbm==4.7.0", "scikit-learn", "pandas", "pyarrow"),),
    "mljar": (("mljar-supervised", "pyarrow"),),
}
"""What is installed, one pip command after the other."""


@final
@dataclass(frozen=True, slots=True)
class Peer:
    """One system in the comparison.

    Attributes:
        name: Its name in the results.
        environment: Key of `ENVIRONMENTS`; "" is the Python that runs the comparison.
        package: The package whose version says what was measured.
        preset: What the runner hands to the peer.
    """

    name: str
    environment: str
    package: str
    preset: str = ""

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return PLACE / self.environment / "bin" / "python" if self.environment else Path(sys.executable)

    @property
    def runner(self) -> Path:
        """Its runner script."""
        return RUNNERS / f"run_{self.environment or 'ours'}.py"

    def version(self) -> str:
        """Return the installed version of the package.

        Raises:
            SystemExit: The environment is not there.
        """
        ask = f"import importlib.metadata as m; print(m.version({self.package!r}))"
        try:
            found = subprocess.run([str(self.python), "-c", ask], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            raise SystemExit(
                f"{self.name} is not installed. Run: python benchmarks/peers.py install --peers {self.name}"
            ) from None
        return found.stdout.strip()


PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("autogluon_medium", "autogluon", "autogluon.tabular", "medium"),
        Peer("autogluon_high", "autogluon", "autogluon.tabular", "high"),
        Peer("autogluon_best", "autogluon", "autogluon.tabular", "best"),
        Peer("autogluon_high_v150", "autogluon", "autogluon.tabular", "high_v150"),
        Peer("autogluon_best_v150", "autogluon", "autogluon.tabular", "best_v150"),
        Peer("flaml", "flaml", "flaml"),
        Peer("h2o", "h2o", "h2o"),
        Peer("mljar", "mljar", "mljar-supervised"),
        Peer("lightgbm", "lightgbm", "lightgbm"),
        Peer("ours", "", "modelwright"),
    )
}


def install(peers: list[Peer]) -> None:
    """Make the environments that are not there yet."""
    for name in dict.fromkeys(peer.environment for peer in peers if peer.environment):
        folder, stamp = PLACE / name, PLACE / name / ".made"
        if stamp.exists():
            continue
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for packages in ENVIRONMENTS[name]:
            command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
            subprocess.run(command, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        stamp.touch()
