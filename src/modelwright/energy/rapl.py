"""The counters that processors keep of their own energy (RAPL), as Linux shows them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, final

from modelwright.energy.sensor import Description, Sensor

FOLDER = Path("/sys/class/powercap")

ERROR = 0.4
"""Relative error of figures built on such sensors: up to 40 % (Fischer 2025, arXiv 2509.22092)."""

_COUNTED = ("package", "dram")
"""Domains that are added up; cores and graphics are parts of a package, and "psys" holds packages once more."""


@final
@dataclass(slots=True)
class Domain:
    """One counter: microjoules that begin again at 0 beyond a range.

    Attributes:
        folder: Folder of the counter.
        name: "package-0", "dram" and the like.
        range: Microjoules after which it begins again.
        last: Reading seen last.
        turned: Microjoules of the rounds that it has been seen to finish.
    """

    folder: Path
    name: str
    range: int
    last: int = 0
    turned: int = 0

    def microjoules(self) -> int:
        """Return microjoules without the jumps back, as long as it is read once per round (minutes at full power).

        Raises:
            OSError: It cannot be read.
            ValueError: It does not hold a number.
        """
        now = int((self.folder / "energy_uj").read_text())
        if now < self.last:
            self.turned += self.range
        self.last = now
        return self.turned + now


@final
@dataclass(slots=True)
class Rapl(Sensor):
    """All packages of the machine, and their memory where it is counted."""

    domains: list[Domain] = field(default_factory=list)
    is_gone: bool = False

    @classmethod
    def found(cls, folder: Path = FOLDER) -> Self | None:
        """Return the sensor, or None where there is none or reading it is not allowed (often it is root's alone)."""
        domains = []
        try:
            for path in sorted(folder.iterdir()):
                if ":" in path.name and (path / "energy_uj").exists() and "mmio" not in path.name:
                    name = (path / "name").read_text().strip()
                    if name.startswith(_COUNTED):
                        domain = Domain(path, name, int((path / "max_energy_range_uj").read_text()))
                        domain.microjoules()
                        domains.append(domain)
        except (OSError, ValueError):
            return None
        return cls(domains) if domains else None

    @property
    def description(self) -> Description:
        """Packages, and memory where it is counted."""
        memory = " + memory" if any(d.name.startswith("dram") for d in self.domains) else ""
        return Description(f"RAPL package{memory}, our share by processor time", "machine", ERROR)

    def joules(self) -> float | None:
        """Return the joules of all domains, or None once one of them cannot be read."""
        if self.is_gone:
            return None
        try:
            return sum(d.microjoules() for d in self.domains) / 1e6
        except (OSError, ValueError):
            self.is_gone = True  # a sum without one of them would be less than before
            return None
