"""How often intervals and sets hold the truth group by group, calibrated over all rows and group by group (Mondrian).

Run with ``python -m benchmarks.coverage_groups --budget 60s [--trials 4] [--level 0.9] [--names adult …]``. Every
public set in which a feature makes natural groups is fitted twice, with and without ``interval_groups``; each prints
one line with the coverage of its groups of at least ``--min-rows`` test rows. The last lines are the medians and ranges
over all groups.
"""

import argparse
from statistics import median

from benchmarks.cases import Case, tabular_cases

import modelwright as mw
from modelwright.core.spec import FitSpec
from modelwright.insight.coverage import GroupCoverage, coverage

GROUPS = {
    "titanic": "Sex",
    "adult": "race",
    "bank_marketing": "marital",
    "german_credit": "personal_status",
    "telco_churn": "Contract",
    "hr_attrition": "Department",
    "compas": "race",
    "abalone": "Sex",
    "california_housing": "ocean_proximity",
    "diamonds": "cut",
    "medical_insurance": "smoker",
    "melbourne_housing": "Regionname",
    "nyc_airbnb": "room_type",
    "beijing_pm25": "cbwd",
    "loans_interest_rate": "grade",
    "houston_flights": "Origin",
}
"""Set to the feature that makes its groups."""


def measured(case: Case, group: str, budget: mw.Budget, level: float, *, by_group: bool) -> tuple[GroupCoverage, ...]:
    """Fit on the training part and return the coverage of every group of the test part."""
    train, test = case.parts()
    spec = FitSpec(task=case.task, drop=case.drop, interval=level, interval_groups=group if by_group else None)
    model = mw.fit(str(train), case.target, budget=budget, spec=spec)
    found = coverage(model, str(test), by=(group,))
    return tuple(g for g in found.groups if g.group.startswith(group))


def main() -> None:
    """Measure the sets that were asked for, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--trials", type=int)
    parser.add_argument("--level", type=float, default=0.9)
    parser.add_argument("--min-rows", type=int, default=50)
    parser.add_argument("--names", nargs="*", default=[])
    asked = parser.parse_args()
    shares: dict[bool, list[float]] = {False: [], True: []}
    for case in tabular_cases():
        if case.name not in GROUPS or (asked.names and case.name not in asked.names):
            continue
        for by_group in (False, True):
            budget = mw.Budget.parse(asked.budget, asked.trials)
            groups = measured(case, GROUPS[case.name], budget, asked.level, by_group=by_group)
            seen = [g for g in groups if g.n_rows >= asked.min_rows]
            shares[by_group] += [g.covered.value for g in seen]
            told = ", ".join(f"{g.group} {g.covered.value:.1%} of {g.n_rows:,}" for g in seen)
            print(f"{case.name:20} {'by group' if by_group else 'all rows':8} {told}", flush=True)
    for by_group, found in shares.items():
        if found:
            within = sum(abs(share - asked.level) <= 0.02 for share in found)
            print(
                f"calibrated {'by group' if by_group else 'over all rows'}: median {median(found):.1%} of {len(found)}"
                f" groups, {min(found):.1%} to {max(found):.1%}, {within} within 2 points of {asked.level:.0%}"
            )


if __name__ == "__main__":
    main()
