"""The kinds of findings, in the order in which they are looked for."""

DETECTORS: dict[str, str] = {
    "identifier": "modelwright.suspicion.identifiers:identifiers",
    "constant": "modelwright.suspicion.constants:constants",
    "sentinel": "modelwright.suspicion.sentinels:sentinels",
    "twin": "modelwright.suspicion.twins:twins",
    "leak": "modelwright.suspicion.leaks:leaks",
    "flag": "modelwright.suspicion.flags:flags",
    "encoding": "modelwright.suspicion.encodings:encodings",
    "missingness": "modelwright.suspicion.missingness:missingness",
    "arithmetic": "modelwright.suspicion.arithmetic:arithmetic",
    "pair": "modelwright.suspicion.pairs:pairs",
    "date": "modelwright.suspicion.dates:dates",
    "text": "modelwright.suspicion.answers_in_texts:answers_in_texts",
    "duplicate": "modelwright.suspicion.duplicates:duplicates",
    "overlap": "modelwright.suspicion.duplicates:overlap",
    "noise": "modelwright.suspicion.noise:noise",
    "order": "modelwright.suspicion.order:order",
    "group": "modelwright.suspicion.groups:groups",
    "rare-class": "modelwright.suspicion.rare_classes:rare_classes",
    "drift": "modelwright.suspicion.drift:drift",
    "mismatch": "modelwright.suspicion.mismatches:mismatches",
}
"""Name to ``"module:attribute"`` of a function from a `Case` to findings."""

FOLLOWERS: dict[str, str] = {
    "late": "modelwright.suspicion.late:late",
    "foretold": "modelwright.suspicion.late:foretold",
    "kin": "modelwright.suspicion.kin:kin",
}
"""Name to ``"module:attribute"`` of a function from a `Case` and what is suspected so far to findings."""

LEAKS = frozenset(
    {"leak", "flag", "encoding", "missingness", "arithmetic", "pair", "date", "text", "late", "foretold", "kin"}
)
"""Kinds that say: this column may know the answer."""
