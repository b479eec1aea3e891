"""The recipe of a model: learners with their lengths, weights, temperature; enough to make it again from other rows."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

from modelwright.core.catalog import load
from modelwright.core.errors import FileRefusedError, ModelwrightError, SpecError
from modelwright.core.spec import FitSpec
from modelwright.core.spelling import frozen
from modelwright.learners.base import Learner
from modelwright.learners.catalog import LEARNERS
from modelwright.search.blend import Blend

SCHEMA = "modelwright/recipe/1"
MOST_MEMBERS = 100


@final
@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made, without its data.

    Attributes:
        learners: The members' learners with settled lengths, by trial.
        blend: Their weights and the temperature.
        spec: What was asked beyond target and budget.
        seed: Seed of every random choice.
    """

    learners: Mapping[str, Learner]
    blend: Blend
    spec: FitSpec
    seed: int

    def to_json(self) -> dict[str, Any] | None:
        """Return a JSON-able dictionary that `from_json` reverses; None where a learner has other settings."""
        members = []
        for name, weight in self.blend.weights.items():
            learner = self.learners[name]
            fields = dataclasses.fields(learner)
            settings = {field.name: getattr(learner, field.name) for field in fields}
            if learner.family not in LEARNERS or not all(map(_is_plain, settings.values())):
                return None
            members.append({"id": name, "family": learner.family, "settings": settings, "weight": weight})
        spec = {field.name: getattr(self.spec, field.name) for field in dataclasses.fields(self.spec)}
        spec |= {name: dict(getattr(self.spec, name)) for name in ("kinds", "monotone", "cost")}
        for name in ("run", "learners", "only_learners"):
            del spec[name]  # they say how to search, and there is no search
        return {
            "schema": SCHEMA,
            "members": members,
            "temperature": self.blend.temperature,
            "spec": spec,
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Build a recipe from `to_json` output.

        Raises:
            SpecError: There is none.
            FileRefusedError: It is none that this version can follow.
        """
        if value is None:
            raise SpecError("This model file tells no recipe to follow. Fit it anew with: modelwright fit")
        try:
            if value["schema"] != SCHEMA or not 0 < len(value["members"]) <= MOST_MEMBERS:
                raise FileRefusedError(f"The recipe of the model file is not of the form {SCHEMA}.")
            learners = {member["id"]: _learner(member) for member in value["members"]}
            weights = {member["id"]: float(member["weight"]) for member in value["members"]}
            spec = FitSpec(**{name: frozen(inner) for name, inner in value["spec"].items()})
            return cls(learners, Blend(weights, float(value["temperature"])), spec, int(value["seed"]))
        except FileRefusedError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, ModelwrightError) as error:
            raise FileRefusedError(
                f"The recipe of the model file cannot be followed by this version: {error}. Fit it anew."
            ) from error


def _learner(member: Mapping[str, Any]) -> Learner:
    kind = load(LEARNERS, member["family"], "learner")
    learner: Learner = kind(**{name: frozen(inner) for name, inner in member["settings"].items()})
    return learner


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)
