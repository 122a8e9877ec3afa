"""Models to push, and the requests of a push one by one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import onnx
from onnx import TensorProto, helper

from mlp.api.model import Manifest, UploadRequest


@dataclass(frozen=True)
class Sample:
    """A model with its manifest, ready to be pushed."""

    onnx: bytes
    manifest: Manifest

    @property
    def request(self) -> UploadRequest:
        return UploadRequest(manifest=self.manifest, sha256=hashlib.sha256(self.onnx).hexdigest(), size=len(self.onnx))

    @property
    def document(self) -> dict[str, Any]:
        return self.request.model_dump(mode="json")


def linear_model(slope: float = 2.0, *, padding: int = 0, golden: bool = True) -> Sample:
    """y = slope * (a + b); `padding` bytes of an unused initializer make it as large as a test wants."""
    initializers = [
        helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [slope, slope]),
        helper.make_tensor("padding", TensorProto.UINT8, [padding], bytes(padding), raw=True),
    ]
    model = model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], initializers=initializers)
    rows = np.array([[1.0, 2.0], [3.0, -4.0]])
    answers = (rows.sum(axis=1) * slope).tolist()
    return Sample(model, manifest_of(rows.tolist() if golden else None, answers))


def model_of(nodes: list[Any], *, initializers: list[Any] = [], opset: int = 18, **options: Any) -> bytes:  # noqa: B006
    """An ONNX model with input x [rows, 2] and output y [rows, 1], floats."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers,
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3), *options.pop("opsets", ())]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8, **options).SerializeToString()


def manifest_of(rows: list[list[float]] | None, answers: list[float], **changes: Any) -> Manifest:
    golden = None if rows is None else {"features": rows, "predictions": answers}
    return Manifest.model_validate(
        {
            "signature": {
                "inputs": [
                    {"name": "a", "dtype": "float32", "tensor": "x"},
                    {"name": "b", "dtype": "float32", "tensor": "x"},
                ],
                "layout": "matrix",
                "outputs": {"task": "regression", "prediction": "y"},
            },
            "receipt": {"sample": "given", "rows": len(answers), "golden": golden},
            **changes,
        }
    )


def sized_like_rows(sizes: list[int], operators: list[Any]) -> bytes:
    """`big`: a tensor of `sizes`, made when the model runs so that nothing can be computed before."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Mul", ["shape", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "sizes"], ["wanted"]),
        helper.make_node("ConstantOfShape", ["wanted"], ["big"]),
        *operators,
    ]
    constants = [
        helper.make_tensor("zero", TensorProto.INT64, [1], [0]),
        helper.make_tensor("sizes", TensorProto.INT64, [2], sizes),
    ]
    return model_of(nodes, initializers=constants)


def endless_model() -> bytes:
    """A model that multiplies for minutes."""
    return sized_like_rows([6_000, 6_000], [helper.make_node("MatMul", ["big", "big"], ["y"])])


def announce(http: httpx.Client, name: str, sample: Sample, **headers: str) -> httpx.Response:
    return http.post(f"/models/{name}/uploads", json=sample.document, headers=headers)


def put(http: httpx.Client, name: str, upload: str, body: Any, **headers: str) -> httpx.Response:
    return http.put(
        f"/models/{name}/uploads/{upload}",
        content=body,
        headers={"Content-Type": "application/octet-stream", **headers},
    )


def code_of(answer: httpx.Response) -> str:
    """The code of an error, after a look at the whole document."""
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["message"]
    assert error["request_id"] == answer.headers["x-request-id"]
    return str(error["code"])
