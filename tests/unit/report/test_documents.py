import hashlib
import json
import re

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from modelwright.model.model import Model
from modelwright.report.annex_iv import ITEMS
from modelwright.report.markdown import BLANK, code, plain_text, table
from modelwright.report.report import Report, report

HEADINGS = (
    "## Model Details",
    "### Model Description",
    "## Uses",
    "### Direct Use",
    "### Out-of-Scope Use",
    "## Bias, Risks, and Limitations",
    "## How to Get Started with the Model",
    "## Training Details",
    "### Training Data",
    "## Evaluation",
    "### Results",
    "## Environmental Impact",
    "## Technical Specifications",
    "## Model Card Contact",
)


def test_the_card_has_the_headings_in_order_and_a_readable_head(rich: Report) -> None:
    card = rich.document("card")
    places = [card.index(f"\n{heading}\n") for heading in HEADINGS]
    assert places == sorted(places)
    head = card.split("---\n")[1]
    assert "pipeline_tag: tabular-classification" in head
    assert json.loads(re.search(r"metrics: (.*)", head)[1])[0] == "roc_auc"  # type: ignore[index]


def test_the_card_says_every_metric_with_its_interval_and_marks_the_blanks(rich: Report) -> None:
    card = rich.document("card")
    assert re.search(r"\| ROC AUC \| 0\.\d+ \| 0\.\d+ to 0\.\d+ \|", card)
    assert card.count(BLANK) >= 6


def test_no_markdown_document_lets_a_text_of_the_data_become_markup(rich: Report) -> None:
    for name in ("card", "annex_iv"):
        outside = re.sub(r"^(`{3,}).*?^\1$", "", rich.document(name), flags=re.M | re.S)
        assert "<script" not in outside
        assert "<b>" not in outside


def test_texts_are_escaped_for_markdown() -> None:
    assert plain_text("a|b *c* <i> `d`\nnext") == r"a\|b \*c\* &lt;i&gt; \`d\`�next"
    assert table(("a", "b"), [("1", "x|y")]) == ["| a | b |", "|---|---|", r"| 1 | x\|y |"]
    assert code("```\nrm -rf\n```")[0] == "````"


def test_the_bill_fits_the_schema_of_cyclonedx(rich: Report, alone: Report, priced_report: Report) -> None:
    for made in (rich, alone, priced_report):
        errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(made.document("bom"))
        assert errors is None, str(errors)


def test_the_bill_of_a_model_with_energy_fits_too(small_file: object) -> None:
    energy = {
        "schema": "modelwright/energy/1",
        "joules": 7200.0,
        "low": 3600.0,
        "high": 14400.0,
        "watt_hours": 2.0,
        "source": "a test",
        "cpu_seconds": 60.0,
    }
    made = report(Model.open(small_file("binary", energy=energy)))  # type: ignore[operator]  # a factory
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made.document("bom")) is None
    card = json.loads(made.document("bom"))["metadata"]["component"]["modelCard"]
    used = card["considerations"]["environmentalConsiderations"]["energyConsumptions"][0]
    assert used["activityEnergyCost"] == {"value": 0.002, "unit": "kWh"}
    assert "2 Wh (between 1 and 4; a test)" in made.document("card")


def test_the_bill_names_the_bytes_of_the_file_and_every_library(rich: Report) -> None:
    bill = json.loads(rich.document("bom"))
    content = bill["metadata"]["component"]["hashes"][0]["content"]
    assert content == hashlib.sha256(rich.model.to_bytes()).hexdigest()
    assert {c["name"] for c in bill["components"]} == set(rich.model.manifest.libraries)
    metrics = bill["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    first = metrics[0]
    assert first["type"] == "roc_auc"
    low, high = (float(first["confidenceInterval"][end]) for end in ("lowerBound", "upperBound"))
    assert low < float(first["value"]) < high


def test_the_worksheet_has_every_item_and_claims_nothing(rich: Report) -> None:
    text = rich.document("annex_iv")
    assert [item.number for item in ITEMS if f"\n## {item.number} " not in text] == []
    assert text.count(BLANK) == len(ITEMS) + 1
    assert "no claim of conformity" in text
    assert not re.search(r"\b(complies|compliant|conforms)\b", text)


def test_the_worksheet_is_filled_where_the_report_knows(rich: Report, alone: Report) -> None:
    assert len(rich.document("annex_iv")) > len(alone.document("annex_iv"))
    assert "Every metric of the task" in rich.document("annex_iv")
