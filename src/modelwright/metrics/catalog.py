"""Every metric by name, in the order they are shown."""

METRICS: dict[str, str] = {
    "roc_auc": "modelwright.metrics.classification:ROC_AUC",
    "average_precision": "modelwright.metrics.classification:AVERAGE_PRECISION",
    "log_loss": "modelwright.metrics.classification:LOG_LOSS",
    "brier": "modelwright.metrics.classification:BRIER",
    "accuracy": "modelwright.metrics.classification:ACCURACY",
    "balanced_accuracy": "modelwright.metrics.classification:BALANCED_ACCURACY",
    "f1": "modelwright.metrics.classification:F1",
    "f1_macro": "modelwright.metrics.classification:F1_MACRO",
    "mcc": "modelwright.metrics.classification:MCC",
    "expected_cost": "modelwright.metrics.cost:EXPECTED_COST",
    "rmse": "modelwright.metrics.regression:RMSE",
    "mae": "modelwright.metrics.regression:MAE",
    "r2": "modelwright.metrics.regression:R2",
    "mape": "modelwright.metrics.regression:MAPE",
    "rmsle": "modelwright.metrics.regression:RMSLE",
    "pinball": "modelwright.metrics.regression:PINBALL",
    "poisson_deviance": "modelwright.metrics.poisson:POISSON_DEVIANCE",
    "d2_poisson": "modelwright.metrics.poisson:D2_POISSON",
    "mean_pinball": "modelwright.metrics.quantile:MEAN_PINBALL",
    "median_error": "modelwright.metrics.quantile:MEDIAN_ERROR",
}
"""Name to ``"module:attribute"`` of a `Metric`."""

DEFAULTS: dict[str, str] = {
    "binary": "roc_auc",
    "multiclass": "log_loss",
    "regression": "rmse",
    "count": "poisson_deviance",
    "quantile": "mean_pinball",
}
"""The metric a fit aims at when none is asked for, by task."""

MULTICLASS_FORMS: dict[str, str] = {"f1": "f1_macro"}
"""What a metric of two classes is called with more; asking for the one then means the other."""
