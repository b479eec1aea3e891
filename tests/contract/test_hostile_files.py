"""Every hostile, damaged or foreign file is refused with one clear error before ONNX Runtime sees a byte of it."""

import json
from collections.abc import Callable, Iterator

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

from modelwright.core.errors import FileRefusedError
from modelwright.model.model import Model
from modelwright.modelfile import digest
from modelwright.modelfile.audit import audit
from modelwright.modelfile.wire import varint

Change = Callable[[ModelProto], None]
Bytes = Callable[[bytes], bytes]
ROW = {"age": 44.0, "member": True, "city": "Rome", "since": "2020-05-01"}


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test if a session is made."""

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("a session was made of a file that should have been refused")

    monkeypatch.setattr(onnxruntime, "InferenceSession", forbidden)
    yield


def _node(op_type: str, domain: str = "", **attributes: object) -> Change:
    def change(model: ModelProto) -> None:
        model.graph.node.append(helper.make_node(op_type, ["age"], ["made"], domain=domain, **attributes))

    return change


def _attribute(fill: Callable[[AttributeProto], object]) -> Change:
    def change(model: ModelProto) -> None:
        attribute = model.graph.node[0].attribute.add(name="axis")
        attribute.type = AttributeProto.INT
        fill(attribute)

    return change


def _constant(fill: Callable[[TensorProto], object]) -> Change:
    """Change the first initialiser that holds numbers."""
    return lambda model: _ignored(fill(next(t for t in model.graph.initializer if t.raw_data)))


def _text_constant(fill: Callable[[TensorProto], object]) -> Change:
    return lambda model: _ignored(fill(next(t for t in model.graph.initializer if t.string_data)))


def _ignored(_: object) -> None:
    return None


def _metadata(key: str, value: str) -> Change:
    return lambda model: _ignored(model.metadata_props.add(key=key, value=value))


def _document(name: str, change: Callable[[dict], object] | str) -> Change:
    """Change a JSON document, or replace its text."""

    def apply(model: ModelProto) -> None:
        entry = next(p for p in model.metadata_props if p.key == f"modelwright.{name}")
        if isinstance(change, str):
            entry.value = change
            return
        value = json.loads(entry.value)
        change(value)
        entry.value = json.dumps(value)

    return apply


def _without(key: str) -> Change:
    def change(model: ModelProto) -> None:
        kept = [p for p in model.metadata_props if p.key != key]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)

    return change


def _external(tensor: TensorProto) -> None:
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def _external_note(tensor: TensorProto) -> None:
    tensor.external_data.add(key="location", value="weights.bin")


def _external_in_attribute(model: ModelProto) -> None:
    encoder = next(n for n in model.graph.node if n.op_type == "LabelEncoder")
    _external(next(a for a in encoder.attribute if a.name == "values_tensor").t)


def _sparse() -> onnx.SparseTensorProto:
    values = numpy_helper.from_array(np.array([1.0]), "s")
    return helper.make_sparse_tensor(values, numpy_helper.from_array(np.array([0]), "i"), [4])


def _subgraph(op_type: str) -> Change:
    inner = helper.make_graph([], "inner", [], [])
    return _node(op_type, body=inner)


def _function(model: ModelProto) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    model.functions.append(helper.make_function("modelwright", "F", ["x"], ["y"], [node], []))


def _training(model: ModelProto) -> None:
    model.training_info.add()


def _opset(domain: str, version: int) -> Change:
    return lambda model: _ignored(model.opset_import.add(domain=domain, version=version))


def _newer_opset(model: ModelProto) -> None:
    model.opset_import[0].version = 99


def _ir(version: int) -> Change:
    return lambda model: setattr(model, "ir_version", version)


def _input_type(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def _input_name(model: ModelProto) -> None:
    model.graph.input[0].name = "agee"


def _extra_input(model: ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.DOUBLE, ["rows", 1]))


def _sequence_input(model: ModelProto) -> None:
    model.graph.input[0].type.Clear()
    model.graph.input[0].type.sequence_type.elem_type.tensor_type.elem_type = TensorProto.DOUBLE


def _huge_input(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 10_000_000_000


def _lost_output(model: ModelProto) -> None:
    del model.graph.output[0]


def _extra_output(model: ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("age", TensorProto.DOUBLE, ["rows", 1]))


def _bad_classes(document: dict) -> None:
    document["task"]["classes"] = ["a", "b", "c"]


def _mixed_classes(document: dict) -> None:
    document["task"]["classes"] = ["a", 1]


def _repeated_initialiser(model: ModelProto) -> None:
    model.graph.initializer.append(model.graph.initializer[0])


def _typed_numbers(tensor: TensorProto) -> None:
    tensor.ClearField("raw_data")
    tensor.double_data.extend([1.0])


def _grown(tensor: TensorProto) -> None:
    del tensor.dims[:]
    tensor.dims.extend([1 << 31, 1])


def _wrapped(tensor: TensorProto) -> None:
    """Sizes whose product wraps round to 0 in 64 bits."""
    del tensor.dims[:]
    tensor.dims.extend([1 << 31, 1 << 31, 4])
    tensor.raw_data = b""


def _strings_grown(tensor: TensorProto) -> None:
    tensor.dims[0] = 1_000_000_000


def _memory_bomb(model: ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([100_000, 100_000]), "sizes"))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["sizes"], ["bomb"]))


def _tile_bomb(model: ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 2_000_000_000]), "times"))
    model.graph.node.append(helper.make_node("Tile", ["age", "times"], ["bomb"]))


def _range_bomb(model: ModelProto) -> None:
    for name, value in (("from", 0), ("to", 10**12), ("by", 1)):
        model.graph.initializer.append(numpy_helper.from_array(np.array(value), name))
    model.graph.node.append(helper.make_node("Range", ["from", "to", "by"], ["bomb"]))


def _made_bomb(model: ModelProto) -> None:
    """Sizes that are computed inside the graph."""
    model.graph.initializer.append(numpy_helper.from_array(np.array([100_000, 100_000]), "half"))
    model.graph.node.append(helper.make_node("Add", ["half", "half"], ["sizes"]))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["sizes"], ["bomb"]))


DEEP = "[" * 200 + "]" * 200
VERY_DEEP = "[" * 100_000 + "]" * 100_000

CHANGES: dict[str, tuple[Change, str]] = {
    "external data in an initialiser": (_constant(_external), "external data"),
    "external data named but not used": (_constant(_external_note), "external data"),
    "external data in an attribute": (_external_in_attribute, "external data"),
    "a sparse initialiser": (lambda m: _ignored(m.graph.sparse_initializer.append(_sparse())), "sparse initialisers"),
    "a sparse attribute": (_attribute(lambda a: a.sparse_tensor.CopyFrom(_sparse())), "sparse tensor"),
    "a list of sparse tensors": (_attribute(lambda a: a.sparse_tensors.append(_sparse())), "sparse tensors"),
    "a list of tensors": (_attribute(lambda a: a.tensors.add()), "list of tensors"),
    "a type attribute": (_attribute(lambda a: a.tp.SetInParent()), "type as attribute"),
    "a list of types": (_attribute(lambda a: a.type_protos.add()), "list of types"),
    "a subgraph in an attribute": (_attribute(lambda a: a.g.SetInParent()), "subgraph"),
    "a list of subgraphs": (_attribute(lambda a: a.graphs.add()), "subgraphs"),
    "a reference attribute": (_attribute(lambda a: setattr(a, "ref_attr_name", "x")), "references"),
    "an attribute of two kinds": (_attribute(lambda a: (setattr(a, "i", 1), setattr(a, "f", 1.0))), "wrongly declared"),
    "an attribute of no kind": (_attribute(lambda a: setattr(a, "type", 0)), "wrongly declared"),
    "a Loop": (_subgraph("Loop"), "'Loop'"),
    "an If": (_subgraph("If"), "'If'"),
    "a Scan": (_subgraph("Scan"), "'Scan'"),
    "a SequenceMap": (_subgraph("SequenceMap"), "'SequenceMap'"),
    "an operator of random numbers": (_node("RandomUniformLike"), "'RandomUniformLike'"),
    "an unknown operator": (_node("Backdoor"), "'Backdoor'"),
    "a foreign domain": (_node("Inverse", "com.microsoft"), "com.microsoft"),
    "a training domain": (_node("Adam", "ai.onnx.preview.training"), "ai.onnx.preview.training"),
    "a foreign operator set": (_opset("evil.example", 1), "evil.example"),
    "an operator set declared twice": (_opset("ai.onnx", 21), "twice"),
    "a newer operator set": (_newer_opset, "version 99"),
    "an old file format": (_ir(2), "IR version 2"),
    "a newer file format": (_ir(99), "IR version 99"),
    "a local function": (_function, "functions of its own"),
    "training steps": (_training, "training steps"),
    "a model domain": (lambda m: setattr(m, "domain", "x"), "model domain"),
    "a description": (lambda m: setattr(m, "doc_string", "x" * 10), "description"),
    "an unknown key of ours": (_metadata("modelwright.plugin", "os"), "unknown metadata 'modelwright.plugin'"),
    "a foreign key": (_metadata("author", "me"), "unknown metadata 'author'"),
    "a repeated key": (_metadata("modelwright.schema", "{}"), "twice"),
    "no manifest": (_without("modelwright.manifest"), "no modelwright.manifest"),
    "no schema": (_without("modelwright.schema"), "no modelwright.schema"),
    "oversized metadata": (_metadata("modelwright.card", '"' + "x" * (17 << 20) + '"'), "MB of metadata"),
    "nested metadata": (_metadata("modelwright.card", DEEP), "too deeply"),
    "metadata nested beyond Python": (_metadata("modelwright.card", VERY_DEEP), "card"),
    "metadata that is no JSON": (_metadata("modelwright.card", "{"), "no usable JSON"),
    "metadata with NaN": (_metadata("modelwright.card", "NaN"), "no usable JSON"),
    "metadata with an infinite number": (_metadata("modelwright.card", "1e999"), "not finite"),
    "metadata with a repeated name": (_metadata("modelwright.card", '{"a":1,"a":2}'), "twice"),
    "metadata with an endless number": (_metadata("modelwright.card", "9" * 10_000), "no usable JSON"),
    "an unknown format": (_document("manifest", lambda d: d.update(format=2)), "format 2"),
    "a format that is no number": (_document("manifest", lambda d: d.update(format="1")), "no format number"),
    "a format that is true": (_document("manifest", lambda d: d.update(format=True)), "no format number"),
    "a manifest with more in it": (_document("manifest", lambda d: d.update(module="os")), "unknown entry 'module'"),
    "a manifest with a wrong type": (_document("manifest", lambda d: d.update(seed="0")), "'seed'"),
    "a manifest that is a list": (_document("manifest", "[]"), "no format number"),
    "classes that do not fit": (_document("manifest", _bad_classes), "classes"),
    "classes of mixed types": (_document("manifest", _mixed_classes), "classes"),
    "a schema that is none": (_document("schema", "{}"), "schema"),
    "a schema of another kind": (_document("schema", lambda d: d["columns"][0].update(kind="code")), "schema"),
    "a schema with wrong parsing": (
        _document("schema", lambda d: d["columns"][0]["parsing"].update(missing=3)),
        "schema",
    ),
    "a schema with a wrong range": (_document("schema", lambda d: d["columns"][0].update(low="a")), "'low'"),
    "a schema with a wrong level": (_document("schema", lambda d: d["columns"][2].update(levels=[1])), "'levels'"),
    "a schema with a name that is a list": (_document("schema", lambda d: d["columns"][0].update(name=[])), "'name'"),
    "a schema of other columns": (_document("schema", lambda d: d["columns"].pop()), "inputs"),
    "an input of another type": (_input_type, "input 'age'"),
    "an input of another name": (_input_name, "input 'agee'"),
    "one input more": (_extra_input, "5 inputs"),
    "an input that is a sequence": (_sequence_input, "sequence type"),
    "an input of 10 GB": (_huge_input, "input 'age'"),
    "a lost output": (_lost_output, "outputs"),
    "one output more": (_extra_output, "outputs"),
    "types of inner values": (lambda m: _ignored(m.graph.value_info.add()), "inner values"),
    "metadata in the graph": (lambda m: _ignored(m.graph.metadata_props.add()), "inside the graph"),
    "notes on quantisation": (lambda m: _ignored(m.graph.quantization_annotation.add()), "quantisation"),
    "an initialiser of 17 GB": (_constant(_grown), "declares"),
    "sizes that wrap to nothing": (_constant(_wrapped), "declares"),
    "a negative size": (_constant(lambda t: t.dims.append(-1)), "impossible size"),
    "too many sizes": (_constant(lambda t: t.dims.extend([1] * 20)), "dimensions"),
    "a short initialiser": (_constant(lambda t: setattr(t, "raw_data", t.raw_data[:-1])), "declares"),
    "an unknown element type": (_constant(lambda t: setattr(t, "data_type", 77)), "element type 77"),
    "numbers in another field": (_constant(_typed_numbers), "outside raw_data"),
    "a tensor in segments": (_constant(lambda t: t.segment.SetInParent()), "segments"),
    "more texts than there are": (_text_constant(_strings_grown), "declares"),
    "texts that are not UTF-8": (_text_constant(lambda t: t.string_data.__setitem__(0, b"\xff\xfe")), "not UTF-8"),
    "two initialisers of one name": (_repeated_initialiser, "two initialisers"),
    "80 GB made of a constant": (_memory_bomb, "ConstantOfShape"),
    "16 GB made of a tile": (_tile_bomb, "Tile"),
    "8 TB made of a range": (_range_bomb, "Range"),
    "80 GB of computed sizes": (_made_bomb, "ConstantOfShape"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_file_is_refused_though_its_seal_fits(
    name: str, small_file: Callable[..., bytes], no_session: None
) -> None:
    change, sentence = CHANGES[name]
    model = onnx.load_from_string(small_file())
    change(model)
    data = digest.seal(model.SerializeToString())
    with pytest.raises(FileRefusedError, match=sentence) as refusal:
        Model.open(data)
    assert refusal.value.exit_code == 6
    assert len(str(refusal.value)) < 600


def test_file_written_again_by_the_onnx_package_passes(small_file: Callable[..., bytes]) -> None:
    # The refusals above come from the change alone: the same path without a change is accepted.
    again = digest.seal(onnx.load_from_string(small_file()).SerializeToString())
    assert Model.open(again).predict(ROW) == Model.open(small_file()).predict(ROW)


def _not_utf8(data: bytes) -> bytes:
    place = data.index(b"log_loss")
    return digest.seal(data[:place] + b"\xff\xfe" + data[place + 2 :])


def _second_metadata(data: bytes) -> bytes:
    more = ModelProto()
    more.metadata_props.add(key="modelwright.card", value='"hello"')
    return data + more.SerializeToString()


def _longer_number(data: bytes) -> bytes:
    """The IR version written with one byte more than it needs."""
    assert data[:2] == b"\x08\x0a"
    return digest.seal(b"\x08\x8a\x00" + data[2:])


def _foreign(_: bytes) -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    return helper.make_model(graph).SerializeToString()


FILES: dict[str, tuple[Bytes, str]] = {
    "an empty file": (lambda _: b"", "empty"),
    "a foreign ONNX file": (_foreign, "not one that modelwright wrote"),
    "a pickle": (lambda _: b"\x80\x04\x95\x1c\x00\x00\x00", "damaged or is no ONNX file"),
    "a zip file": (lambda _: b"PK\x03\x04\x14\x00\x00\x00", "damaged or is no ONNX file"),
    "a CSV file": (lambda _: b"age,city\n3,Rome\n", "damaged or is no ONNX file"),
    "zeros": (lambda _: bytes(1000), "field number 0"),
    "half a file": (lambda d: d[: len(d) // 2], "damaged"),
    "all but the last byte": (lambda d: d[:-1], "damaged"),
    "a changed byte of a weight": (lambda d: d.replace(b"Rome", b"Rime", 1), "digest"),
    "another seal": (lambda d: d.replace(audit(d).digest.encode(), b"0" * 64), "digest"),
    "garbage after the end": (lambda d: d + b"garbage", "damaged"),
    "a second file's metadata after the end": (_second_metadata, "digest"),
    "the same, sealed, then the file again": (lambda d: digest.seal(_second_metadata(d) + d), "twice"),
    "two files joined": (lambda d: d + d, "twice"),
    "an unknown field": (lambda d: digest.seal(d + b"\xfa\x01\x01x"), "unknown field 31"),
    "an old group": (lambda d: d + b"\x0b\x0c", "wire type 3"),
    "a field of a wrong type": (lambda d: d + b"\x38\x01", "wrong type"),
    "metadata that is not UTF-8": (_not_utf8, "not UTF-8"),
    "a number longer than it needs": (_longer_number, "oddly written"),
    "a number longer than 64 bits": (lambda d: b"\x08" + b"\xff" * 11 + d, "too long"),
    "a length of exabytes": (lambda d: d + b"\x3a" + varint(1 << 62), "announced"),
    "ten thousand nested messages": (lambda _: b"".join(b"\x3a" + varint(30_000 - i) for i in range(9000)), "damaged"),
}


@pytest.mark.parametrize("name", FILES)
def test_broken_bytes_are_refused(name: str, small_file: Callable[..., bytes], no_session: None) -> None:
    make, sentence = FILES[name]
    with pytest.raises(FileRefusedError, match=sentence):
        Model.open(make(small_file()))


def test_file_beyond_the_cap_is_refused(small_file: Callable[..., bytes], no_session: None) -> None:
    with pytest.raises(FileRefusedError, match="larger than"):
        audit(small_file(), largest=1000)


def test_the_corpus_is_large_enough() -> None:
    assert len(CHANGES) + len(FILES) >= 60


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bytes_are_refused_or_change_nothing(data: st.DataObject, small_file: Callable[..., bytes]) -> None:
    good = small_file()
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FileRefusedError):
        audit(bytes(bad))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bytes_under_a_fitting_seal_open_or_are_refused(
    data: st.DataObject, small_file: Callable[..., bytes]
) -> None:
    bad = bytearray(small_file())
    for _ in range(data.draw(st.integers(1, 3))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = Model.open(digest.seal(bytes(bad)))
    except FileRefusedError:
        return
    assert model.task.name == "binary"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_and_grown_files_are_refused(data: st.DataObject, small_file: Callable[..., bytes]) -> None:
    good = small_file()
    start, stop = data.draw(st.integers(0, len(good))), data.draw(st.integers(0, len(good)))
    with pytest.raises(FileRefusedError):
        audit(good[:start] + good[max(start + 1, stop) :] if start < len(good) else good + b"\x00")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FileRefusedError):
        Model.open(data)
