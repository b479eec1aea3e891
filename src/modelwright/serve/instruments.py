"""What a server counts: requests, time, rows, and how the rows and answers of today look."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, final

from modelwright.model.model import Model
from modelwright.serve.metrics import ROWS, SECONDS, Counter, Gauge, Histogram, Registry, resident_bytes
from modelwright.serve.scoring import Answers

MOST_LABELS = 50
"""Classes counted by name; the rest together, so that the number of series stays small."""

_SHARES = tuple(i / 10 for i in range(1, 10))


@final
@dataclass(frozen=True, slots=True)
class Instruments:
    """The instruments of one worker, named by what they count, and the registry that writes them."""

    registry: Registry
    requests: Counter
    seconds: Histogram
    in_flight: Gauge
    waiting: Gauge
    shed: Counter
    rows: Counter
    batch: Histogram
    missing: Counter
    unseen: Counter
    predictions: Counter
    shares: Histogram
    values: Histogram
    info: Gauge
    ready: Gauge
    reloads: Counter
    resident: Gauge

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one finished request."""
        with self.registry.lock:
            self.requests.add(1, route, str(status))
            self.seconds.observe(seconds, route)

    def answered(self, name: str, answers: Answers) -> None:
        """Count the rows of one request, what was noticed about them, and the answers."""
        of_interest = self.shares if answers.classes else self.values
        with self.registry.lock:
            self.rows.add(len(answers), name)
            self.batch.observe(len(answers), name)
            for column, count in answers.tally.missing.items():
                self.missing.add(count, name, column)
            for column, count in answers.tally.unseen.items():
                self.unseen.add(count, name, column)
            for label in answers.labels:
                self.predictions.add(1, name, str(label) if label in answers.classes[:MOST_LABELS] else "(others)")
            for value in _of_interest(answers):
                of_interest.observe(value, name)

    def expose(self) -> str:
        """Return the text that Prometheus reads."""
        self.resident.set(resident_bytes())
        return self.registry.expose()

    def describe(self, name: str, model: Model, *, is_ready: bool) -> None:
        """Tell which model answers under a name."""
        with self.registry.lock:
            for key in [k for k in self.info.values if k[0] == name]:
                del self.info.values[key]
            self.info.set(1, name, model.digest, model.task.name, model.manifest.version)
            self.ready.set(float(is_ready), name)


def instruments(models: Mapping[str, Model], folder: str | None = None) -> Instruments:
    """Return the instruments for the models of a server."""
    ranges = {name: _range(model) for name, model in models.items() if not model.classes}
    named: dict[str, Any] = {
        "requests": Counter("modelwright_requests_total", "Requests answered.", ("route", "code")),
        "seconds": Histogram("modelwright_request_seconds", "Time from headers to answer.", ("route",), SECONDS),
        "in_flight": Gauge("modelwright_requests_in_flight", "Requests being answered."),
        "waiting": Gauge("modelwright_queue_depth", "Requests waiting for a thread."),
        "shed": Counter("modelwright_requests_shed_total", "Requests turned away because of load."),
        "rows": Counter("modelwright_rows_total", "Rows scored.", ("model",)),
        "batch": Histogram("modelwright_rows_per_request", "Rows of a request.", ("model",), ROWS),
        "missing": Counter("modelwright_missing_cells_total", "Cells without a value.", ("model", "column")),
        "unseen": Counter(
            "modelwright_unseen_categories_total", "Cells with a category unknown to training.", ("model", "column")
        ),
        "predictions": Counter("modelwright_predictions_total", "Answers by class.", ("model", "label")),
        "shares": Histogram(
            "modelwright_prediction_share",
            "Probability of the class of interest.",
            ("model",),
            _SHARES,
        ),
        "values": Histogram("modelwright_prediction_value", "Predicted numbers.", ("model",), [0.0], special=ranges),
        "info": Gauge(
            "modelwright_model_info", "The model in use.", ("model", "digest", "task", "version"), is_sum=False
        ),
        "ready": Gauge("modelwright_model_ready", "1 when its stored answers were repeated.", ("model",), is_sum=False),
        "reloads": Counter("modelwright_reloads_total", "Replaced files opened.", ("model", "outcome")),
        "resident": Gauge("modelwright_resident_bytes", "Memory of the process."),
    }
    for name in ("in_flight", "waiting", "resident"):
        named[name].set(0.0)
    named["shed"].add(0.0)
    return Instruments(Registry(list(named.values()), folder), **named)


def _range(model: Model) -> list[float]:
    """Return the ends of tenths of the target's range in training."""
    low, high = (model.manifest.target_schema.get(end) for end in ("low", "high"))
    if isinstance(low, int | float) and isinstance(high, int | float) and isfinite(high - low) and low < high:
        return [low + (high - low) * i / 10 for i in range(11)]
    return [0.0]


def _of_interest(answers: Answers) -> list[float]:
    if not answers.classes:
        return [v for v in answers.values if isfinite(v)]
    if len(answers.classes) == 2:
        return [row[1] for row in answers.values]
    return [max(row) for row in answers.values]
