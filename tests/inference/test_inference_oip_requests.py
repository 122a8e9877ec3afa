"""Requests of the Open Inference Protocol over HTTP, one by one: what is taken, and what is said of the rest."""

from __future__ import annotations

import json

import pytest
from in_process import InProcess
from served_models import SETOSA, iris

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
