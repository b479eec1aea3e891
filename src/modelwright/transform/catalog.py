"""The transforms, by the kind of column they turn into features."""

TRANSFORMS: dict[str, str] = {
    "number": "modelwright.transform.number:Numbers",
    "category": "modelwright.transform.category:Categories",
    "date": "modelwright.transform.date:Dates",
    "text": "modelwright.transform.text:Texts",
}

COMBINATIONS: dict[str, str] = {
    "arithmetic": "modelwright.transform.arithmetic:Arithmetic",
    "crosses": "modelwright.transform.crosses:Crosses",
    "group_statistics": "modelwright.transform.group_statistics:GroupStatistics",
}
"""The transforms of several columns, which `modelwright.transform.prepared` chooses the columns for."""
