"""Requests of the Open Inference Protocol over HTTP, one by one: what is taken, and what is said of the rest."""

from __future__ import annotations

import json
import struct

import pytest
from in_process import InProcess
from served_models import IRIS_NAMES, SETOSA, iris

from mlp.errors import NotFound

LENGTH = "inference-header-content-length"
INFER = "/v2/models/iris/infer"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return InProcess(iris(), tmp_path_factory.mktemp("requests"))


def matrix(**changed):
    return {"name": "X", "datatype": "FP32", "shape": [1, 4], "data": list(SETOSA), **changed}


def infer(server, body, **headers):
    return server.http(INFER, body, **headers)


def answered(reply) -> dict[str, dict]:
    """Return the outputs by their names."""
    assert reply.status == 200, reply.body
    length = dict(reply.headers).get(LENGTH.encode())
    document = json.loads(reply.body if length is None else reply.body[: int(length)])
    return {output["name"]: output for output in document["outputs"]}


def refused(reply) -> tuple[int, str]:
    assert isinstance(json.loads(reply.body)["error"], str)
    return reply.status, dict(reply.headers)[b"x-mlp-error-code"].decode()


def words(reply) -> str:
    return json.loads(reply.body)["error"]


# Which outputs come as bytes


@pytest.mark.parametrize(
    ("all_binary", "wanted", "binary"),
    [
        (True, None, {"label", "probabilities"}),
        (True, {"probabilities": None}, {"probabilities"}),
        (True, {"probabilities": None, "label": False}, {"probabilities"}),
        (False, {"probabilities": None, "label": True}, {"label"}),
        (None, {"probabilities": None}, set()),
    ],
)
def test_binary_data_output_holds_for_every_output_that_does_not_say_otherwise(server, all_binary, wanted, binary):
    request = {"inputs": [matrix()], "parameters": {"binary_data_output": all_binary}}
    if wanted is not None:
        request["outputs"] = [{"name": name, "parameters": {"binary_data": own}} for name, own in wanted.items()]
    outputs = answered(infer(server, request))
    assert {name for name, output in outputs.items() if "binary_data_size" in output.get("parameters", {})} == binary
    assert {name for name, output in outputs.items() if "data" in output} == set(outputs) - binary


@pytest.mark.parametrize(
    "null", [{"parameters": None}, {"outputs": None}, {"id": None}, {"inputs": [matrix(parameters=None)]}]
)
def test_null_stands_for_what_is_not_given(server, null):
    assert answered(infer(server, {"inputs": [matrix()], **null}))["label"]["data"] == ["setosa"]
    named = {"inputs": [matrix()], "outputs": [{"name": "label", "parameters": None}]}
    assert list(answered(infer(server, named))) == ["label"]


# JSON


def text(request) -> bytes:
    return json.dumps(request).encode()


GOOD = text({"inputs": [matrix(parameters={})], "outputs": [{"name": "label", "parameters": {}}], "id": "a"})


@pytest.mark.parametrize(
    ("found", "twice"),
    [
        (b'"data":', b'"data": [9, 9, 9, 9], "data":'),
        (b'"name": "X"', b'"name": "Y", "name": "X"'),
        (b'"name": "label"', b'"name": "label", "name": "label"'),
        (b'"id": "a"', b'"id": "b:c", "id": "a"'),
        (b'"inputs":', b'"inputs": [{"name": "X", "datatype": "FP32", "shape": [1]}], "inputs":'),
        (b'"parameters": {}', b'"parameters": {"binary_data_size": null, "binary_data_size": null}'),
        (b'"id": "a"', b'"id": "a", "unknown": {"k": 1, "k": 2}'),
    ],
)
def test_a_key_that_stands_twice_is_refused(server, found, twice):
    assert list(answered(infer(server, GOOD))) == ["label"]
    assert found in GOOD
    assert refused(infer(server, GOOD.replace(found, twice, 1))) == (400, "duplicate_key")


