"""A bill of materials: CycloneDX 1.6 with the model, its card and the libraries that made it."""

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from modelwright.energy.energy import JOULES_PER_WATT_HOUR, Energy
from modelwright.energy.regions import carbon, region_of
from modelwright.insight.evaluation import Evaluation

if TYPE_CHECKING:
    from modelwright.report.report import Report


def bom(report: "Report") -> str:
    """Return the bill of a report's model as JSON text.

    Source:
        CycloneDX 1.6 (ECMA-424), machine-learning-model components and their model cards.
    """
    from modelwright.report.report import dumped  # the report hands its documents out by this module's name

    model = report.model
    sha256 = hashlib.sha256(model.to_bytes()).hexdigest()
    reference = f"model-{sha256[:16]}"
    component = {
        "type": "machine-learning-model",
        "bom-ref": reference,
        "name": report.name,
        "version": sha256[:16],
        "description": report.verdict.question,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "modelCard": _card(report),
        "properties": [
            {"name": "modelwright:format", "value": str(model.manifest.format)},
            {"name": "modelwright:seal", "value": model.digest},
            {"name": "modelwright:target", "value": model.manifest.target},
        ],
    }
    libraries = [
        {
            "type": "library",
            "bom-ref": f"library-{name}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
        }
        for name, version in sorted(model.manifest.libraries.items())
    ]
    return dumped(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, sha256)}",
            "version": 1,
            "metadata": {
                "timestamp": report.made,
                "tools": {
                    "components": [{"type": "application", "name": "modelwright", "version": model.manifest.version}]
                },
                "component": component,
            },
            "components": libraries,
            "dependencies": [
                {"ref": reference, "dependsOn": [library["bom-ref"] for library in libraries]},
                *({"ref": library["bom-ref"]} for library in libraries),
            ],
        }
    )


def _card(report: "Report") -> dict[str, Any]:
    model = report.model
    task = model.task
    data = model.manifest.data
    dataset = {
        "type": "dataset",
        "name": "training table",
        "contents": {"properties": [{"name": str(k), "value": str(v)} for k, v in sorted(data.items())]},
    }
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": "classification" if task.is_classification else "regression",
            "architectureFamily": "blend" if _n_members(report) > 1 else "single learner",
            "modelArchitecture": ", ".join(_families(report)) or "not recorded",
            "datasets": [dataset],
            "inputs": [{"format": f"{c.name}: {c.dtype}"} for c in model.schema],
            "outputs": [{"format": name} for name in task.outputs(model.schema.names)],
        },
        "quantitativeAnalysis": {"performanceMetrics": _metrics(report)},
        "considerations": _considerations(report),
    }


def _metrics(report: "Report") -> list[dict[str, Any]]:
    part = report.part("evaluation")
    result = {} if part is None or part.result is None else part.result
    found = [Evaluation.from_json(value) for value in (result.get("rows"), result.get("file")) if value]
    metrics = [
        {
            "type": m.name,
            "value": f"{m.value:.6g}",
            "slice": f"{e.n_rows} rows, {e.source}",
            "confidenceInterval": {"lowerBound": f"{m.low:.6g}", "upperBound": f"{m.high:.6g}"},
        }
        for e in found
        for m in e.metrics
    ]
    slices = report.part("slices")
    if slices is not None and slices.result is not None:
        metrics += [
            {
                "type": slices.result["metric"],
                "value": f"{s['metric']['value']:.6g}",
                "slice": s["rows"],
                "confidenceInterval": {"lowerBound": str(s["metric"]["low"]), "upperBound": str(s["metric"]["high"])},
            }
            for s in slices.result["slices"]
            if s["metric"]["value"] is not None
        ]
    return metrics


def _considerations(report: "Report") -> dict[str, Any]:
    limits = [
        f"{light.promise}: {light.word}. {light.text}" for light in report.verdict.lights if light.level != "good"
    ]
    limits += [f"Not looked at: {a.what}. {a.why}" for a in report.absent]
    made: dict[str, Any] = {"technicalLimitations": limits}
    told = report.model.documents.get("energy")
    place = region_of(told or {})
    consumed = [] if told is None else [_consumption("training", Energy.from_json(told), place, "making the model")]
    part = report.part("energy")
    if part is not None and part.result is not None:
        answering = Energy.from_json(part.result["per_1000_answers"])
        consumed.append(_consumption("inference", answering, place, f"1,000 answers, {part.result['answered']}"))
    if consumed:
        made["environmentalConsiderations"] = {"energyConsumptions": consumed}
    return made


def _consumption(activity: str, used: Energy, place: str, of: str) -> dict[str, Any]:
    emitted = carbon(used, place)
    cost = {"value": used.joules / JOULES_PER_WATT_HOUR / 1000, "unit": "kWh"}
    return {
        "activity": activity,
        "energyProviders": [{"organization": {"name": "not known"}, "energySource": "unknown", "energyProvided": cost}],
        "activityEnergyCost": cost,
        "co2CostEquivalent": {"value": emitted.grams / 1e6, "unit": "tCO2eq"},
        "properties": [
            {"name": "modelwright:of", "value": of},
            {"name": "modelwright:energy", "value": str(used)},
            {"name": "modelwright:carbon", "value": str(emitted)},
        ],
    }


def _families(report: "Report") -> list[str]:
    return list(dict.fromkeys(str(line.get("family")) for line in report.model.leaderboard or () if line.get("weight")))


def _n_members(report: "Report") -> int:
    return sum(bool(line.get("weight")) for line in report.model.leaderboard or ())
