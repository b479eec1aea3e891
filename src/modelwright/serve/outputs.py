"""What protocols of others may ask for by name: ``{"output": "interval"}`` means the same in all of them."""

from typing import TYPE_CHECKING, Any

from modelwright.core.table import Table
from modelwright.insight.attribution import Attribution
from modelwright.model.model import Model
from modelwright.serve.exchange import Request, TakesLongError
from modelwright.serve.explainer import attributed
from modelwright.serve.given import Given, as_table
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers
from modelwright.serve.shelf import Served

if TYPE_CHECKING:
    from modelwright.serve.service import Service

OUTPUTS = ("predictions", "probabilities", "full", "interval", "explain")
"""Labels or numbers, probabilities, both, how sure they are, and why: as `modelwright.track.mlmodel` names them."""


def offered(model: Model) -> tuple[str, ...]:
    """Return those of `OUTPUTS` that a model can give."""
    lacking = set() if model.classes else {"probabilities"}
    return tuple(name for name in OUTPUTS if name not in lacking and (name != "interval" or model.interval))


def chosen_output(value: Any, default: str) -> str:
    """Return which output is wanted.

    Raises:
        RefusedRequestError: There is no such output.
    """
    if value is None:
        return default
    if value not in OUTPUTS:
        raise RefusedRequestError(400, f"There is no such output. Outputs: {', '.join(OUTPUTS)}.")
    return str(value)


def values(service: "Service", served: Served, request: Request, given: Given, *, output: str) -> list[Any]:
    """Return one JSON-able value per row: the label or number, or an object of what is asked for.

    Raises:
        RefusedRequestError: A cell does not fit, or the model cannot give it.
        TakesLongError: It takes long, and the event loop waits.
    """
    if output == "explain":
        not_at_once(request)
        return _explained(attributed(served.explainer, given, request.until))
    if output == "interval":
        level_of(served)
        not_at_once(request)
        answers = service.score(served, given)
        return _with_sureness(answers, served.model, as_table(given, served.model.schema))
    return predictions(service.score(served, given), output)


def not_at_once(request: Request) -> None:
    """Send a request that takes long to a thread, where it is not on one already.

    Raises:
        TakesLongError: It is not.
    """
    if request.is_on_loop:
        raise TakesLongError


def predictions(answers: Answers, output: str) -> list[Any]:
    """Return one JSON-able value per row: the label or number, the probabilities by class, or everything."""
    if output == "predictions":
        return answers.predictions
    if output == "full":
        return answers.records()
    if not answers.classes:
        raise RefusedRequestError(400, "The model predicts numbers, which have no probabilities.")
    return [dict(zip(map(str, answers.classes), row, strict=True)) for row in answers.values]


def level_of(served: Served) -> float:
    """Return how often the intervals or sets of a model hold the truth.

    Raises:
        RefusedRequestError: Its file has none.
    """
    made = served.model.interval
    if made is None:
        remedy = "Its answers are quantiles already" if served.model.task.quantiles else "Fit it again with an interval"
        raise RefusedRequestError(409, f"Model '{served.name}' has no intervals. {remedy}.")
    return float(made["level"])


def _with_sureness(answers: Answers, model: Model, table: Table) -> list[Any]:
    """Return label and what the set holds, or the number and its ends, under the names of our MLflow flavor."""
    if model.classes:
        names = [f"in_set_{name}" for name in model.classes]
        members = model.predict_membership(table).tolist()
        return [
            {"label": label, **dict(zip(names, row, strict=True))}
            for label, row in zip(answers.labels, members, strict=True)
        ]
    lower, upper = model.predict_interval(table)
    rows = zip(answers.values, lower.tolist(), upper.tolist(), strict=True)
    return [{"prediction": value, "lower": low, "upper": high} for value, low, high in rows]


def _explained(found: Attribution) -> list[Any]:
    """Return of each row its likeliest explained answer: what is given and expected, and what each column added."""
    chosen = found.given.argmax(axis=1).tolist()
    return [
        {
            "explained": found.answers[at],
            "given": float(found.given[row, at]),
            "expected": float(found.base[at]),
            **{f"added_{name}": float(v) for name, v in zip(found.columns, found.values[row, at], strict=True)},
        }
        for row, at in enumerate(chosen)
    ]
