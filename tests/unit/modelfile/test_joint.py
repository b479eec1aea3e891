"""Model files joined into one of several targets, and taken apart again."""

from collections.abc import Callable, Iterator

import numpy as np
import onnx
import pytest

from modelwright.core.errors import FileRefusedError, SeveralTargetsError, SpecError
from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.task import Task
from modelwright.model.model import Model
from modelwright.model.session import Session
from modelwright.modelfile import digest
from modelwright.modelfile.encode import encode
from modelwright.modelfile.joint import join, split
from modelwright.modelfile.manifest import Manifest, documents


def file_of(target: str, columns: dict[str, str], factor: float = 2.0, task: Task | None = None) -> bytes:
    """A file that multiplies its first column; as classes it asks whether that is positive."""
    task = task or Task("regression")
    schema = Schema(
        tuple(ColumnSchema(name, "number" if t == "number" else "category", t) for name, t in columns.items())
    )  # type: ignore[arg-type]  # dtypes
    graph = Graph(prefix="##" if any(name.startswith("#") for name in columns) else "#")
    first, *_ = [graph.input(name, "double" if t == "number" else "string") for name, t in columns.items()]
    values = graph.op("Mul", first, graph.constant(factor))
    names = task.outputs(schema.names)
    if task.is_classification:
        positive = graph.op("Sigmoid", values)
        both = graph.op("Concat", graph.op("Sub", graph.constant(1.0), positive), positive, axis=1)
        texts = graph.constant(np.array(task.classes, dtype=object))
        graph.output(
            names[0], graph.op("Gather", texts, graph.op("ArgMax", both, axis=1, keepdims=0)), "string", (None,)
        )
        graph.output(names[1], both, "double", (None, 2))
    else:
        graph.output(names[0], graph.op("Reshape", values, graph.constant([-1])), "double", (None,))
    return encode(graph, documents(Manifest("0.1.0", task, target, "rmse"), schema))


YES_NO = Task("binary", ("no", "yes"))


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    return [
        file_of("price", {"size": "number", "label_sold": "number"}),
        file_of("sold", {"age": "number", "#odd": "number", "size": "number"}, -1.5, YES_NO),
    ]


def test_parts_come_out_as_they_went_in(files: list[bytes]) -> None:
    joint = join(files)
    assert [part.data for part in joint.parts.values()] == files
    again = split(joint.data)
    assert [part.data for part in again.parts.values()] == files
    assert again.data == joint.data
    assert again.digest == joint.digest == digest.of_file(joint.data, digest.locate(joint.data))


def test_inputs_are_shared_and_outputs_named_by_target(files: list[bytes]) -> None:
    joint = join(files)
    assert joint.schema.names == ("size", "label_sold", "age", "#odd")
    assert joint.outputs == {
        "price": {"prediction": "prediction_price"},
        "sold": {"label": "label_sold_", "probabilities": "probabilities_sold"},  # an input is called label_sold
    }


def test_the_whole_answers_as_its_parts_and_is_plain_onnx(files: list[bytes]) -> None:
    joint = join(files)
    onnx.checker.check_model(onnx.load_from_string(joint.data), full_check=True)
    rows = {name: np.array([[1.0], [np.nan], [-3.0]]) * i for i, name in enumerate(joint.schema.names, 1)}
    for target, part in joint.parts.items():
        own = joint.outputs[target]
        whole = Session(joint.data).run(list(own.values()), rows)
        alone = Session(part.data).run(list(own), {name: rows[name] for name in part.contents.schema.names})
        for found, wanted in zip(whole, alone, strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_one_target_makes_a_file_too(files: list[bytes]) -> None:
    assert list(split(join(files[:1]).data).parts) == ["price"]


def test_a_reader_of_one_target_names_those_of_the_file(files: list[bytes]) -> None:
    with pytest.raises(
        SeveralTargetsError, match=r"several targets: 'price', 'sold'\..*--for price.*mw\.load"
    ) as caught:
        Model.open(join(files).data)
    assert caught.value.exit_code == 2


def test_a_file_of_one_target_is_not_taken_apart(files: list[bytes]) -> None:
    with pytest.raises(FileRefusedError, match="format 1, not 2"):
        split(files[0])


def test_what_does_not_fit_together_is_not_joined(files: list[bytes]) -> None:
    with pytest.raises(SpecError, match="same target"):
        join([files[0], files[0]])
    texts = file_of("other", {"age": "number", "size": "string"})
    with pytest.raises(SpecError, match="'size' is read as numbers for 'price' and as strings for 'other'"):
        join([files[0], texts])
    with pytest.raises(SpecError, match="1 to 200 targets"):
        join([])
    with pytest.raises(SeveralTargetsError):
        join([join(files).data, files[0]])


def _changed(data: bytes) -> Iterator[tuple[str, bytes]]:
    model = onnx.load_from_string(data)

    def again(change: Callable[[onnx.ModelProto], None]) -> bytes:
        other = onnx.ModelProto()
        other.CopyFrom(model)
        change(other)
        return digest.seal(other.SerializeToString(deterministic=True))

    def entry(other: onnx.ModelProto, key: str) -> onnx.StringStringEntryProto:
        return next(e for e in other.metadata_props if e.key == f"modelwright.{key}")

    def renamed(other: onnx.ModelProto) -> None:
        entry(other, "manifest").value = entry(other, "manifest").value.replace("prediction_price", "prediction_cost")

    yield "a changed constant", data.replace(np.float64(-1.5).tobytes(), np.float64(1.5).tobytes())
    yield "the same, sealed", digest.seal(data.replace(np.float64(-1.5).tobytes(), np.float64(1.5).tobytes()))
    yield "an operator of nobody", again(lambda m: m.graph.node.add(op_type="Neg", input=["size"], output=["more"]))
    yield "an operator too many", again(lambda m: m.graph.node.add(op_type="Neg", input=["size"], output=["##0/x"]))
    yield "an output under another name", again(renamed)
    yield "a part without its manifest", again(lambda m: m.metadata_props.remove(entry(m, "1.manifest")))
    yield "further metadata", again(lambda m: m.metadata_props.add(key="modelwright.7.card", value="{}"))
    yield "a higher format", again(lambda m: setattr(entry(m, "manifest"), "value", '{"format":3}'))
    yield "a manifest of nothing", again(lambda m: setattr(entry(m, "manifest"), "value", '{"format":2,"targets":[]}'))
    yield (
        "targets twice",
        again(
            lambda m: setattr(
                entry(m, "manifest"),
                "value",
                '{"format":2,"targets":[' + ",".join(['{"name":"a","outputs":{}}'] * 2) + "]}",
            )
        ),
    )
    yield "a long head", again(lambda m: setattr(m, "producer_name", "x" * 5000))
    yield "an input gone", again(lambda m: m.graph.input.pop(0) and None)
    yield "cut off", data[:-100]
    yield "nothing", b""


@pytest.mark.parametrize("place", range(14))
def test_a_file_that_its_parts_do_not_make_is_refused(files: list[bytes], place: int) -> None:
    name, data = list(_changed(join(files).data))[place]
    with pytest.raises(FileRefusedError):
        split(data)
    assert name
