"""Every display, by name."""

DISPLAYS: dict[str, str] = {
    "RocDisplay": "modelwright.display.roc:RocDisplay",
    "PrecisionRecallDisplay": "modelwright.display.recall:PrecisionRecallDisplay",
    "CalibrationDisplay": "modelwright.display.calibration:CalibrationDisplay",
    "GainDisplay": "modelwright.display.gain:GainDisplay",
    "LiftDisplay": "modelwright.display.lift:LiftDisplay",
    "ConfusionDisplay": "modelwright.display.confusion:ConfusionDisplay",
    "ThresholdDisplay": "modelwright.display.threshold:ThresholdDisplay",
    "ResidualDisplay": "modelwright.display.residual:ResidualDisplay",
    "PredictionDisplay": "modelwright.display.prediction:PredictionDisplay",
    "LearningCurveDisplay": "modelwright.display.learning_curve:LearningCurveDisplay",
    "EnergyCurveDisplay": "modelwright.display.energy_curve:EnergyCurveDisplay",
    "SliceDisplay": "modelwright.display.slices:SliceDisplay",
    "TradeoffDisplay": "modelwright.display.tradeoff:TradeoffDisplay",
    "ImportanceDisplay": "modelwright.display.importance:ImportanceDisplay",
    "DependenceDisplay": "modelwright.display.dependence:DependenceDisplay",
    "PairDisplay": "modelwright.display.pair:PairDisplay",
}
"""Name to ``"module:attribute"`` of a final subclass of `modelwright.display.base.Display`."""
