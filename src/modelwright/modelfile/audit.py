"""Reading a model file is an audit: its bytes are judged before ONNX Runtime sees them.

The digest finds damage, but whoever makes a hostile file can also seal it, so every other check stands alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from modelwright.core.errors import FileRefusedError, SeveralTargetsError
from modelwright.core.graph import OPSETS, ElementType, TensorSpec
from modelwright.core.schema import Schema
from modelwright.modelfile import digest, growth, manifest
from modelwright.modelfile.features import schema_from
from modelwright.modelfile.grammar import (
    ATTRIBUTE,
    DIMENSION,
    ELEMENTS,
    ENTRY,
    GRAPH,
    GRAPH_FIELD,
    IR_VERSION,
    ITEM_SIZES,
    METADATA_FIELD,
    MODEL,
    NODE,
    OPSET,
    SHAPE,
    TENSOR,
    TENSOR_TYPE,
    TYPE,
    VALUE,
    Parsed,
    refused,
)
from modelwright.modelfile.operators import OPERATORS
from modelwright.modelfile.wire import BYTES, count_varints, fields, signed, unpack_varints

LARGEST_FILE = 1 << 30
MOST_NODES = 200_000
MOST_INPUTS = 50_000
MOST_DIMENSIONS = 8
LARGEST_SIZE = 1 << 31

_PREFIX = manifest.PREFIX.encode()
_MOST_SIZES = 64  # whole numbers in an initialiser that may be the sizes of a tensor
_TEXT, _INT64 = ELEMENTS["string"], ELEMENTS["int64"]
_ELEMENT_NAMES: Mapping[int, ElementType] = {number: name for name, number in ELEMENTS.items()}  # type: ignore[misc]  # its keys are the element types
_KIND_FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}
_INPUT_OF_DTYPE: Mapping[str, ElementType] = {
    "number": "double",
    "boolean": "double",
    "string": "string",
    "date": "int64",
}


@final
@dataclass(frozen=True, slots=True)
class Contents:
    """What an audited file holds, besides the operators.

    Attributes:
        inputs: The inputs, one per column of the schema and in its order.
        outputs: The outputs.
        manifest: What the model is.
        schema: The features.
        documents: Every other document, parsed, by name ("leaderboard", "parity", ...).
        metadata: The texts of all metadata entries, by full key.
        digest: The seal.
        opsets: Version of each operator set.
        n_nodes: Number of operators.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    manifest: manifest.Manifest
    schema: Schema
    documents: Mapping[str, Any]
    metadata: Mapping[str, str]
    digest: str
    opsets: Mapping[str, int]
    n_nodes: int


def audit(data: bytes, *, largest: int = LARGEST_FILE) -> Contents:
    """Judge the bytes of a model file and return what they hold.

    Args:
        data: The whole file.
        largest: Most bytes accepted; 1 GB unless asked otherwise, never more than ONNX's 2 GB.

    Raises:
        FileRefusedError: The file is damaged, foreign, too new or hostile; the text says what and where.
    """
    refused(len(data) == 0, "The model file is empty.")
    refused(len(data) > min(largest, LARGEST_SIZE), f"The model file is larger than {largest / 1e9:.2f} GB.")
    _check_origin(data)
    model = Parsed(data, (0, len(data)), MODEL, "the model")
    metadata = _metadata(model)
    version = model.number("ir_version")
    refused(not 3 <= version <= IR_VERSION, f"The model file has ONNX IR version {version}, not 3 to {IR_VERSION}.")
    for name in ("producer_name", "producer_version"):
        model.text(name, "")
    opsets = _opsets(model)
    seal = digest.of_file(data, digest.locate(data))
    refused(
        metadata[digest.KEY] != seal,
        "The model file was changed or damaged after it was written: its digest does not fit.",
    )
    parsed = {name.removeprefix(manifest.PREFIX): text for name, text in metadata.items() if name != digest.KEY}
    documents = {name: manifest.loads(text, name) for name, text in parsed.items()}
    described = manifest.Manifest.from_json(documents.pop("manifest"))
    schema = schema_from(documents.pop("schema"))
    graph = model.only("graph", GRAPH, "the graph")
    inputs, outputs = _values(graph, "input"), _values(graph, "output")
    _check_inputs(inputs, schema)
    _check_outputs(outputs, described, schema)
    n_nodes = _check_graph(data, graph, opsets)
    return Contents(inputs, outputs, described, schema, documents, metadata, seal, opsets, n_nodes)


