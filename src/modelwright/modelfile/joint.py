"""The file of several targets: the model files of each, joined into one graph with shared inputs.

::

    inputs      one per column that any part takes, in the order in which the parts first name them
    outputs     those of each part under its target's name: prediction_price, label_churned, probabilities_churned
    operators   those of the first part, of the second, ...; tensors of part 1 are called #1/..., which no input is
    metadata    modelwright.manifest   format 2, the targets in order and the names of their outputs
                modelwright.0.schema   the documents of part 0, as they stand in its own file; and so on
                modelwright.digest     the seal of the whole

Joining can be undone: `split` gives back the very bytes of each part, seal included. So a file is judged by what it is
made of: every part passes the audit of an ordinary model file, and the parts joined again are the file, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, final

from modelwright.core.errors import FileRefusedError, SpecError, listed
from modelwright.core.schema import Schema
from modelwright.modelfile import digest
from modelwright.modelfile.audit import LARGEST_FILE, Contents, audit
from modelwright.modelfile.grammar import (
    ENTRY,
    GRAPH,
    GRAPH_FIELD,
    METADATA_FIELD,
    MODEL,
    NODE,
    TENSOR,
    VALUE,
    Parsed,
    refused,
)
from modelwright.modelfile.manifest import JOINT_FORMAT, MOST_TARGETS, PREFIX, dumps, loads, targets_of
from modelwright.modelfile.renaming import Rename, renamed_node, renamed_tensor, renamed_value
from modelwright.modelfile.wire import VARINT, Message, fields

LARGEST_HEADER = 4096
"""Bytes before the graph: producer, versions, operator sets."""

_MANIFEST = f"{PREFIX}manifest"
_VERSION_FIELD, _OPSET_FIELD = 3, 8
_NODE_FIELD, _NAME_FIELD, _CONSTANT_FIELD, _INPUT_FIELD, _OUTPUT_FIELD = 1, 2, 5, 11, 12


@final
@dataclass(frozen=True, slots=True)
class Part:
    """The model file of one target.

    Attributes:
        data: Its bytes.
        contents: What its audit found.
    """

    data: bytes
    contents: Contents

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Audit a model file of one target."""
        return cls(data, audit(data))

    @property
    def target(self) -> str:
        """Name of the predicted column."""
        return self.contents.manifest.target


@final
@dataclass(frozen=True, slots=True)
class Joint:
    """A file of several targets, audited.

    Attributes:
        data: Its bytes.
        parts: The model file of each target, by its name, in order.
        schema: The columns that any part takes, in the order of the inputs.
        outputs: By target, the name in this file of each output of its part.
        digest: The seal.
    """

    data: bytes
    parts: Mapping[str, Part]
    schema: Schema
    outputs: Mapping[str, Mapping[str, str]]
    digest: str


def join(files: Sequence[bytes]) -> Joint:
    """Join model files into one of several targets.

    Args:
        files: Model files of one target each, at least one.

    Raises:
        SpecError: Two predict the same target, or read a column differently.
        FileRefusedError: One is no model file of one target.
    """
    return _joined([Part.of(data) for data in files])


def split(data: bytes) -> Joint:
    """Audit a file of several targets and take it apart.

    Raises:
        FileRefusedError: It is damaged, foreign, too new or hostile, or has one target only.
    """
    refused(len(data) > LARGEST_FILE, f"The model file is larger than {LARGEST_FILE / 1e9:.2f} GB.")
    cuts = _cuts(data)
    parts = []
    for cut in cuts:
        try:
            parts.append(Part.of(cut))
        except FileRefusedError as error:
            raise FileRefusedError(
                f"Part {len(parts) + 1} of the file, of several targets, is refused. {error}"
            ) from error
    try:
        joint = _joined(parts)
    except SpecError as error:
        raise FileRefusedError(f"The parts of the file do not fit together. {error}") from error
    refused(
        joint.data != data,
        "The model file was changed or damaged after it was written: it is not what its parts make when joined.",
    )
    return joint


def _joined(parts: Sequence[Part]) -> Joint:
    by_target = {part.target: part for part in parts}
    if not 0 < len(parts) <= MOST_TARGETS:
        raise SpecError(f"A file holds 1 to {MOST_TARGETS} targets, not {len(parts)}. Make several files of them.")
    if len(by_target) != len(parts):
        raise SpecError(f"Two models predict the same target: {listed(part.target for part in parts)}.")
    schema = _shared_schema(parts)
    outputs = _outputs(parts, schema)
    manifest = {
        "format": JOINT_FORMAT,
        "version": parts[0].contents.manifest.version,
        "targets": [{"name": name, "outputs": dict(outputs[name])} for name in by_target],
    }
    data = _encode(parts, schema, outputs, dumps(manifest, "manifest"))
    refused(len(data) > LARGEST_FILE, f"The joined file would be larger than {LARGEST_FILE / 1e9:.2f} GB.")
    return Joint(data, by_target, schema, outputs, digest.of_file(data, digest.locate(data)))


