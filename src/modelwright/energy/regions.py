"""How much carbon dioxide a kilowatt-hour of a country's electricity stands for.

Figures of one year and one source each, which `Region.source` names: means of all the electricity made in the country
over the whole life of its plants. Hours and contracts differ from that, and it changes from year to year.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from modelwright.core.errors import SpecError, listed, nearest
from modelwright.energy.energy import JOULES_PER_WATT_HOUR, Energy

WORLD = "WORLD"

_SOURCE = "Ember, by way of Our World in Data"


@final
@dataclass(frozen=True, slots=True)
class Region:
    """The electricity of a country.

    Attributes:
        name: Name of the country.
        grams: Grams of CO2 equivalent per kilowatt-hour over the whole life of the plants, mean of a year.
        year: That year.
    """

    name: str
    grams: float
    year: int

    @property
    def source(self) -> str:
        """Where the figure comes from."""
        return f"{self.name}: {self.grams:g} g CO2e/kWh in {self.year} ({_SOURCE})"


REGIONS: Mapping[str, Region] = {
    WORLD: Region("World", 481, 2023),
    "AR": Region("Argentina", 354, 2023),
    "AT": Region("Austria", 111, 2023),
    "AU": Region("Australia", 549, 2023),
    "BD": Region("Bangladesh", 691, 2023),
    "BE": Region("Belgium", 138, 2023),
    "BG": Region("Bulgaria", 335, 2023),
    "BR": Region("Brazil", 98, 2023),
    "CA": Region("Canada", 170, 2023),
    "CL": Region("Chile", 291, 2023),
    "CN": Region("China", 582, 2023),
    "CO": Region("Colombia", 260, 2023),
    "CY": Region("Cyprus", 534, 2023),
    "CZ": Region("Czechia", 450, 2023),
    "DE": Region("Germany", 381, 2023),
    "DK": Region("Denmark", 152, 2023),
    "EE": Region("Estonia", 417, 2023),
    "EG": Region("Egypt", 570, 2023),
    "ES": Region("Spain", 194, 2021),
    "FI": Region("Finland", 79, 2023),
    "FR": Region("France", 56, 2023),
    "GB": Region("United Kingdom", 268, 2021),
    "GR": Region("Greece", 337, 2023),
    "HR": Region("Croatia", 205, 2023),
    "HU": Region("Hungary", 204, 2023),
    "IE": Region("Ireland", 291, 2023),
    "IL": Region("Israel", 548, 2021),
    "IN": Region("India", 713, 2023),
    "IT": Region("Italy", 341, 2021),
    "JP": Region("Japan", 479, 2021),
    "KE": Region("Kenya", 86, 2021),
    "KR": Region("South Korea", 458, 2021),
    "LT": Region("Lithuania", 245, 2021),
    "LU": Region("Luxembourg", 187, 2021),
    "LV": Region("Latvia", 224, 2021),
    "MA": Region("Morocco", 610, 2021),
    "NO": Region("Norway", 30, 2023),
    "PL": Region("Poland", 662, 2023),
    "SE": Region("Sweden", 41, 2023),
    "US": Region("United States", 379, 2021),
    "VN": Region("Vietnam", 448, 2021),
    "ZA": Region("South Africa", 716, 2021),
}
"""Countries by their two letters (ISO 3166-1). Data of Ember are free to share with their name (CC BY 4.0)."""


@final
@dataclass(frozen=True, slots=True)
class Carbon:
    """Carbon dioxide equivalent of an amount of energy.

    Attributes:
        grams: Best guess.
        low: Lower end, from that of the energy; the region's own mean is taken as it is.
        high: Upper end.
        source: Where the two figures behind it come from, in words.
    """

    grams: float
    low: float
    high: float
    source: str

    def __str__(self) -> str:
        unit, name = (1.0, "g") if self.high < 1000 else (1000.0, "kg")
        low, value, high = (f"{x / unit:.3g}" for x in (self.low, self.grams, self.high))
        return f"{value} {name} CO2e (between {low} and {high}; {self.source})"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"grams": self.grams, "low": self.low, "high": self.high, "source": self.source}


def region(code: str) -> Region:
    """Return a region by its two letters, or the mean of the world by "world".

    Raises:
        SpecError: It is not in the table.
    """
    if code.upper() not in REGIONS:
        raise SpecError(
            f"Region '{code}' is not in the table.{nearest(code, REGIONS)} Regions: {listed(REGIONS, len(REGIONS))}."
        )
    return REGIONS[code.upper()]


def region_of(document: Mapping[str, Any]) -> str:
    """Return the region that a file's document of energy names, the mean of the world where it names none of ours."""
    code = document.get("region")
    return code if isinstance(code, str) and code in REGIONS else WORLD


def carbon(used: Energy, code: str = WORLD) -> Carbon:
    """Return what an amount of energy stands for where it was used.

    Args:
        used: The energy.
        code: Two letters of the country; the mean of the world where it is not known.

    Raises:
        SpecError: The region is not in the table.
    """
    place = region(code)
    per_joule = place.grams / (1000 * JOULES_PER_WATT_HOUR)
    source = "; ".join(filter(None, (used.source, place.source)))
    return Carbon(used.joules * per_joule, used.low * per_joule, used.high * per_joule, source)
