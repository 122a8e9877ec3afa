"""Files that pretend to be models."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import onnx
from onnx import TensorProto, helper
from sample_models import linear_model, model_of


class Reduces:
    """What makes a pickle of this run code: whoever unpickles it creates a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (Path.touch, (self.mark,))


def pickles(mark: Path) -> Mapping[str, bytes]:
    """Pickles in every dress; each creates `mark` when it is opened."""
    plain = pickle.dumps(Reduces(mark))
    dumped = io.BytesIO()
    joblib.dump(Reduces(mark), dumped, compress=3)
    return {
        **{f"protocol {protocol}": pickle.dumps(Reduces(mark), protocol) for protocol in range(6)},
        "joblib": dumped.getvalue(),
        "zlib": zlib.compress(plain),
        "after what ONNX begins with": b"\x08\x08" + plain,
        "within a zip, as PyTorch saves": zipped("archive/data.pkl", plain),
    }


def archives() -> Mapping[str, bytes]:
    """Archives whose members would land elsewhere, and bombs."""
    return {
        "zip": zipped("../../evil.onnx", linear_model().onnx),
        "zip bomb": zipped("model.onnx", bytes(20_000_000)),
        "tar": tarred("../../evil.onnx"),
        "tar.gz": zlib.compress(tarred("/etc/evil"), wbits=31),
        "gzip bomb": zlib.compress(bytes(20_000_000), wbits=31),
    }


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def tarred(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def with_external_data(**entries: str) -> bytes:
    """A model whose weights are said to lie in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], initializers=[tensor])


def with_dimensions(*sizes: int) -> bytes:
    """A model with a weight of impossible dimensions and eight bytes."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=sizes, raw_data=bytes(8))
    return model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], initializers=[tensor])


def with_ir_version(version: int) -> bytes:
    model = onnx.load_model_from_string(linear_model().onnx)
    model.ir_version = version
    return bytes(model.SerializeToString())