@pytest.mark.parametrize("more", [{"model_name": "iris"}, {"id": "a:b"}, {"parameters": {"priority": {"level": 1}}}])
def test_unknown_keys_and_colons_are_no_keys_that_stand_twice(server, more):
    assert answered(infer(server, {"inputs": [matrix()], **more}))["label"]["data"] == ["setosa"]


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"", "empty_body", "the body is empty"),
        (b'{"inputs": [}', "invalid_json", "line 1, column 13"),
        (text({"inputs": [matrix(data=[float("nan")] * 4)]}), "invalid_json", "NaN and Infinity are not JSON"),
        (b'{"id": "\\ud800", "inputs": []}', "invalid_json", "half of a surrogate pair"),
        (b'{"unknown": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "too_deep", "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_in_the_words_of_predict(server, body, code, said):
    reply = infer(server, body)
    assert refused(reply) == (400, code)
    assert said in words(reply)


# Elements


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"data": [5.1, 3.5, 1.4, "x"]}, "wrong_type", "row 0, column 'petal_width' takes a number, not a string"),
        ({"data": [5.1, True, 1.4, 0.2]}, "wrong_type", "row 0, column 'sepal_width' takes a number, not a boolean"),
        (
            {"shape": [2, 4], "data": [*SETOSA, 1, 2, {}, 4]},
            "wrong_type",
            "row 1, column 'petal_length' takes a number, not an object",
        ),
        (
            {"shape": [2, 4], "data": [SETOSA, [1, [2], 3, 4]]},
            "wrong_type",
            "row 1, column 'sepal_width' takes a number, not a list",
        ),
        ({"shape": [2, 4], "data": [SETOSA, 5]}, "wrong_type", "row 1 is a number, and the first one a list"),
        ({"data": "secret"}, "wrong_type", "its data is a string, not a list of FP32"),
        ({"data": None}, "wrong_type", "its data is null, not a list of FP32"),
        ({"shape": [1, 2], "data": [1, "x"]}, "wrong_type", "row 0, column 1 takes a number"),
        ({"name": "petal_width", "shape": [2], "data": [1, "x"]}, "wrong_type", "row 1, column 'petal_width' takes"),
        ({"datatype": "INT64", "data": [1, 2, 2**63, 4]}, "out_of_range", "column 'petal_length' is beyond the range"),
        ({"datatype": "INT8", "data": [1, 2, 300, 4]}, "out_of_range", "'petal_length' is beyond the range of INT8"),
        ({"datatype": "UINT8", "data": [1, 2, -3, 4]}, "out_of_range", "'petal_length' is beyond the range of UINT8"),
        ({"datatype": "UINT64", "data": [1, 2, 2**64, 4]}, "out_of_range", "is beyond the range of UINT64"),
        ({"datatype": "UINT64", "data": [1, 2, -3, 4]}, "out_of_range", "'petal_length' is beyond the range of UINT64"),
        ({"data": [1, 2, 10**390, 4]}, "out_of_range", "row 0, column 'petal_length' is beyond the range of FP32"),
        ({"data": [1, 2, 10**450, 4]}, "out_of_range", "row 0, column 'petal_length' is beyond the range of FP32"),
        ({"datatype": "INT64", "data": [1, 2, 3.5, 4]}, "wrong_type", "takes a whole number, not a fraction"),
        ({"datatype": "INT64", "data": [1, 2, 3, None]}, "missing_value", "column 'petal_width' must not be null"),
        ({"datatype": "BOOL", "data": [True, 1, True, True]}, "wrong_type", "takes true or false, not a number"),
        ({"datatype": "BYTES", "data": ["a", 1, "b", "c"]}, "wrong_type", "takes a string, not a number"),
    ],
)
def test_an_element_of_another_type_is_named_by_row_and_column(server, changed, code, said):
    reply = infer(server, {"inputs": [matrix(**changed)]})
    assert refused(reply) == (400, code)
    assert said in words(reply)
    assert "secret" not in words(reply)


@pytest.mark.parametrize("number", [b"1e400", b"9" * 500, b"9" * 5_000])
def test_a_number_beyond_all_floats_is_named_by_row_and_column(server, number):
    body = text({"inputs": [matrix(data=[1, 2, 3, 4444])]}).replace(b"4444", number)
    assert refused(infer(server, body)) == (400, "out_of_range")
    assert words(infer(server, body)).endswith("row 0, column 'petal_width' is beyond the range of FP32")


