"""Each type of value on each way to the model and back: nothing is rounded, renamed or lost."""

from __future__ import annotations

import json
import math
import struct

import numpy as np
import pytest
from in_process import InProcess
from onnx import TensorProto
from served_models import identity

from mlp.api.signature import DType, Outputs, Task
from mlp.errors import Invalid
from mlp.inference.oip.datatypes import NUMPY, OF_FEATURE, to_bytes

ONNX = {
    DType.FLOAT32: TensorProto.FLOAT,
    DType.FLOAT64: TensorProto.DOUBLE,
    DType.INT64: TensorProto.INT64,
    DType.BOOL: TensorProto.BOOL,
    DType.STRING: TensorProto.STRING,
}
TYPED = {"FP32": "fp32", "FP64": "fp64", "INT64": "int64", "BOOL": "bool", "BYTES": "bytes"}
VALUES = {
    DType.FLOAT32: [0.1, -3.4028234663852886e38, 1.401298464324817e-45],
    DType.FLOAT64: [0.1, 1.7976931348623157e308, 5e-324, 1 / 3],
    DType.INT64: [2**53 + 1, -(2**63), 2**63 - 1, 0],
    DType.BOOL: [True, False],
    DType.STRING: ["Zürich", "", '\x00\n"', "日本"],
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Return the one model of a type that all tests share; it answers what it is asked."""
    folder, models = tmp_path_factory.mktemp("types"), {}

    def serve(dtype: DType, outputs: Outputs | None = None, *, nullable: bool = False) -> InProcess:
        key = (dtype, repr(outputs), nullable)  # 0.0 and False are equal, and other classes
        if key not in models:
            published = identity(f"echo-{len(models)}", dtype, ONNX[dtype], outputs, nullable=nullable)
            models[key] = InProcess(published, folder)
        return models[key]

    return serve


def by_position(server, values):
    return json.loads(server.http("/predict", {"features": [[each] for each in values]}).body)["predictions"]


def by_name(server, values):
    return json.loads(server.http("/predict", {"records": [{"x": each} for each in values]}).body)["predictions"]


def as_instances(server, values):
    answer = server.http(f"/v1/models/{server.model.name}:predict", {"instances": [[each] for each in values]})
    return json.loads(answer.body)["predictions"]


def as_json(server, values):
    given = {"name": "x", "datatype": datatype(server), "shape": [len(values), 1], "data": values}
    output = json.loads(server.http(f"/v2/models/{server.model.name}/infer", {"inputs": [given]}).body)["outputs"][0]
    return output["data"]


def as_bytes(server, values):
    data = raw(server, values)
    given = {"name": "x", "datatype": datatype(server), "shape": [len(values), 1]}
    document = json.dumps(
        {
            "inputs": [{**given, "parameters": {"binary_data_size": len(data)}}],
            "parameters": {"binary_data_output": True},
        }
    ).encode()
    answer = server.http(
        f"/v2/models/{server.model.name}/infer",
        document + data,
        inference_header_content_length=str(len(document)),
    )
    length = int(dict(answer.headers)[b"inference-header-content-length"])
    output = json.loads(answer.body[:length])["outputs"][0]
    return elements(output["datatype"], answer.body[length:])


def as_raw_rpc(server, values):
    def fill(message):
        message.inputs.add(name="x", datatype=datatype(server), shape=[len(values), 1])
        message.raw_input_contents.append(raw(server, values))

    answer = server.rpc(fill)
    return elements(answer.outputs[0].datatype, answer.raw_output_contents[0])


def as_typed_rpc(server, values):
    def fill(message):
        given = message.inputs.add(name="x", datatype=datatype(server), shape=[len(values), 1])
        encoded = [each.encode() if isinstance(each, str) else each for each in values]
        getattr(given.contents, f"{TYPED[datatype(server)]}_contents").extend(encoded)

    output = server.rpc(fill).outputs[0]
    found = list(getattr(output.contents, f"{TYPED[output.datatype]}_contents"))
    return [each.decode() if isinstance(each, bytes) else each for each in found]


ROUTES = [by_position, by_name, as_instances, as_json, as_bytes, as_raw_rpc, as_typed_rpc]
IN_JSON = ROUTES[:4]
IN_BYTES = ROUTES[4:]


def datatype(server) -> str:
    return OF_FEATURE[server.model.signature.inputs[0].dtype]


def raw(server, values) -> bytes:
    return to_bytes(np.array(values, dtype=NUMPY[datatype(server)]))


def elements(kind: str, data: bytes) -> list:
    if kind != "BYTES":
        return np.frombuffer(data, NUMPY[kind]).tolist()
    found, place = [], 0
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        found.append(data[place + 4 : place + 4 + length].decode())
        place += 4 + length
    return found


def same(found: list, expected: list, dtype: DType) -> bool:
    """Whether values are the same, and of the same type; a float32 may be written with fewer digits than it has."""
    if dtype is DType.FLOAT32:
        found, expected = np.float32(found).tolist(), np.float32(expected).tolist()
    return found == expected and [type(each) for each in found] == [type(each) for each in expected]


@pytest.mark.parametrize("ask", ROUTES)
@pytest.mark.parametrize("dtype", list(DType))
def test_values_come_back_as_they_went(served, dtype, ask):
    assert same(ask(served(dtype), VALUES[dtype]), VALUES[dtype], dtype)


@pytest.mark.parametrize("ask", ROUTES)
@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT64])
def test_a_missing_number_is_no_number_to_the_model_and_null_in_json_and_counted(served, dtype, ask):
    server = served(dtype, nullable=True)
    before = server.metrics.non_finite
    found = ask(server, [None if ask in IN_JSON else math.nan, 1.5])
    assert found[1] == 1.5
    assert found[0] is None if ask in IN_JSON else math.isnan(found[0])
    assert server.metrics.non_finite == before + 1


@pytest.mark.parametrize("ask", ROUTES)
def test_a_missing_string_is_the_empty_one(served, ask):
    assert ask(served(DType.STRING, nullable=True), [None if ask in IN_JSON else "", "a"]) == ["", "a"]


@pytest.mark.parametrize("ask", IN_BYTES)
@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT64])
def test_infinity_is_refused_although_bytes_could_say_it(served, dtype, ask):
    server = served(dtype, nullable=True)
    if ask is as_bytes:
        data = raw(server, [math.inf])
        given = {
            "name": "x",
            "datatype": datatype(server),
            "shape": [1, 1],
            "parameters": {"binary_data_size": len(data)},
        }
        document = json.dumps({"inputs": [given]}).encode()
        path = f"/v2/models/{server.model.name}/infer"
        answer = server.http(path, document + data, inference_header_content_length=str(len(document)))
        assert (answer.status, dict(answer.headers)[b"x-mlp-error-code"]) == (400, b"out_of_range")
    else:
        with pytest.raises(Invalid) as caught:
            ask(server, [math.inf])
        assert caught.value.code == "out_of_range"


def as_other_datatype(kind: str, values: list) -> list[tuple[dict, bytes]]:
    """Return an input of `kind` as JSON, and as the start of one whose bytes stand behind it."""
    given = {"name": "x", "datatype": kind, "shape": [len(values), 1]}
    data = np.array(values, NUMPY[kind]).tobytes()
    return [({**given, "data": values}, b""), ({**given, "parameters": {"binary_data_size": len(data)}}, data)]


def answer_to(server, given: dict, data: bytes):
    document = json.dumps({"inputs": [given]}).encode()
    path = f"/v2/models/{server.model.name}/infer"
    return server.http(path, document + data, inference_header_content_length=str(len(document)))


@pytest.mark.parametrize("kind", [kind for kind, dtype in NUMPY.items() if dtype.kind in "iu"])
@pytest.mark.parametrize("dtype", [DType.INT64, DType.FLOAT64])
def test_whole_numbers_of_every_width_are_taken(served, dtype, kind):
    server, most = served(dtype), min(int(np.iinfo(NUMPY[kind]).max), 2**53)
    for given, data in as_other_datatype(kind, [0, most]):
        answer = answer_to(server, given, data)
        assert json.loads(answer.body)["outputs"][0]["data"] == [0, most]

    def fill(message):
        given = message.inputs.add(name="x", datatype=kind, shape=[2, 1])
        contents = f"{'u' * (kind[0] == 'U')}int{'64' * kind.endswith('64')}_contents"
        getattr(given.contents, contents).extend([0, most])

    assert list(getattr(server.rpc(fill).outputs[0].contents, f"{TYPED[datatype(server)]}_contents")) == [0, most]


@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_a_whole_number_beyond_the_features_is_refused_with_its_row(served, number):
    for given, data in as_other_datatype("UINT64", [1, number]):
        answer = answer_to(served(DType.INT64), given, data)
        assert (answer.status, dict(answer.headers)[b"x-mlp-error-code"]) == (400, b"out_of_range")
        assert json.loads(answer.body)["error"] == "row 1, column 'x' is beyond the range of int64"


# the feature's dtype, the classes, what the graph answers, what the caller gets, its datatype
CLASSES = [
    (DType.STRING, ("no", "yes"), ["yes", "no"], ["yes", "no"], "BYTES"),
    (DType.INT64, (3, 7), [7, 3], [7, 3], "INT64"),
    (DType.INT64, (False, True), [1, 0], [True, False], "BOOL"),
    (DType.INT64, (0.0, 1.0), [1, 0], [1.0, 0.0], "FP64"),
]


@pytest.mark.parametrize("ask", ROUTES)
@pytest.mark.parametrize("case", CLASSES)
def test_labels_have_the_type_that_they_were_trained_with(served, case, ask):
    dtype, classes, given, labels, kind = case
    server = served(dtype, Outputs(task=Task.CLASSIFICATION, prediction="y", classes=classes))
    found = ask(server, given)
    assert found == labels
    assert [type(each) for each in found] == [type(each) for each in labels]
    metadata = json.loads(server.http(f"/v2/models/{server.model.name}").body)
    assert metadata["outputs"] == [{"name": "y", "datatype": kind, "shape": [-1]}]


MANY = {"name": "x", "datatype": "INT64", "shape": [1_001, 1], "data": [1] * 1_001}
MISFITS = [
    ("/v2/models/echo-0/infer", None, {}, 405),
    ("/v2/health/live", b"{}", {}, 405),
    ("/v2/models", None, {}, 404),
    ("/v2/models/echo-0/versions/9/infer", b"{}", {}, 404),
    ("/v2/models/echo-0/infer", b"{}", {"content_encoding": "gzip"}, 400),
    ("/v2/models/echo-0/infer", b"\xff", {}, 400),
    ("/v2/models/echo-0/infer", {"inputs": [MANY]}, {}, 413),
]


@pytest.mark.parametrize(("path", "body", "headers", "status"), MISFITS)
def test_every_error_below_v2_has_the_protocols_form(tmp_path, path, body, headers, status):
    server = InProcess(identity("echo-0", DType.INT64, TensorProto.INT64), tmp_path)
    answer = server.http(path, body, **headers)
    document = json.loads(answer.body)
    assert answer.status == status
    assert list(document) == ["error"]
    assert isinstance(document["error"], str)