def _shared_schema(parts: Sequence[Part]) -> Schema:
    columns: dict[str, Any] = {}
    for part in parts:
        for column in part.contents.schema:
            first = columns.setdefault(column.name, column)
            if first.dtype != column.dtype:
                raise SpecError(
                    f"Column '{column.name}' is read as {first.dtype}s for '{parts[0].target}' and as {column.dtype}s"
                    f" for '{part.target}'. Fit both from one table."
                )
    return Schema(tuple(columns.values()))


def _outputs(parts: Sequence[Part], schema: Schema) -> dict[str, dict[str, str]]:
    """Return the name of every output: the part's and its target's, with underscores until it is free."""
    taken = set(schema.names)
    named: dict[str, dict[str, str]] = {}
    for part in parts:
        own = {}
        for output in part.contents.outputs:
            # A part calls its output "label_" where a column is called "label"; here that column has no say.
            name = f"{output.name.rstrip('_')}_{part.target}"
            while name in taken:
                name += "_"
            taken.add(name)
            own[output.name] = name
        named[part.target] = own
    return named


def _mark(schema: Schema) -> str:
    """Return what the names of inner tensors begin with and no input's does."""
    return "#" * (1 + max((len(name) - len(name.lstrip("#")) for name in schema.names), default=0))


def _encode(parts: Sequence[Part], schema: Schema, outputs: Mapping[str, Mapping[str, str]], manifest: str) -> bytes:
    first, written = parts[0].data, Message()
    if len({_opsets(part.data) for part in parts}) > 1:
        raise SpecError("The models are written in different operator sets. Fit them with one version of modelwright.")
    metadata = {_MANIFEST: manifest, digest.KEY: digest.BLANK.decode()}
    for i, part in enumerate(parts):
        metadata |= {f"{PREFIX}{i}.{key.removeprefix(PREFIX)}": text for key, text in part.contents.metadata.items()}
    for number, wire, start, end in fields(first, 0, len(first)):
        if number == GRAPH_FIELD:
            written.message(number, _joined_graph(parts, schema, outputs))
        elif wire == VARINT:
            written.integer(number, start)
        elif number != METADATA_FIELD:
            written.blob(number, first[start:end])
    _write_metadata(written, metadata)
    return digest.seal(b"".join(written.parts))


def _write_metadata(written: Message, metadata: Mapping[str, str]) -> None:
    for key in sorted(metadata):
        entry = Message()
        entry.text(1, key)
        entry.text(2, metadata[key])
        written.message(METADATA_FIELD, entry)


def _opsets(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[start:end] for number, _, start, end in fields(data, 0, len(data)) if number == _OPSET_FIELD)


def _joined_graph(parts: Sequence[Part], schema: Schema, outputs: Mapping[str, Mapping[str, str]]) -> Message:
    mark, inputs = _mark(schema), frozenset(schema.names)
    nodes, constants, given = Message(), Message(), Message()
    declared: dict[str, bytes] = {}
    title = ""
    for i, part in enumerate(parts):
        rename = _renaming(f"{mark}{i}/", inputs, outputs[part.target])
        graph = Parsed(part.data, (0, len(part.data)), MODEL, "a part").only("graph", GRAPH, "the graph")
        title = title or graph.text("name", "")
        for span in graph.spans("node"):
            nodes.message(_NODE_FIELD, renamed_node(part.data, span, rename))
        for span in graph.spans("initializer"):
            constants.message(_CONSTANT_FIELD, renamed_tensor(part.data, span, rename))
        for column, span in zip(part.contents.schema, graph.spans("input"), strict=True):
            declared.setdefault(column.name, part.data[slice(*span)])
        for span in graph.spans("output"):
            given.message(_OUTPUT_FIELD, renamed_value(part.data, span, rename))
    written = Message()
    _append(written, nodes)
    written.text(_NAME_FIELD, title)
    _append(written, constants)
    for name in schema.names:
        written.blob(_INPUT_FIELD, declared[name])
    _append(written, given)
    return written


def _append(written: Message, further: Message) -> None:
    written.parts.extend(further.parts)
    written.size += further.size


def _renaming(begin: str, inputs: frozenset[str], outputs: Mapping[str, str]) -> Rename:
    def rename(name: str) -> str:
        return name if name in inputs else outputs.get(name) or begin + name

    return rename


@final
@dataclass(slots=True)
class _Cut:
    """One part while it is taken out of a file."""

    begin: str
    own_outputs: Mapping[str, str]  # from the name in the file to the part's own
    metadata: dict[str, str] = field(default_factory=dict)
    nodes: Message = field(default_factory=Message)
    constants: Message = field(default_factory=Message)
    outputs: Message = field(default_factory=Message)

    def rename(self, name: str) -> str:
        """Return what the part itself calls a tensor."""
        return name.removeprefix(self.begin) if name.startswith(self.begin) else self.own_outputs.get(name, name)