def test_whole_numbers_may_be_written_as_floats(server):
    written = answered(infer(server, {"inputs": [matrix(datatype="INT64", data=[5.0, 3.0, 1.0, 0.0])]}))
    assert written == answered(infer(server, {"inputs": [matrix(datatype="INT64", data=[5, 3, 1, 0])]}))


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        ([2, 4], [[*SETOSA, *SETOSA]]),
        ([1, 4], [[1, 2], [3, 4]]),
        ([1, 4], [[1], [2], [3], [4]]),
        ([4], [[1], [2], [3], [4]]),
        ([1, 2, 2], [[1, 2], [3, 4]]),
    ],
)
def test_nesting_that_is_not_the_shapes_is_refused(server, shape, data):
    reply = infer(server, {"inputs": [matrix(shape=shape, data=data)]})
    assert refused(reply) == (400, "shape_mismatch")
    assert f"nested as [{len(data)}, {len(data[0])}], its shape is {shape}" in words(reply)


def test_data_beside_binary_data_is_refused(server):
    body, length = with_bytes({"inputs": [matrix(parameters={"binary_data_size": 16})]})
    reply = infer(server, body, inference_header_content_length=length)
    assert refused(reply) == (400, "duplicate_input")
    assert "both data and binary_data_size" in words(reply)


# Media types


def with_bytes(request) -> tuple[bytes, str]:
    """Return a body with the matrix' bytes behind its document, and the length of the document."""
    return text(request) + struct.pack("<4f", *SETOSA), str(len(text(request)))


@pytest.mark.parametrize(
    "kind", [None, "application/json", "Application/JSON; charset=UTF-8", "application/x-www-form-urlencoded"]
)
def test_json_tensors_are_taken_as_what_people_call_them(server, kind):
    assert answered(infer(server, GOOD, **({} if kind is None else {"content_type": kind})))


@pytest.mark.parametrize(
    "kind", ["text/xml", "text/plain", "application/json; charset=latin1", "application/octet-stream", "json"]
)
def test_a_body_that_says_it_is_something_else_is_refused(server, kind):
    assert refused(infer(server, GOOD, content_type=kind)) == (400, "unsupported_media_type")


@pytest.mark.parametrize("kind", [None, "application/octet-stream", "Application/Octet-Stream", "application/json"])
def test_binary_tensors_may_be_called_bytes(server, kind):
    document = matrix(parameters={"binary_data_size": 16})
    del document["data"]
    body, length = with_bytes({"inputs": [document]})
    headers = {"inference_header_content_length": length, **({} if kind is None else {"content_type": kind})}
    assert answered(infer(server, body, **headers))["label"]["data"] == ["setosa"]
    assert refused(infer(server, body, **headers | {"content_type": "text/xml"})) == (400, "unsupported_media_type")
    assert refused(infer(server, body, **headers, content_encoding="gzip")) == (400, "encoding_unsupported")


# Another model


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/models/other", None),
        ("/v2/models/other/ready", None),
        ("/v2/models/other/infer", GOOD),
        ("/v2/models/other/infer", None),
        ("/v2/models/iris/versions/2", None),
        ("/v2/models/iris/versions/2/ready", None),
        ("/v2/models/iris/versions/x/infer", GOOD),
        ("/v1/models/other", None),
        ("/v1/models/other:predict", b"{}"),
    ],
)
def test_another_model_or_version_is_not_found_in_the_words_of_grpc(server, path, body):
    reply = server.http(path, body)
    assert refused(reply) == (404, "model_not_found")

    def fill(message):
        message.model_name = "other"

    with pytest.raises(NotFound) as over_grpc:
        server.rpc(fill)
    assert words(reply) == over_grpc.value.message == "this server has iris, version 1, and no other model"


@pytest.mark.parametrize(
    "instances", [[SETOSA, {"sepal_length": 1}], [dict(zip(IRIS_NAMES, SETOSA, strict=True)), SETOSA]]
)
def test_rows_of_both_kinds_are_refused_in_the_words_of_the_path(server, instances):
    by_first = server.http("/v1/models/iris:predict", {"instances": instances})
    assert refused(by_first) == (400, "wrong_type")
    assert "row 1 is" in words(by_first)
    assert "like the first one: a request's rows are all lists or all objects" in words(by_first)
    assert not {word for word in ("records", "features") if word in words(by_first)}
    field, hint = ("features", "records") if instances[0] is SETOSA else ("records", "features")
    assert f"go under '{hint}'" in json.loads(server.http("/predict", {field: instances}).body)["error"]["message"]
