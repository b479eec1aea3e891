"""The transforms, by the kind of column they turn into features."""

TRANSFORMS: dict[str, str] = {
    "number": "modelwright.transform.number:Numbers",
    "category": "modelwright.transform.category:Categories",
    "date": "modelwright.transform.date:Dates",
    "text": "modelwright.transform.text:Texts",
}
