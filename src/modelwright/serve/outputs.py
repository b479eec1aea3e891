"""What protocols of others may ask for by name: ``{"output": "interval"}`` means the same in all of them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from modelwright.insight.attribution import Attribution
from modelwright.serve.exchange import Request, TakesLongError
from modelwright.serve.explainer import attributed
from modelwright.serve.given import Given
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers
from modelwright.serve.shelf import Asked, Joined, Served

if TYPE_CHECKING:
    from modelwright.serve.service import Service

OUTPUTS = ("predictions", "probabilities", "full", "interval", "explain")
"""Labels or numbers, probabilities, both, how sure they are, and why: as `modelwright.track.mlmodel` names them."""


def offered(asked: Asked) -> tuple[str, ...]:
    """Return those of `OUTPUTS` that a model can give; of a file those that any of its models can."""
    if isinstance(asked, Joined):
        of_parts = [offered(part) for part in asked.parts.values()]
        return tuple(name for name in OUTPUTS if any(name in given for given in of_parts))
    model = asked.model
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


def values(service: "Service", asked: Asked, request: Request, given: Given, *, output: str) -> list[Any]:
    """Return one JSON-able value per row: the label or number, or an object of what is asked for.

    Of a file of several targets it is an object of these by target, without targets that never give such.

    Raises:
        RefusedRequestError: A cell does not fit, or the model cannot give it.
        TakesLongError: It takes long, and the event loop waits.
    """
    if isinstance(asked, Joined) and output in offered(asked):
        by_target = {
            target: values(service, part, replace(request, until=until), own, output=output)
            for target, part, own, until in asked.turns(given, request.until)
            if output in offered(part)
        }
        return [dict(zip(by_target, row, strict=True)) for row in zip(*by_target.values(), strict=True)]
    served = next(iter(asked.parts.values())) if isinstance(asked, Joined) else asked  # it says what it lacks
    if output == "explain":
        not_at_once(request)
        return _explained(attributed(served.explainer, given, request.until))
    if output == "interval":
        level_of(served)
        sure_at_once(request, served, given)
        return _with_sureness(served, service.score(served, given), given)
    return predictions(service.score(served, given), output)


def not_at_once(request: Request) -> None:
    """Send a request that takes long to a thread, where it is not on one already.

    Raises:
        TakesLongError: It is not.
    """
    if request.is_on_loop:
        raise TakesLongError


def sure_at_once(request: Request, asked: Asked, given: Given) -> None:
    """Send a request for intervals or sets to a thread, unless it is one row of models that gave such before.

    Raises:
        TakesLongError: It is not on a thread.
    """
    models = asked.model.models if isinstance(asked, Joined) else (asked.model,)
    if given.n_rows > 1 or not all(model.is_interval_ready for model in models if model.interval):
        not_at_once(request)


def predictions(answers: Answers, output: str) -> list[Any]:
    """Return one JSON-able value per row: the label or number, the probabilities by class, or everything."""
    if output == "predictions":
        return answers.predictions
    if output == "full":
        return answers.records()
    if not answers.classes:
        raise RefusedRequestError(400, "The model predicts numbers, which have no probabilities.")
    return [dict(zip(map(str, answers.classes), row, strict=True)) for row in answers.values]


def level_of(asked: Asked) -> float:
    """Return how often the intervals or sets of a model, or of all models of a file, hold the truth.

    Raises:
        RefusedRequestError: A file has none, or its targets different ones.
    """
    if isinstance(asked, Joined):
        levels = {part.name: level_of(part) for part in asked.parts.values()}
        if len(set(levels.values())) > 1:
            names = ", ".join(levels)
            raise RefusedRequestError(409, f"The intervals of the targets have different levels. Ask one: {names}.")
        return next(iter(levels.values()))
    made = asked.model.interval
    if made is None:
        remedy = "Its answers are quantiles already" if asked.model.task.quantiles else "Fit it again with an interval"
        raise RefusedRequestError(409, f"Model '{asked.name}' has no intervals. {remedy}.")
    return float(made["level"])


def _with_sureness(served: Served, answers: Answers, given: Given) -> list[Any]:
    """Return label and what the set holds, or the number and its ends, under the names of our MLflow flavor."""
    found = served.scorer.sureness(given)
    if answers.classes:
        names = [f"in_set_{name}" for name in answers.classes]
        return [
            {"label": label, **dict(zip(names, row, strict=True))}
            for label, row in zip(answers.labels, found[0].tolist(), strict=True)
        ]
    lower, upper = found
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
