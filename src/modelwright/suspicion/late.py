"""Columns whose name speaks of what comes after the answer, or of somebody's prediction of it."""

from modelwright.suspicion.case import Case, Feature
from modelwright.suspicion.finding import Finding, named, shown
from modelwright.suspicion.names import is_foretold, is_late
from modelwright.suspicion.scores import Score, one_column
from modelwright.suspicion.suspects import Suspects

LEAST_POWER = 0.02
"""Power below which a name proves nothing, however sure the figure."""

NEAR_BEST = 0.8
"""Part of the power of the best unsuspected column that a prediction must have: it was made to tell the answer."""

FORETOLD_POWER = 0.1


def late(case: Case, suspects: Suspects) -> list[Finding]:
    """Find unsuspected columns that are named like a thing of afterwards and do tell something of the answer."""
    found = []
    for feature in case.features:
        if feature.name not in suspects.columns and is_late(feature.name):
            score = one_column(case, feature.codes, feature.n_codes)
            if score.power >= LEAST_POWER and _is_sure(score):
                found.append(_told(feature, score))
    return found


def foretold(case: Case, suspects: Suspects) -> list[Finding]:
    """Find unsuspected columns that are named like a prediction and tell as much as the best of the others."""
    rest = [f for f in case.features if f.name not in suspects.columns]
    named_so = [f for f in rest if is_foretold(f.name)]
    if not named_so:
        return []
    scored = {f.name: one_column(case, f.codes, f.n_codes) for f in rest}
    best = max(s.power for s in scored.values())
    return [
        Finding(
            name="foretold",
            severity="info",
            columns=(f.name,),
            what=f"Column {named((f.name,))} may be somebody's prediction of the answer, by its name and what it tells."
            " Will it be there for new rows, and may it be used?",
            where="all rows that were looked at",
            evidence=f"Alone, cross-validated: {scored[f.name]}, among the best of the unsuspected columns.",
            figure=scored[f.name].value,
            action="warned",
            override=f"--drop {shown(f.name)}",
        )
        for f in named_so
        if scored[f.name].power >= max(FORETOLD_POWER, NEAR_BEST * best) and _is_sure(scored[f.name])
    ]


def _is_sure(score: Score) -> bool:
    return score.low > (0.5 if score.measure == "AUC" else 0.0)


def _told(feature: Feature, score: Score) -> Finding:
    return Finding(
        name="late",
        severity="info",
        columns=(feature.name,),
        what=f"Column {named((feature.name,))} has the name of something that is known only afterwards."
        " Is it known when the prediction is made?",
        where="all rows that were looked at",
        evidence=f"It tells something of the answer, alone and cross-validated: {score}.",
        figure=score.value,
        action="warned",
        override=f"--drop {shown(feature.name)}",
    )
