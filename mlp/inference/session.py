"""The graph in memory. The only module that imports onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import onnxruntime

from mlp.errors import Invalid
from mlp.proof import Feeds

RUNTIME_VERSION: str = onnxruntime.__version__

# It would write plain text to stderr, between the JSON lines; what matters arrives as an exception.
onnxruntime.set_default_logger_severity(4)


class Session:
    """A loaded ONNX graph; `run` may be called from several threads at once."""

    def __init__(self, path: Path, threads: int) -> None:
        """Load the graph at `path`; raise Invalid (`invalid_model`) if ONNX Runtime does not take it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Idle threads that spin would take the CPU from the event loop, and from other models on this machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            graph = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions share no base class
            raise Invalid("ONNX Runtime cannot load the model", code="invalid_model") from error
        self.inputs: Mapping[str, str] = {node.name: node.type for node in graph.get_inputs()}
        """Input name -> ONNX type, as in `tensor(float)`."""
        self.output_types: Mapping[str, str] = {node.name: node.type for node in graph.get_outputs()}
        self.outputs: tuple[str, ...] = tuple(self.output_types)
        # The public `run` looks for missing inputs and for GPUs each time: half of what a small model takes itself.
        self._run = graph._sess.run

    def run(self, feeds: Feeds) -> Mapping[str, npt.NDArray[Any]]:
        """Compute all outputs, by name."""
        return dict(zip(self.outputs, self.compute(feeds, self.outputs), strict=True))

    def compute(self, feeds: Feeds, outputs: Sequence[str]) -> list[npt.NDArray[Any]]:
        """Compute the named outputs, in that order.

        Raises Invalid (`unanswerable_rows`) when the graph fails: it has answered its golden rows, so these rows are
        ones that it cannot compute.
        """
        try:
            tensors: list[npt.NDArray[Any]] = self._run(outputs, feeds, None)
        except Exception as error:  # its exceptions share no base class
            raise Invalid("the model cannot compute an answer to these rows", code="unanswerable_rows") from error
        return tensors
