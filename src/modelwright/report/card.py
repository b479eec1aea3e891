"""A model card in Markdown, under the headings of Hugging Face."""

import json
from typing import TYPE_CHECKING

from modelwright.core.errors import counted, listed
from modelwright.energy.energy import Energy
from modelwright.energy.regions import carbon, region_of
from modelwright.insight.evaluation import Evaluation, number
from modelwright.insight.glass_cost import GlassCost
from modelwright.report.content import Code
from modelwright.report.markdown import blank, code, joined, plain_text, table
from modelwright.report.wording import budget_text, interval_text, moment_text

if TYPE_CHECKING:
    from modelwright.report.report import Report

_PIPELINES = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
    "count": "tabular-regression",
    "quantile": "tabular-regression",
}
_MOST_COLUMNS = 50


def card(report: "Report") -> str:
    """Return the card of a report's model; what only people know is marked.

    Source:
        The annotated model card template of Hugging Face: its headings, in its order.
    """
    target = plain_text(report.verdict.title)
    sections = (
        _head(report),
        [f"# Model Card for {target}", "", plain_text(report.verdict.sentence)],
        _details(report),
        _uses(report),
        _started(report),
        _training(report),
        _evaluation(report),
        _impact(report),
        _technical(report),
        ["## Model Card Contact", "", blank("Who answers for this model?")],
    )
    return joined(line for section in sections for line in (*section, ""))


def _head(report: "Report") -> list[str]:
    evaluation = _evaluated(report)
    metrics = [m.name for m in evaluation.metrics] if evaluation else []
    pipeline = _PIPELINES[report.model.task.name]
    tags = json.dumps([pipeline, "onnx", "modelwright"])
    return [
        "---",
        "library_name: onnx",
        f"pipeline_tag: {pipeline}",
        f"tags: {tags}",
        f"metrics: {json.dumps(metrics)}",
        "---",
    ]


def _details(report: "Report") -> list[str]:
    manifest = report.model.manifest
    return [
        "## Model Details",
        "",
        "### Model Description",
        "",
        plain_text(report.verdict.question, 2000),
        "",
        f"- **Developed by:** {blank('Who made it, and who pays?')}",
        f"- **Model type:** {plain_text(_families(report))}",
        f"- **License:** {blank('Under which terms may it be used?')}",
        f"- **Made with:** modelwright {plain_text(manifest.version)}",
        f"- **Made on:** {plain_text(moment_text(manifest.created))}",
    ]


def _uses(report: "Report") -> list[str]:
    findings = [light for light in report.verdict.lights if light.level in ("stop", "look")]
    return [
        "## Uses",
        "",
        "### Direct Use",
        "",
        blank("What is decided with the answers, and by whom?"),
        "",
        "### Out-of-Scope Use",
        "",
        blank("What must the model not be used for?"),
        "",
        "## Bias, Risks, and Limitations",
        "",
        "The model answers well only for rows like those it has learned from.",
        "",
        *(f"- {plain_text(light.promise)}: **{light.word}**. {plain_text(light.text)}" for light in findings),
        *(f"- Not looked at: {plain_text(a.what)}. {plain_text(a.why)}" for a in report.absent),
        "",
        "### Recommendations",
        "",
        blank("What should users do about these?"),
    ]


def _started(report: "Report") -> list[str]:
    part = report.part("calls")
    blocks = [block for block in (part.blocks if part else ()) if isinstance(block, Code)]
    lines = ["## How to Get Started with the Model"]
    for block in blocks:
        lines += ["", plain_text(block.title), "", *code(block.text)]
    return lines


def _training(report: "Report") -> list[str]:
    manifest = report.model.manifest
    data = manifest.data
    columns = [(c.name, c.kind, f"{c.missing_share:.1%}") for c in report.model.schema][:_MOST_COLUMNS]
    found = _evaluated(report)
    aim = manifest.metric if found is None else found.main.title
    return [
        "## Training Details",
        "",
        "### Training Data",
        "",
        f"{_amount(data.get('rows'), 'row')}, {_amount(data.get('columns'), 'column')}, "
        f"sha256 {plain_text(data.get('sha256', 'not recorded'))}. "
        + blank("Where do they come from, and may they be used for this?"),
        "",
        *table(("column", "kind", "missing"), columns),
        "",
        "### Training Procedure",
        "",
        f"Aimed at {plain_text(aim)}; budget {budget_text(manifest.budget)}; seed {manifest.seed}.",
    ]


def _evaluation(report: "Report") -> list[str]:
    found = _evaluated(report)
    if found is None:
        return ["## Evaluation", "", "The file carries no estimate of quality."]
    labelled = counted(found.n_rows, "labelled row")
    where = labelled if found.source == "test" else f"Out-of-fold predictions of {counted(found.n_rows, 'row')}"
    rows = [(m.title, number(m.value), interval_text(m)) for m in found.metrics]
    return [
        "## Evaluation",
        "",
        "### Testing Data, Factors & Metrics",
        "",
        f"{where}.",
        "",
        "### Results",
        "",
        *table(("metric", "value", f"{found.level * 100:g} % interval"), rows),
        *_glass(report),
    ]


def _glass(report: "Report") -> list[str]:
    told = report.model.documents.get("glass")
    return [] if told is None else ["", plain_text(GlassCost.from_json(told).sentence, 500)]


def _impact(report: "Report") -> list[str]:
    told = report.model.documents.get("energy")
    part = report.part("energy")
    use = []
    if part is not None and part.result is not None:
        answers = plain_text(Energy.from_json(part.result["per_1000_answers"]))
        use.append(f"- **Energy of 1,000 answers:** {answers}, {plain_text(part.result['answered'])}")
    lines = ["## Environmental Impact", ""]
    if told is None:
        return [*lines, f"- **Energy:** not told by the file. {blank('What did the making cost?')}", *use]
    used = Energy.from_json(told)
    emitted = carbon(used, region_of(told))
    return [*lines, f"- **Energy:** {plain_text(used)}", f"- **Carbon Emitted:** {plain_text(emitted)}", *use]


def _technical(report: "Report") -> list[str]:
    model = report.model
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(model.manifest.libraries.items()))
    return [
        "## Technical Specifications",
        "",
        "### Model Architecture and Objective",
        "",
        f"One ONNX model of standard operators, {model.size_bytes / 1e3:,.0f} kB, seal `{model.digest}`.",
        "",
        "### Compute Infrastructure",
        "",
        f"Made with {plain_text(libraries)}.",
    ]


def _amount(n: int | None, noun: str) -> str:
    return f"an unrecorded number of {noun}s" if n is None else counted(n, noun)


def _families(report: "Report") -> str:
    members = [line for line in report.model.leaderboard or () if line.get("weight")]
    return listed(dict.fromkeys(str(line.get("family")) for line in members)) or "not recorded"


def _evaluated(report: "Report") -> Evaluation | None:
    part = report.part("evaluation")
    if part is None or part.result is None:
        return None
    return Evaluation.from_json(part.result["rows"] or part.result["file"])
