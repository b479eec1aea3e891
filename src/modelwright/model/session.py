"""The one place that touches ONNX Runtime: a session made from audited bytes, and runs of it."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as state

from modelwright.core.errors import FileRefusedError, ModelwrightError
from modelwright.core.table import Array

_ERRORS: tuple[type[Exception], ...] = (
    state.EPFail,
    state.EngineError,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.ModelLoaded,
    state.NoModel,
    state.NoSuchFile,
    state.NotImplemented,
    state.RuntimeException,
    RuntimeError,
    ValueError,
)
_ONLY_ERRORS = 3  # ONNX Runtime's severity: warnings about shapes would land on the user's terminal


@final
class Session:
    """A graph ready to run on one thread; safe to share between threads."""

    def __init__(self, data: bytes) -> None:
        """Parse and prepare the graph.

        Raises:
            FileRefusedError: ONNX Runtime cannot use it.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = _ONLY_ERRORS
        try:
            self._session: Any = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except _ERRORS as error:
            raise FileRefusedError(f"ONNX Runtime cannot use the model file: {_first_line(error)}") from error

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Array]) -> list[Array]:
        """Return the named outputs for inputs of shape (n_rows, 1).

        Raises:
            ModelwrightError: ONNX Runtime failed; a fault of the file or of the machine, not of the data.
        """
        try:
            found: list[Array] = self._session.run(outputs, inputs)
        except _ERRORS as error:
            raise ModelwrightError(f"ONNX Runtime failed while predicting: {_first_line(error)}") from error
        return found


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
