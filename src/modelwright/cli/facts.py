"""What a model file says of itself, in words."""

from collections import Counter
from typing import Any

from modelwright.core.errors import counted
from modelwright.energy.energy import Energy
from modelwright.energy.regions import carbon, region_of
from modelwright.insight.energy_curve import EnergyCurve
from modelwright.insight.evaluation import Evaluation
from modelwright.insight.glass_cost import GlassCost
from modelwright.model.model import Model


def evaluation_of(model: Model) -> Evaluation | None:
    """Return the estimate of quality that the file carries."""
    return None if model.evaluation is None else Evaluation.from_json(model.evaluation)


def score_text(model: Model) -> str:
    """Return the main score with its interval and where it was measured."""
    found = evaluation_of(model)
    if found is None:
        return "not recorded"
    where = "out-of-fold predictions of" if found.source == "out-of-fold" else "test rows:"
    return f"{found.main}, {found.level * 100:g} % interval, on {where} {found.n_rows:,}" + (
        " rows" if found.source == "out-of-fold" else ""
    )


def task_text(model: Model) -> str:
    """Return what is predicted from how many columns."""
    task, target = model.task, model.manifest.target
    columns = counted(len(model.schema), "column")
    if not task.is_classification:
        what = {"count": "mean count", "quantile": f"{len(task.quantiles)} quantiles"}.get(task.name, task.name)
        return f"{what} of '{target}' from {columns}"
    return f"{task.name} classification of '{target}' ({counted(len(task.classes), 'class')}) from {columns}"


def members(model: Model) -> list[dict[str, Any]]:
    """Return the trials that are part of the model, heaviest first."""
    chosen = [line for line in model.leaderboard or () if line.get("weight")]
    return sorted(chosen, key=lambda line: -line["weight"])


def members_text(model: Model) -> str:
    """Return the parts of the model with their weights."""
    return ", ".join(f"{m['weight']:.2f} {m['id']} ({m['family']})" for m in members(model)) or "not recorded"


def trials_text(model: Model) -> str:
    """Return how many configurations finished, were dropped and failed."""
    counts = Counter(line.get("state") for line in model.leaderboard or ())
    words = (("done", "finished"), ("dropped", "given up"), ("failed", "failed"))
    return ", ".join(f"{counts[state]} {word}" for state, word in words if counts[state]) or "not recorded"


def glass_text(model: Model) -> str:
    """Return what it would cost to ship a glass box instead, and how to see that where the fit did not try one."""
    told = model.documents.get("glass")
    return "not tried; see --learner glass" if told is None else GlassCost.from_json(told).sentence


def parity_text(model: Model) -> str:
    """Return how near the file's answers came to the training libraries'."""
    parity = model.parity
    if not parity:
        return "not recorded"
    return f"proven on {counted(parity['n_rows'], 'row')}, largest difference {parity['largest_difference']:.1g}"


def energy_texts(model: Model, region: str | None = None) -> list[tuple[str, str]]:
    """Return what making the model used, what that stands for, and what half of it would have scored."""
    told = energy_document(model, region)
    if told is None:
        return []
    used = Energy.from_json(told)
    rows = [("Energy", str(used)), ("Carbon", str(carbon(used, region_of(told))))]
    if (curve := told.get("curve")) is not None:
        rows.append(("Half of it", EnergyCurve.from_json(curve).verdict))
    return rows


def energy_document(model: Model, region: str | None = None) -> dict[str, Any] | None:
    """Return what the file tells of energy, its carbon for another region where one is named.

    Raises:
        SpecError: The region is not in the table.
    """
    told = model.documents.get("energy")
    if told is None or region is None:
        return None if told is None else dict(told)
    return {**told, "region": region.upper(), "carbon": carbon(Energy.from_json(told), region).to_json()}


def size_text(n_bytes: int) -> str:
    """Return a number of bytes as people read it."""
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1e3:.1f} kB"
    return f"{n_bytes / 1e6:.2f} MB"
