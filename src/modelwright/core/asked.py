"""What was asked of a fit, as the file keeps it: enough to ask it again."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

from modelwright.core.errors import DataError, ModelwrightError
from modelwright.core.spec import Budget, FitSpec

SCHEMA = "modelwright/asked/1"

_OF_THE_PLACE = ("workers", "after")
"""Limits that say how the work was done and not what was wanted; bytes do not depend on them."""

_MAPPINGS = ("kinds", "monotone", "cost")


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a fit beyond table and target.

    Attributes:
        budget: The limits.
        spec: All else.
    """

    budget: Budget
    spec: FitSpec

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary of all that differs from the defaults; `from_json` reverses it.

        Where the run was kept and how many processes worked are left out.
        """
        budget = {name: value for name, value in _different(self.budget).items() if name not in _OF_THE_PLACE}
        spec = {name: value for name, value in _different(self.spec).items() if name != "run"}
        spec |= {name: dict(spec[name]) for name in _MAPPINGS if name in spec}
        return {"schema": SCHEMA, "budget": budget, "spec": spec}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Build it from `to_json` output.

        Raises:
            DataError: It is no such document, or asks for what this version does not know.
        """
        try:
            if value["schema"] != SCHEMA:
                raise DataError(f"This is not what was asked in the form {SCHEMA} but '{value['schema']}'.")
            spec: dict[str, Any] = {
                name: tuple(inner) if isinstance(inner, list) else inner for name, inner in value["spec"].items()
            }
            if not all(isinstance(spec.get(name, {}), Mapping) for name in _MAPPINGS):
                raise TypeError(f"one of {', '.join(_MAPPINGS)} is no mapping")
            return cls(Budget(**value["budget"]), FitSpec(**spec))
        except (KeyError, TypeError, AttributeError, ModelwrightError) as error:
            raise DataError(f"What was asked cannot be understood: {error}.") from error


def _different(value: Budget | FitSpec) -> dict[str, Any]:
    plain = type(value)()
    names = [field.name for field in dataclasses.fields(value)]
    return {name: getattr(value, name) for name in names if getattr(value, name) != getattr(plain, name)}


def kept_together(documents: Mapping[str, Any]) -> str | None:
    """Return the column whose equal values the fit of a file kept together, by the file's documents, or None."""
    asked = documents.get("asked") or {}
    name = (asked.get("spec") or {}).get("groups")
    return name if isinstance(name, str) else None
