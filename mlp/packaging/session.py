"""ONNX Runtime on the user's machine: it runs exactly the bytes that are uploaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from mlp.errors import Unsupported
from mlp.proof import Feeds

SILENT = 4


class Session:
    """A loaded graph. Raises Unsupported (`invalid_graph`) where ONNX Runtime does not take or run it."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = SILENT
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its many exceptions share no other base class
            raise _invalid(error) from error
        self.inputs = tuple(node.name for node in self._session.get_inputs())
        self.outputs = tuple(node.name for node in self._session.get_outputs())

    def run(self, feeds: Feeds) -> dict[str, npt.NDArray[Any]]:
        """Return the graph's tensors by name; outputs that are no tensors are left out."""
        try:
            answers = self._session.run(None, dict(feeds))
        except Exception as error:
            raise _invalid(error) from error
        named = zip(self.outputs, answers, strict=True)
        return {name: answer for name, answer in named if isinstance(answer, np.ndarray)}


def _invalid(error: Exception) -> Unsupported:
    return Unsupported(f"ONNX Runtime cannot run the graph: {str(error).strip()[:300]}", code="invalid_graph")
