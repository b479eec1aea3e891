"""What a report consists of, in the order of reading."""

CHAPTERS: dict[str, str] = {
    "run": "Question and run",
    "data": "Data",
    "suspicions": "Suspicions",
    "leaderboard": "Leaderboard",
    "quality": "Final model",
    "explanation": "Explanation",
    "fairness": "Fairness",
    "uncertainty": "Uncertainty",
    "robustness": "Robustness",
    "energy": "Energy, time, money",
    "limits": "Limits and intended use",
    "file": "The file",
}
"""Name to heading, numbered from 1; the verdict stands before them as number 0."""

SECTIONS: dict[str, str] = {
    "run": "modelwright.report.sections.run:RunSection",
    "columns": "modelwright.report.sections.columns:ColumnsSection",
    "rows": "modelwright.report.sections.rows:RowsSection",
    "suspicions": "modelwright.report.sections.suspicions:SuspicionsSection",
    "leaderboard": "modelwright.report.sections.leaderboard:LeaderboardSection",
    "evaluation": "modelwright.report.sections.evaluation:EvaluationSection",
    "comparison": "modelwright.report.sections.comparison:ComparisonSection",
    "roc": "modelwright.report.sections.roc:RocSection",
    "precision_recall": "modelwright.report.sections.precision_recall:PrecisionRecallSection",
    "calibration": "modelwright.report.sections.calibration:CalibrationSection",
    "gain": "modelwright.report.sections.gain:GainSection",
    "threshold": "modelwright.report.sections.threshold:ThresholdSection",
    "confusion": "modelwright.report.sections.confusion:ConfusionSection",
    "residuals": "modelwright.report.sections.residuals:ResidualsSection",
    "slices": "modelwright.report.sections.slices:SlicesSection",
    "explanation": "modelwright.report.sections.explanation:ExplanationSection",
    "glass": "modelwright.report.sections.glass:GlassSection",
    "examples": "modelwright.report.sections.examples:ExamplesSection",
    "fairness": "modelwright.report.sections.fairness:FairnessSection",
    "uncertainty": "modelwright.report.sections.uncertainty:UncertaintySection",
    "robustness": "modelwright.report.sections.robustness:RobustnessSection",
    "energy": "modelwright.report.sections.energy:EnergySection",
    "time": "modelwright.report.sections.time:TimeSection",
    "limits": "modelwright.report.sections.limits:LimitsSection",
    "file": "modelwright.report.sections.file:FileSection",
    "calls": "modelwright.report.sections.calls:CallsSection",
}
"""Name to ``"module:attribute"`` of a final `modelwright.report.base.Section`, in the order of reading."""

DOCUMENTS: dict[str, str] = {
    "card": "modelwright.report.card:card",
    "bom": "modelwright.report.bom:bom",
    "annex_iv": "modelwright.report.annex_iv:annex_iv",
}
"""Name to ``"module:attribute"`` of a function ``(report) -> text``: what goes with a report for other readers."""

ENDINGS: dict[str, str] = {"card": "card.md", "bom": "bom.json", "annex_iv": "annex-iv.md"}
"""What follows the model's name in the file name of each document."""
