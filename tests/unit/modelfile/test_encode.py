from collections.abc import Callable

import numpy as np
import onnx
import pytest

from modelwright.core.errors import OutputError
from modelwright.core.graph import Graph
from modelwright.modelfile import digest, encode
from modelwright.modelfile.wire import Message


def typed_graph() -> Graph:
    """A graph with every type of constant and attribute."""
    graph = Graph()
    x = graph.input("x", "double")
    for value, element in (
        ([1.5, np.nan], "double"),
        ([1.5], "float"),
        ([[1, -2], [3, 2**62]], "int64"),
        ([-7], "int32"),
        ([0, 255], "uint8"),
        ([True, False], "bool"),
        (["", "ß", "漢字\0"], "string"),
        ([], "double"),
        (3.0, "double"),
    ):
        graph.constant(value, element)  # type: ignore[arg-type]
    graph.op(
        "Thing",
        x,
        "",
        domain="ai.onnx.ml",
        one=-5,
        half=0.5,
        text="ß",
        ints=[1, -1, 300, 2**40],
        floats=[0.1, 2.0],
        texts=["a", "漢"],
        none=[],
        tensor=np.array([[1.0, 2.0]]),
        names=np.array(["a", ""], dtype=object),
    )
    graph.output("y", x, "double", (None, 1))
    return graph


def test_every_type_is_written_as_the_onnx_package_reads_it() -> None:
    graph = typed_graph()
    model = onnx.load_from_string(encode.encode(graph, {"b": "2", "a": "ü"}))
    assert (model.ir_version, model.producer_name) == (10, "modelwright")
    assert {o.domain: o.version for o in model.opset_import} == {"": 21, "ai.onnx.ml": 5}
    assert [p.key for p in model.metadata_props] == ["a", "b", digest.KEY]
    assert model.metadata_props[0].value == "ü"
    found = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    assert list(found) == list(graph.constants)
    for name, array in graph.constants.items():
        if array.dtype == object:
            assert [
                bytes(s).decode() for s in next(t for t in model.graph.initializer if t.name == name).string_data
            ] == (array.tolist())
        else:
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
    values = {a.name: onnx.helper.get_attribute_value(a) for a in model.graph.node[0].attribute}
    assert values["one"] == -5
    assert values["half"] == 0.5
    assert values["text"] == "ß".encode()
    assert values["ints"] == [1, -1, 300, 2**40]
    assert values["floats"] == pytest.approx([0.1, 2.0])
    assert values["texts"] == [b"a", "漢".encode()]
    assert values["none"] == []
    assert onnx.numpy_helper.to_array(values["tensor"]).tolist() == [[1.0, 2.0]]
    assert list(model.graph.node[0].input) == ["x", ""]
    shape = model.graph.input[0].type.tensor_type.shape
    assert (shape.dim[0].dim_param, shape.dim[1].dim_value) == ("rows", 1)


def test_files_pass_the_checker(small_file: Callable[..., bytes]) -> None:
    for kind in ("binary", "flag", "multiclass", "regression"):
        onnx.checker.check_model(onnx.load_from_string(small_file(kind)), full_check=True)


def test_bytes_repeat_whatever_the_order_of_metadata() -> None:
    first = encode.encode(typed_graph(), {"b": "2", "a": "1"})
    assert first == encode.encode(typed_graph(), {"a": "1", "b": "2"})


def test_seal_fits_and_covers_every_other_byte(small_file: Callable[..., bytes]) -> None:
    data = small_file()
    start, end = digest.locate(data)
    assert data[start:end].decode() == digest.of_file(data, (start, end))
    assert digest.seal(data) == data
    for place in (0, 100, start - 1, end, len(data) - 1):
        changed = bytearray(data)
        changed[place] ^= 1
        assert digest.of_file(bytes(changed), (start, end)) != data[start:end].decode()


def test_file_beyond_two_gigabytes_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Message.blob

    def pretend(self: Message, number: int, value: bytes) -> None:
        real(self, number, value)
        self.size += 2**31 if number == 9 else 0

    monkeypatch.setattr(Message, "blob", pretend)
    with pytest.raises(OutputError, match="cannot exceed 2 GB"):
        encode.encode(typed_graph(), {})