def _cuts(data: bytes) -> list[bytes]:
    """Return the bytes of every part; whether they are sound is for their audit to say."""
    model = Parsed(data, (0, len(data)), MODEL, "the model")
    metadata = {entry.text("key"): entry.text("value") for entry in model.each("metadata_props", ENTRY, "metadata")}
    named = targets_of(metadata)
    graph = model.only("graph", GRAPH, "the graph")
    declared = {Parsed(data, span, VALUE, "an input").text("name"): span for span in graph.spans("input")}
    mark = "#" * (1 + max((len(name) - len(name.lstrip("#")) for name in declared), default=0))
    cuts = [_Cut(f"{mark}{i}/", {new: own for own, new in outputs.items()}) for i, outputs in enumerate(named.values())]
    by_number = {str(i): cut for i, cut in enumerate(cuts)}
    for key, text in metadata.items():
        number, _, name = key.removeprefix(PREFIX).partition(".")
        if name and number in by_number:
            by_number[number].metadata[PREFIX + name] = text
    of_output = {name: cut for cut in cuts for name in cut.own_outputs}

    def owner(tensor: str) -> _Cut:
        number = tensor.removeprefix(mark).partition("/")[0] if tensor.startswith(mark) else ""
        found = by_number.get(number) or of_output.get(tensor)
        if found is None:
            raise FileRefusedError(
                f"The model file holds the tensor '{tensor[:80]}', which belongs to none of its targets."
            )
        return found

    for span in graph.spans("node"):
        outputs = Parsed(data, span, NODE, "an operator").texts("output")
        cut = owner(outputs[0] if outputs else "")
        cut.nodes.message(_NODE_FIELD, renamed_node(data, span, cut.rename))
    for span in graph.spans("initializer"):
        cut = owner(Parsed(data, span, TENSOR, "an initialiser").text("name"))
        cut.constants.message(_CONSTANT_FIELD, renamed_tensor(data, span, cut.rename))
    for span in graph.spans("output"):
        cut = owner(Parsed(data, span, VALUE, "an output").text("name"))
        cut.outputs.message(_OUTPUT_FIELD, renamed_value(data, span, cut.rename))
    title, columns = graph.text("name", ""), [_column_names(cut.metadata) for cut in cuts]
    _check_sizes(data, [declared.get(name, (0, 0)) for names in columns for name in names])
    return [
        _written(data, cut, title, {name: declared.get(name) for name in names})
        for cut, names in zip(cuts, columns, strict=True)
    ]


def _check_sizes(data: bytes, inputs: Sequence[tuple[int, int]]) -> None:
    """Refuse a file whose parts would be far larger than itself: what is copied into each must be small."""
    header = sum(
        end - start
        for number, wire, start, end in fields(data, 0, len(data))
        if wire != VARINT and number not in (GRAPH_FIELD, METADATA_FIELD)
    )
    refused(header > LARGEST_HEADER, "The model file begins with far more than an ONNX file needs.")
    shared = sum(end - start for start, end in inputs)
    refused(shared > len(data), "The model file declares inputs that are far too large.")


def _written(data: bytes, cut: _Cut, title: str, inputs: Mapping[str, tuple[int, int] | None]) -> bytes:
    graph, written = Message(), Message()
    _append(graph, cut.nodes)
    graph.text(_NAME_FIELD, title)
    _append(graph, cut.constants)
    for name, span in inputs.items():
        if span is None:
            raise FileRefusedError(f"The model file has no input for its column '{name[:80]}'.")
        graph.blob(_INPUT_FIELD, data[slice(*span)])
    _append(graph, cut.outputs)
    for number, wire, start, end in fields(data, 0, len(data)):
        if number == GRAPH_FIELD:
            written.message(number, graph)
        elif number == _VERSION_FIELD:
            written.text(number, _text(loads(cut.metadata.get(_MANIFEST, "{}"), "manifest"), "version"))
        elif wire == VARINT:
            written.integer(number, start)
        elif number != METADATA_FIELD:
            written.blob(number, data[start:end])
    _write_metadata(written, cut.metadata)
    return b"".join(written.parts)


def _column_names(metadata: Mapping[str, str]) -> list[str]:
    schema = loads(metadata.get(f"{PREFIX}schema", "{}"), "schema")
    columns = schema.get("columns") if isinstance(schema, dict) else None
    refused(not isinstance(columns, list), "The model file's schema is no list of columns.")
    return [_text(column, "name") for column in columns or ()]


def _text(value: Any, key: str) -> str:
    text = value.get(key) if isinstance(value, dict) else None
    refused(not isinstance(text, str), f"The model file is incomplete: a part of it has no {key}.")
    return str(text)
