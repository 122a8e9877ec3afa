"""Uploads that must not become versions: each is refused by its code, and leaves no row, no blob and no file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hostile_models import archives, pickles, with_dimensions, with_external_data, with_ir_version
from onnx import helper
from registry_process import Registry
from remains import remains_of
from sample_models import Sample, announce, code_of, linear_model, model_of, put

MANIFEST = linear_model().manifest


def check_nothing_came_of(registry: Registry, http: httpx.Client, files: Mapping[str, bytes], codes: set[str]) -> None:
    """Push each file with its true digest, and look at what is left."""
    before = remains_of(registry, announced=False)
    for kind, content in files.items():
        upload = announce(http, "hostile", Sample(content, MANIFEST)).json()["id"]
        answer = put(http, "hostile", upload, content)
        assert answer.status_code == (415 if answer.json()["error"]["code"] == "unsupported_format" else 422), kind
        assert code_of(answer) in codes, (kind, answer.text)
        assert len(answer.content) < 2_000
        assert str(registry.data) not in answer.text
    assert remains_of(registry, announced=False) == before
    assert http.get("/models/hostile").status_code == 404


def test_no_pickle_is_taken_and_none_is_opened(registry: Registry, http: httpx.Client, tmp_path: Path) -> None:
    mark = tmp_path / "a-pickle-was-opened"
    files = dict(pickles(mark))
    check_nothing_came_of(registry, http, {"hidden": files.pop("after what ONNX begins with")}, {"invalid_model"})
    check_nothing_came_of(registry, http, files, {"unsupported_format"})
    assert not mark.exists()


def test_no_archive_is_taken_and_none_is_unpacked(registry: Registry, http: httpx.Client) -> None:
    check_nothing_came_of(registry, http, archives(), {"unsupported_format"})
    assert not list(registry.data.parent.rglob("evil*"))


def test_no_other_file_is_read_for_a_model(registry: Registry, http: httpx.Client, tmp_path: Path) -> None:
    weights = tmp_path / "weights.bin"
    weights.write_bytes(bytes(8))
    (tmp_path / "symbolic.bin").symlink_to(weights)
    (tmp_path / "hard.bin").hardlink_to(weights)
    places = [*tmp_path.iterdir(), "../../etc/passwd", "/etc/passwd", "weights.bin", "", "file:///etc/passwd"]
    files = {f"at {place}": with_external_data(location=str(place)) for place in places}
    files |= {
        "beyond its end": with_external_data(location="w", offset="-1", length=str(2**63)),
        "with a name of Python": with_external_data(location="w", __class__="evil"),
        "without a place": with_external_data(),
    }
    check_nothing_came_of(registry, http, files, {"external_data_forbidden"})


def test_no_broken_model_is_taken(registry: Registry, http: httpx.Client) -> None:
    whole = linear_model().onnx
    files = {
        "cut": whole[:-20],
        "one byte": b"\x08",
        "noise": b"\x08" + hashlib.shake_256(b"noise").digest(5_000),
        "deep": b"\x08\x08" + b"\x3a\x7f" * 5_000,
        "huge": with_dimensions(2**62, 2**62),
        "overflowing": with_dimensions(2**62, 4),
        "negative": with_dimensions(-2, -1),
        "without weights": with_dimensions(2, 10**9),
        "of a newer opset": model_of([helper.make_node("Neg", ["x"], ["y"])], opset=2**31 - 1),
        "of a newer format": with_ir_version(2**62),
        "of no format": with_ir_version(-1),
        "of an operator of its own": model_of(
            [helper.make_node("Own", ["x"], ["y"], domain="own")], opsets=[helper.make_opsetid("own", 1)]
        ),
    }
    check_nothing_came_of(registry, http, files, {"invalid_model", "unsupported_operator", "signature_mismatch"})


def test_bytes_must_be_those_that_were_announced(registry: Registry, http: httpx.Client) -> None:
    before = remains_of(registry, announced=False)
    sample, other = linear_model(2), linear_model(3)
    assert len(sample.onnx) == len(other.onnx)
    upload = announce(http, "hostile", sample).json()["id"]
    longer = put(http, "hostile", upload, sample.onnx + bytes(1))
    assert (longer.status_code, code_of(longer)) == (413, "payload_too_large")
    chunked = put(http, "hostile", upload, iter([sample.onnx] * 100))
    assert (chunked.status_code, code_of(chunked)) == (413, "payload_too_large")
    for content in (other.onnx, sample.onnx[:-1], b""):
        answer = put(http, "hostile", upload, content)
        assert (answer.status_code, code_of(answer)) == (422, "digest_mismatch")
        assert other.request.sha256 not in answer.text
    assert remains_of(registry, announced=False) == before
    assert http.get("/models/hostile/versions").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/gzip"},
        {"Content-Type": "application/python-pickle"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "zstd, gzip"},
    ],
)
def test_bytes_come_raw_or_not_at_all(registry: Registry, http: httpx.Client, headers: dict[str, str]) -> None:
    sample = linear_model(4)
    upload = announce(http, "hostile", sample).json()["id"]
    before = remains_of(registry)
    peak = Path(f"/proc/{registry.process.pid}/status")
    Path(f"/proc/{registry.process.pid}/clear_refs").write_text("5", "ascii")  # forget the peak of its memory
    resident = kibibytes(peak, "VmRSS")
    answer = put(http, "hostile", upload, iter([bytes(65_536)] * 1_000), **headers)
    assert answer.status_code == 415
    assert code_of(answer) in ("unsupported_media_type", "encoding_unsupported")
    assert kibibytes(peak, "VmHWM") - resident < 32 * 1_024
    assert remains_of(registry) == before


def kibibytes(status: Path, name: str) -> int:
    return next(int(line.split()[1]) for line in status.read_text("ascii").splitlines() if line.startswith(name))


def golden(features: Any, predictions: Any = (6.0, -2.0), **changes: Any) -> dict[str, Any]:
    """The announcement of a model with these golden rows."""
    document = linear_model().document
    document["manifest"]["receipt"]["golden"] = {"features": features, "predictions": list(predictions), **changes}
    return document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (golden([]), "invalid_request"),
        (golden([[1.0, 2.0]]), "invalid_request"),
        (golden([[1.0, 2.0]] * 33, [6.0] * 33), "invalid_request"),
        (golden([1.0, 2.0]), "invalid_request"),
        (golden([[1.0, 2.0], [[3.0], -4.0]]), "invalid_request"),
        (golden([[1.0, 2.0], [3.0, {"a": 1}]]), "invalid_request"),
        (golden([[1.0, 2.0], [3.0, -4.0]], probabilities=[[1.0]]), "invalid_request"),
        (golden([[1.0, 2.0], [3.0, -4.0]], ["6.0", True]), "invalid_receipt"),
        (golden([[1.0, 2.0], [3.0, -4.0]], [None, [1.0]]), "invalid_receipt"),
        (golden([[1.0, 2.0], [3.0]]), "invalid_row"),
        (golden([[1.0, 2.0, 3.0], [3.0, -4.0, 5.0]]), "invalid_row"),
        (golden([[], []]), "invalid_row"),
        (golden([["1.0", 2.0], [3.0, -4.0]]), "invalid_row"),
        (golden([[True, 2.0], [3.0, -4.0]]), "invalid_row"),
        (golden([[None, 2.0], [3.0, -4.0]]), "invalid_row"),
    ],
)
def test_golden_rows_must_be_rows_of_the_signature(
    registry: Registry, http: httpx.Client, document: dict[str, Any], code: str
) -> None:
    before = remains_of(registry, announced=False)
    content = linear_model().onnx
    announced = http.post("/models/golden/uploads", json=document)
    if code == "invalid_request":
        assert (announced.status_code, code_of(announced)) == (422, code)
    else:
        answer = put(http, "golden", announced.json()["id"], content)
        assert answer.status_code == 422
        assert code_of(answer) == code
    assert remains_of(registry, announced=False) == before
