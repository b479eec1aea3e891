"""Which protobuf fields a model file may hold: exactly those that `modelwright.modelfile.encode` writes.

Field numbers: ``onnx.proto`` of ONNX 1.23 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), IR version 10.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

from modelwright.core.errors import FileRefusedError
from modelwright.modelfile.wire import BYTES, FIXED32, VARINT, Field, fields, signed

IR_VERSION = 10

ELEMENTS: Mapping[str, int] = {
    "float": 1,
    "uint8": 2,
    "int32": 6,
    "int64": 7,
    "string": 8,
    "bool": 9,
    "double": 11,
}
"""Number of each element type."""

ELEMENT_OF_DTYPE: Mapping[str, int] = {
    "float32": ELEMENTS["float"],
    "float64": ELEMENTS["double"],
    "int32": ELEMENTS["int32"],
    "int64": ELEMENTS["int64"],
    "uint8": ELEMENTS["uint8"],
    "bool": ELEMENTS["bool"],
    "object": ELEMENTS["string"],
}
"""The same for the types of numpy."""

ITEM_SIZES: Mapping[int, int] = {1: 4, 2: 1, 6: 4, 7: 8, 9: 1, 11: 8}
"""Bytes of one element in ``raw_data``; texts have none."""

Shape = Literal["one", "many", "never"]


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """What is allowed of one field.

    Attributes:
        name: Its name in onnx.proto, or for forbidden fields what a user would call it.
        wires: The wire types it may have.
        times: Once at most, any number of times, or never.
    """

    name: str
    wires: tuple[int, ...] = (BYTES,)
    times: Shape = "one"


Rules = Mapping[int, Rule]
_NUMBER = (VARINT,)


def _never(name: str) -> Rule:
    return Rule(name, (), "never")


GRAPH_FIELD, METADATA_FIELD = 7, 14
"""Numbers of the graph and of the metadata entries in the model."""

MODEL: Rules = {
    1: Rule("ir_version", _NUMBER),
    2: Rule("producer_name"),
    3: Rule("producer_version"),
    4: _never("a model domain"),
    5: _never("a model version"),
    6: _never("a model description"),
    7: Rule("graph"),
    8: Rule("opset_import", times="many"),
    14: Rule("metadata_props", times="many"),
    20: _never("training steps"),
    25: _never("functions of its own"),
    26: _never("device settings"),
}
OPSET: Rules = {1: Rule("domain"), 2: Rule("version", _NUMBER)}
ENTRY: Rules = {1: Rule("key"), 2: Rule("value")}
GRAPH: Rules = {
    1: Rule("node", times="many"),
    2: Rule("name"),
    5: Rule("initializer", times="many"),
    10: _never("a graph description"),
    11: Rule("input", times="many"),
    12: Rule("output", times="many"),
    13: _never("types of inner values"),
    14: _never("quantisation notes"),
    15: _never("sparse initialisers"),
    16: _never("metadata inside the graph"),
}
NODE: Rules = {
    1: Rule("input", times="many"),
    2: Rule("output", times="many"),
    3: _never("names of operators"),
    4: Rule("op_type"),
    5: Rule("attribute", times="many"),
    6: _never("descriptions of operators"),
    7: Rule("domain"),
    8: _never("overloaded functions"),
    9: _never("metadata inside an operator"),
    10: _never("device settings"),
}
ATTRIBUTE: Rules = {
    1: Rule("name"),
    2: Rule("f", (FIXED32,)),
    3: Rule("i", _NUMBER),
    4: Rule("s"),
    5: Rule("t"),
    6: _never("a subgraph"),
    7: Rule("floats", (BYTES, FIXED32), "many"),
    8: Rule("ints", (BYTES, VARINT), "many"),
    9: Rule("strings", times="many"),
    10: _never("a list of tensors"),
    11: _never("a list of subgraphs"),
    13: _never("descriptions of attributes"),
    14: _never("a type as attribute"),
    15: _never("a list of types"),
    20: Rule("type", _NUMBER),
    21: _never("references to attributes of a function"),
    22: _never("a sparse tensor"),
    23: _never("a list of sparse tensors"),
}
TENSOR: Rules = {
    1: Rule("dims", (VARINT, BYTES), "many"),
    2: Rule("data_type", _NUMBER),
    3: _never("a tensor in segments"),
    4: _never("numbers outside raw_data"),
    5: _never("numbers outside raw_data"),
    6: Rule("string_data", times="many"),
    7: _never("numbers outside raw_data"),
    8: Rule("name"),
    9: Rule("raw_data"),
    10: _never("numbers outside raw_data"),
    11: _never("numbers outside raw_data"),
    12: _never("descriptions of tensors"),
    13: _never("external data (a reference to another file)"),
    14: _never("external data (a reference to another file)"),
    16: _never("metadata inside a tensor"),
}
VALUE: Rules = {
    1: Rule("name"),
    2: Rule("type"),
    3: _never("descriptions of inputs"),
    4: _never("metadata inside an input"),
}
TYPE: Rules = {
    1: Rule("tensor_type"),
    4: _never("a sequence type"),
    5: _never("a map type"),
    6: _never("denotations"),
    7: _never("an opaque type"),
    8: _never("a sparse tensor type"),
    9: _never("an optional type"),
}
TENSOR_TYPE: Rules = {1: Rule("elem_type", _NUMBER), 2: Rule("shape")}
SHAPE: Rules = {1: Rule("dim", times="many")}
DIMENSION: Rules = {1: Rule("dim_value", _NUMBER), 2: Rule("dim_param"), 3: _never("denotations")}


@final
class Parsed:
    """The fields of one message, looked up by name; positions only, nothing is copied.

    Attributes:
        where: What the message is, for errors.
    """

    __slots__ = ("_data", "_found", "where")

    def __init__(self, data: bytes, span: tuple[int, int], rules: Rules, where: str) -> None:
        self._data = data
        self.where = where
        found: dict[str, list[Field]] = {}
        for entry in fields(data, *span):
            rule = rules.get(entry[0])
            if rule is None:
                raise FileRefusedError(
                    f"The model file is damaged or is no ONNX file: it holds the unknown field {entry[0]} in {where}."
                )
            if rule.times == "never":
                raise FileRefusedError(f"The model file holds {rule.name} in {where}; modelwright never writes that.")
            if entry[1] not in rule.wires:
                raise FileRefusedError(f"The model file is damaged: field {rule.name} of {where} has a wrong type.")
            earlier = found.setdefault(rule.name, [])
            if earlier and rule.times == "one":
                raise FileRefusedError(
                    f"The model file holds field {rule.name} of {where} twice, as if two files had been joined."
                )
            earlier.append(entry)
        self._found = found

    def __contains__(self, name: str) -> bool:
        """Return whether the field is there."""
        return name in self._found

    def entries(self, name: str) -> list[Field]:
        """Return the fields of that name, in order."""
        return self._found.get(name, [])

    def spans(self, name: str) -> list[tuple[int, int]]:
        """Return (start, end) of each field of that name."""
        return [(start, end) for _, _, start, end in self._found.get(name, ())]

    def span(self, name: str) -> tuple[int, int]:
        """Return (start, end) of a field that must be there."""
        return self.spans(self._must(name))[0]

    def number(self, name: str) -> int:
        """Return the whole number of a field that must be there."""
        return signed(self._found[self._must(name)][0][2])

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default the field must be there."""
        if default is not None and name not in self._found:
            return default
        return self.texts(self._must(name))[0]

    def texts(self, name: str) -> list[str]:
        """Return every text of that name."""
        try:
            return [str(self._data[start:end], "utf-8") for start, end in self.spans(name)]
        except UnicodeDecodeError as error:
            raise FileRefusedError(f"The model file holds a text that is not UTF-8: {name} of {self.where}.") from error

    def only(self, name: str, rules: Rules, where: str) -> "Parsed":
        """Return the message in a field that must be there."""
        return Parsed(self._data, self.span(name), rules, where)

    def each(self, name: str, rules: Rules, where: str) -> "list[Parsed]":
        """Return the messages of every field of that name."""
        return [Parsed(self._data, span, rules, where) for span in self.spans(name)]

    def _must(self, name: str) -> str:
        if name not in self._found:
            raise FileRefusedError(f"The model file is incomplete: {self.where} has no {name}.")
        return name


def refused(condition: Any, sentence: str) -> None:
    """Raise FileRefusedError with `sentence` when `condition` holds."""
    if condition:
        raise FileRefusedError(sentence)