def _check_origin(data: bytes) -> None:
    """Tell an ordinary ONNX file of someone else from one of ours before judging either by our rules."""
    has_graph = is_ours = False
    for number, wire, start, end in fields(data, 0, len(data)):
        has_graph |= number == GRAPH_FIELD and wire == BYTES
        is_ours |= number == METADATA_FIELD and wire == BYTES and data.find(_PREFIX, start, end) >= 0
    refused(
        has_graph and not is_ours,
        "This is an ONNX file, but not one that modelwright wrote: it has no manifest. "
        "Run it with ONNX Runtime itself.",
    )


def _metadata(model: Parsed) -> dict[str, str]:
    spans = model.spans("metadata_props")
    total = sum(end - start for start, end in spans)
    refused(
        total > manifest.LARGEST_METADATA, f"The model file holds {total / 1e6:.0f} MB of metadata; 16 are allowed."
    )
    found: dict[str, str] = {}
    for entry in model.each("metadata_props", ENTRY, "a metadata entry"):
        key = entry.text("key")
        refused(key in found, f"The model file holds the metadata '{key[:80]}' twice, as if two files had been joined.")
        found[key] = entry.text("value")
    if f"{manifest.PREFIX}0.manifest" in found:
        raise SeveralTargetsError(manifest.targets_of(found))
    needed = [manifest.PREFIX + name for name in manifest.REQUIRED]
    for key in [*needed, digest.KEY]:
        refused(key not in found, f"The model file is incomplete: it has no {key}.")
    for key in found:
        refused(key not in manifest.KEYS, f"The model file holds the unknown metadata '{key[:80]}'.")
    return found


def _opsets(model: Parsed) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in model.each("opset_import", OPSET, "an operator set"):
        domain = _domain(entry, "an operator set")
        version = entry.number("version")
        refused(domain in found, f"The model file declares the operator set '{domain}' twice.")
        refused(
            not 1 <= version <= OPSETS[domain],
            f"The model file needs version {version} of operator set '{domain or 'ai.onnx'}'; "
            f"this version reads up to {OPSETS[domain]}.",
        )
        found[domain] = version
    return found


def _domain(entry: Parsed, where: str) -> str:
    domain = entry.text("domain", "")
    domain = "" if domain == "ai.onnx" else domain
    refused(
        domain not in OPSETS,
        f"The model file uses the foreign operator domain '{domain[:80]}' in {where}; only ONNX's own are allowed.",
    )
    return domain


def _values(graph: Parsed, name: str) -> tuple[TensorSpec, ...]:
    refused(len(graph.spans(name)) > MOST_INPUTS, f"The model file has more than {MOST_INPUTS} {name}s.")
    return tuple(_value(value, name) for value in graph.each(name, VALUE, f"an {name}"))


def _value(value: Parsed, name: str) -> TensorSpec:
    title = value.text("name")
    where = f"{name} '{title[:80]}'"
    tensor = value.only("type", TYPE, where).only("tensor_type", TENSOR_TYPE, where)
    element = _ELEMENT_NAMES.get(tensor.number("elem_type"))
    if element is None:
        raise FileRefusedError(f"The model file has an unknown element type in {where}.")
    sizes: list[int | None] = []
    for dimension in tensor.only("shape", SHAPE, where).each("dim", DIMENSION, where):
        free = dimension.text("dim_param", "")
        refused(("dim_value" in dimension) == bool(free), f"The model file has an unclear size in {where}.")
        sizes.append(None if free else dimension.number("dim_value"))
    return TensorSpec(title, element, tuple(sizes))


def _check_inputs(inputs: tuple[TensorSpec, ...], schema: Schema) -> None:
    expected = tuple(TensorSpec(c.name, _INPUT_OF_DTYPE[c.dtype], (None, 1)) for c in schema)
    refused(
        len(inputs) != len(expected),
        f"The model file has {len(inputs)} inputs where its schema has {len(expected)} columns.",
    )
    for found, wanted in zip(inputs, expected, strict=True):
        refused(
            found != wanted,
            f"The model file's input '{found.name[:80]}' does not fit column '{wanted.name[:80]}' of its schema.",
        )


