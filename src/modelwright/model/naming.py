"""What stands for one of several targets: in file names, in addresses, and in the names of answers."""

import re
from collections.abc import Iterable, Mapping, Sequence

LONGEST_NAME = 60
"""Characters of a name that is made of the targets'."""


def safe_name(target: str) -> str:
    """Return the name of a target without what file systems and addresses refuse."""
    return re.sub(r"[^\w.-]+", "_", target).strip("._") or "model"


def joint_name(targets: Sequence[str]) -> str:
    """Return a name for all targets together: theirs in a row, or the first and how many more."""
    joined = "-".join(map(safe_name, targets))
    return joined if len(joined) <= LONGEST_NAME else f"{safe_name(targets[0])}-and-{len(targets) - 1}-more"


def part_names(stem: str, targets: Iterable[str]) -> dict[str, str]:
    """Return by target what its own model is called beside the file's name: "shop.price"; no two alike."""
    found: dict[str, str] = {}
    for target in targets:
        name = f"{stem}.{safe_name(target)}"
        while name in found.values():
            name += "_"
        found[target] = name
    return found


def answer_names(answers: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """Return by target the name of each answer among those of all.

    The target stands behind the first word: "price" turns "prediction" into "prediction_price", "churned" turns
    "probability_yes" into "probability_churned_yes". Where that is taken, an underscore follows.

    Args:
        answers: By target the names that its own file gives.
    """
    taken: set[str] = set()
    found: dict[str, dict[str, str]] = {}
    for target, names in answers.items():
        found[target] = {}
        for own in names:
            what, mark, rest = own.partition("_")
            name = f"{what}_{target}{mark}{rest}"
            while name in taken:
                name += "_"
            taken.add(name)
            found[target][own] = name
    return found