def _check_outputs(outputs: tuple[TensorSpec, ...], described: manifest.Manifest, schema: Schema) -> None:
    task = described.task
    names = task.outputs(schema.names)
    further = () if described.interval is None else task.interval_outputs(schema.names)
    if task.is_classification:
        label: ElementType = "string" if isinstance(task.classes[0], str) else "int64"
        expected: tuple[TensorSpec, ...] = (
            TensorSpec(names[0], label, (None,)),
            TensorSpec(names[1], "double", (None, len(task.classes))),
            *(TensorSpec(name, "bool", (None, len(task.classes))) for name in further),
        )
    else:
        widths: list[tuple[int, ...]] = [(), *((len(task.quantiles),) for _ in names[1:]), *(() for _ in further)]
        expected = tuple(
            TensorSpec(name, "double", (None, *width)) for name, width in zip((*names, *further), widths, strict=True)
        )
    refused(
        outputs != expected,
        f"The model file's outputs are not those of a {task.name} model: {', '.join((*names, *further))}.",
    )


def _check_graph(data: bytes, graph: Parsed, opsets: Mapping[str, int]) -> int:
    graph.text("name", "")
    spans = graph.spans("node")
    refused(len(spans) > MOST_NODES, f"The model file has {len(spans)} operators; {MOST_NODES} are allowed.")
    nodes: list[growth.Node] = []
    for position, span in enumerate(spans):
        where = f"operator {position}"
        node = Parsed(data, span, NODE, where)
        kind, domain = node.text("op_type"), _domain(node, where)
        refused(
            kind not in OPERATORS[domain],
            f"The model file uses the operator '{kind[:80]}' ({where}), which modelwright never writes.",
        )
        refused(domain not in opsets, f"The model file uses operator set '{domain}' without declaring it.")
        nodes.append((kind, node.texts("input"), node.texts("output")))
        for attribute in node.each("attribute", ATTRIBUTE, f"an attribute of {where} ({kind})"):
            _check_attribute(data, attribute)
    growth.check(nodes, _initialisers(data, graph))
    return len(spans)


def _initialisers(data: bytes, graph: Parsed) -> dict[str, list[int]]:
    """Check every initialiser, and return the values of those that may be sizes."""
    seen: set[str] = set()
    sizes: dict[str, list[int]] = {}
    for tensor in graph.each("initializer", TENSOR, "an initialiser"):
        name = tensor.text("name")
        refused(name in seen, f"The model file has two initialisers called '{name[:80]}'.")
        seen.add(name)
        _check_tensor(data, tensor, f"initialiser '{name[:80]}'")
        for start, end in tensor.spans("raw_data"):
            if tensor.number("data_type") == _INT64 and end - start <= 8 * _MOST_SIZES:
                sizes[name] = np.frombuffer(data, "<i8", (end - start) // 8, start).tolist()
    return sizes


def _check_attribute(data: bytes, attribute: Parsed) -> None:
    name = attribute.text("name")
    where = f"attribute '{name[:80]}' of {attribute.where}"
    holds = {field for field in _KIND_FIELDS.values() if field in attribute}
    expected = _KIND_FIELDS.get(attribute.number("type"))
    refused(expected is None or holds - {expected}, f"The model file has a wrongly declared value in {where}.")
    attribute.texts("s"), attribute.texts("strings")
    for field, size in (("floats", 4), ("ints", 0)):
        for _, wire, start, end in attribute.entries(field):
            if wire == BYTES and size:
                refused((end - start) % size, f"The model file has a cut-off list in {where}.")
            elif wire == BYTES:
                count_varints(data, start, end)
    for span in attribute.spans("t"):
        _check_tensor(data, Parsed(data, span, TENSOR, where), where)


def _check_tensor(data: bytes, tensor: Parsed, where: str) -> None:
    sizes: list[int] = []
    for _, wire, start, end in tensor.entries("dims"):
        sizes += unpack_varints(data, start, end).tolist() if wire == BYTES else [signed(start)]
    refused(len(sizes) > MOST_DIMENSIONS, f"The model file has {len(sizes)} dimensions in {where}.")
    count = 1
    for size in sizes:
        refused(not 0 <= size <= LARGEST_SIZE, f"The model file declares the impossible size {size} in {where}.")
        count *= size
    kind = tensor.number("data_type")
    if kind == _TEXT:
        held, wanted = len(tensor.spans("string_data")), count
        refused("raw_data" in tensor, f"The model file mixes texts and numbers in {where}.")
        tensor.texts("string_data")
    else:
        refused(kind not in ITEM_SIZES, f"The model file has the unknown element type {kind} in {where}.")
        refused("string_data" in tensor, f"The model file mixes texts and numbers in {where}.")
        held = sum(end - start for start, end in tensor.spans("raw_data"))
        wanted = count * ITEM_SIZES[kind]
    refused(held != wanted, f"The model file declares {wanted} and holds {held} bytes or texts in {where}.")
