"""The Open Inference Protocol over HTTP, as clients meet it that others wrote, and as curl does."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import tritonclient.http as triton
from served_models import IRIS_NAMES, SETOSA, churn, houses, iris, negation, reciprocal
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

ROWS = np.random.default_rng(11).uniform(0.1, 8, (20, 4)).astype(np.float32)
CUSTOMER = {"age": 61, "monthly fee": 20.5, "contract": "monthly", "city": "Bern"}


@pytest.fixture
def client(iris_server):
    with triton.InferenceServerClient(f"127.0.0.1:{iris_server.port}") as client:
        yield client


def tensor(name: str, array: np.ndarray, *, binary: bool = True) -> triton.InferInput:
    given = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def ask(server, path: str = "/v2/models/iris/infer", **request):
    return server.http.post(path, json=request)


def refused(answer) -> str:
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    assert isinstance(answer.json()["error"], str)
    return answer.status_code, answer.headers["x-mlp-error-code"]


def test_a_foreign_client_finds_a_live_and_ready_server_and_its_model(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("iris")
    assert client.is_model_ready("iris", "1")
    assert not client.is_model_ready("iris", "2")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = client.get_model_metadata("iris", "1")
    assert metadata["versions"] == ["1"]
    assert metadata["inputs"] == [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}]
    assert metadata["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
    ]


@pytest.mark.parametrize("sent_binary", [True, False])
@pytest.mark.parametrize("wanted_binary", [True, False, None])
@pytest.mark.parametrize("version", ["", "1"])
def test_a_foreign_client_gets_the_originals_answers_to_a_matrix(client, sent_binary, wanted_binary, version):
    outputs = None
    if wanted_binary is not None:
        outputs = [triton.InferRequestedOutput(name, binary_data=wanted_binary) for name in ("label", "probabilities")]
    answer = client.infer(
        "iris", [tensor("X", ROWS, binary=sent_binary)], model_version=version, outputs=outputs, request_id="r-1"
    )
    assert answer.get_response()["id"] == "r-1"
    assert answer.get_response()["model_version"] == "1"
    labels = answer.as_numpy("label").astype(str).tolist()
    assert labels == iris().original.predict(ROWS).tolist()
    np.testing.assert_allclose(answer.as_numpy("probabilities"), iris().original.predict_proba(ROWS), atol=1e-5)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_columns_are_taken_one_tensor_a_feature_in_any_order_and_width(client, shape, dtype):
    rows = ROWS.round().astype(dtype)
    columns = [tensor(name, rows[:, place].reshape(shape)) for place, name in enumerate(IRIS_NAMES)]
    answer = client.infer("iris", columns[::-1])
    assert answer.as_numpy("label").astype(str).tolist() == iris().original.predict(rows.astype(np.float32)).tolist()


def test_mixed_columns_and_boolean_labels(serving):
    import pandas as pd

    with triton.InferenceServerClient(f"127.0.0.1:{serving(churn).port}") as client:
        assert [each["datatype"] for each in client.get_model_metadata("churn")["inputs"]] == [
            "INT64",
            "FP32",
            "BYTES",
            "BYTES",
        ]
        frame = pd.DataFrame([CUSTOMER, {**CUSTOMER, "age": 20}, {**CUSTOMER, "contract": "yearly", "city": "Zürich"}])
        arrays = {
            "age": frame["age"].to_numpy(np.int64),
            "monthly fee": frame["monthly fee"].to_numpy(np.float32),
            "contract": frame["contract"].to_numpy(object),
            "city": frame["city"].to_numpy(object),
        }
        for binary in (True, False):
            answer = client.infer("churn", [tensor(name, each, binary=binary) for name, each in arrays.items()])
            assert answer.as_numpy("label").dtype == np.bool_
            assert answer.as_numpy("label").tolist() == churn().original.predict(frame).tolist()


def test_float64_keeps_its_precision_and_booleans_are_booleans(serving):
    rows = np.array([[0.1, 0.2, 0.3], [-1.7, 2.5, 0.25]])
    with triton.InferenceServerClient(f"127.0.0.1:{serving(houses).port}") as client:
        answer = client.infer("houses", [tensor("X", rows)])
        np.testing.assert_allclose(answer.as_numpy("variable"), houses().original.predict(rows), rtol=1e-12)
    with triton.InferenceServerClient(f"127.0.0.1:{serving(negation).port}") as client:
        answer = client.infer("negation", [tensor("x", np.array([[True], [False]]))])
        assert answer.as_numpy("y").ravel().tolist() == [False, True]


def test_what_is_not_finite_is_null_in_json_and_itself_in_bytes(serving):
    server = serving(reciprocal)
    document = ask(
        server,
        "/v2/models/reciprocal/infer",
        inputs=[{"name": "x", "datatype": "FP32", "shape": [3, 1], "data": [0, None, 4]}],
    ).json()
    assert document["outputs"][0]["data"] == [None, None, 0.25]
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        answer = client.infer("reciprocal", [tensor("x", np.array([[0], [np.nan], [4]], dtype=np.float32))])
        assert np.isinf(answer.as_numpy("y").ravel()[0])


@pytest.mark.parametrize("data", [[*SETOSA, *SETOSA], [SETOSA, SETOSA]])
@pytest.mark.parametrize("name", ["X", "features"])
def test_data_may_be_flat_or_a_list_a_row(iris_server, data, name):
    answer = ask(iris_server, inputs=[{"name": name, "datatype": "FP32", "shape": [2, 4], "data": data}])
    outputs = {each["name"]: each for each in answer.json()["outputs"]}
    assert outputs["label"]["data"] == ["setosa", "setosa"]
    assert outputs["probabilities"]["shape"] == [2, 3]


def test_only_the_outputs_that_are_asked_for_come(iris_server):
    matrix = {"name": "X", "datatype": "FP32", "shape": [1, 4], "data": [SETOSA]}
    answer = ask(iris_server, inputs=[matrix], outputs=[{"name": "label"}])
    assert [each["name"] for each in answer.json()["outputs"]] == ["label"]
    assert refused(ask(iris_server, inputs=[matrix], outputs=[{"name": "colour"}])) == (400, "unknown_output")


def one(**changed):
    return {"name": "X", "datatype": "FP32", "shape": [1, 4], "data": list(SETOSA), **changed}


COLUMN = {"datatype": "FP32", "shape": [1], "data": [1.0]}
NO_DATA = {"name": "X", "datatype": "FP32", "shape": [1, 4]}
WRONG = [
    ("no inputs", {"inputs": []}, "wrong_type"),
    ("nothing", {}, "wrong_type"),
    ("a list", [], "wrong_type"),
    ("too few elements", {"inputs": [one(data=[1, 2, 3])]}, "shape_mismatch"),
    ("too many elements", {"inputs": [one(data=[1, 2, 3, 4, 5])]}, "shape_mismatch"),
    ("ragged rows", {"inputs": [one(shape=[2, 4], data=[[1, 2, 3, 4], [1, 2]])]}, "shape_mismatch"),
    ("another width", {"inputs": [one(shape=[1, 3], data=[1, 2, 3])]}, "shape_mismatch"),
    ("a shape beyond memory", {"inputs": [one(shape=[2**31, 2**31])]}, "shape_mismatch"),
    ("a shape beyond integers", {"inputs": [one(shape=[2**64, 4])]}, "wrong_type"),
    ("a negative size", {"inputs": [one(shape=[-1, 4])]}, "wrong_type"),
    ("no dimension", {"inputs": [one(shape=[])]}, "shape_mismatch"),
    ("nine dimensions", {"inputs": [one(shape=[1] * 9)]}, "wrong_type"),
    ("no row", {"inputs": [one(shape=[0, 4], data=[])]}, "empty_batch"),
    ("an unknown datatype", {"inputs": [one(datatype="FP8")]}, "unknown_datatype"),
    ("another datatype", {"inputs": [one(datatype="BYTES", data=["1", "2", "3", "4"])]}, "wrong_type"),
    ("booleans for numbers", {"inputs": [one(datatype="BOOL", data=[True] * 4)]}, "wrong_type"),
    ("a string among numbers", {"inputs": [one(data=[1, 2, 3, "4"])]}, "wrong_type"),
    ("a boolean among numbers", {"inputs": [one(data=[1, 2, 3, True])]}, "wrong_type"),
    ("null where nothing may be missing", {"inputs": [one(data=[1, 2, None, 4])]}, "missing_value"),
    ("a number beyond float32", {"inputs": [one(data=[1, 2, 1e39, 4])]}, "out_of_range"),
    ("a whole number beyond its type", {"inputs": [one(datatype="INT8", data=[1, 2, 300, 4])]}, "out_of_range"),
    ("no data", {"inputs": [NO_DATA]}, "shape_mismatch"),
    ("an unknown input", {"inputs": [one(name="Y")]}, "unknown_input"),
    ("a missing column", {"inputs": [{"name": "sepal_length", **COLUMN}]}, "missing_feature"),
    ("a column twice", {"inputs": [{"name": "sepal_length", **COLUMN}] * 2}, "duplicate_input"),
    ("shared memory", {"inputs": [one(parameters={"shared_memory_region": "x"})]}, "unsupported"),
    ("bytes that did not come", {"inputs": [{**NO_DATA, "parameters": {"binary_data_size": 16}}]}, "shape_mismatch"),
]


@pytest.mark.parametrize(("request_", "code"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_a_wrong_request_is_a_400_in_the_protocols_form(iris_server, request_, code):
    answer = iris_server.http.post("/v2/models/iris/infer", json=request_)
    assert refused(answer) == (400, code)


def test_a_misfit_names_its_row_and_column(iris_server):
    data = [SETOSA, (1, 2, None, 4)]
    answer = ask(iris_server, inputs=[one(shape=[2, 4], data=data)])
    assert "row 1, column 'petal_length'" in answer.json()["error"]


@pytest.mark.parametrize(
    ("length", "code"),
    [("7", "invalid_json"), ("-1", "invalid_header"), ("x", "invalid_header"), ("9999", "invalid_header")],
)
def test_a_wrong_length_of_the_document_is_a_400(iris_server, length, code):
    headers = {"inference-header-content-length": length}
    answer = iris_server.http.post("/v2/models/iris/infer", content=b'{"inputs":[]}....', headers=headers)
    assert refused(answer) == (400, code)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<I", 5) + b"abc",
        struct.pack("<I", 2**32 - 1),
        b"abc",
        struct.pack("<I", 2) + b"\xff\xfe",
        (struct.pack("<I", 1) + b"a") * 2,
    ],
)
def test_strings_whose_lengths_lie_are_a_400(serving, data):
    document = (
        b'{"inputs":[{"name":"city","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":%d}}]}' % len(data)
    )
    answer = serving(churn).http.post(
        "/v2/models/churn/infer",
        content=document + data,
        headers={"inference-header-content-length": str(len(document))},
    )
    assert refused(answer)[0] == 400


@pytest.mark.parametrize("path", ["/v2/nowhere", "/v2/models/iris/config", "/v1/models/iris/x"])
def test_what_is_not_served_is_a_404_in_the_protocols_form(iris_server, path):
    assert refused(iris_server.http.get(path)) == (404, "no_such_path")


def test_a_foreign_client_reads_our_errors(client):
    with pytest.raises(InferenceServerException, match="there is no input 'Y'"):
        client.infer("iris", [tensor("Y", ROWS)])
    with pytest.raises(InferenceServerException, match="classification"):
        client.infer("iris", [tensor("X", ROWS)], outputs=[triton.InferRequestedOutput("label", class_count=2)])


@pytest.mark.parametrize("instances", [[SETOSA, SETOSA], [dict(zip(IRIS_NAMES, SETOSA, strict=True))] * 2])
def test_kserves_first_protocol_answers_predictions(iris_server, instances):
    answer = iris_server.http.post("/v1/models/iris:predict", json={"instances": instances})
    assert answer.json() == {"predictions": ["setosa", "setosa"]}
    assert iris_server.http.get("/v1/models").json() == {"models": ["iris"]}
    assert iris_server.http.get("/v1/models/iris").json() == {"name": "iris", "ready": True}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"instances": []}, 400, "empty_batch"),
        ({"instances": [[1, 2, 3, "x"]]}, 400, "wrong_type"),
        ({"features": [SETOSA]}, 400, "wrong_type"),
        ({"instances": [SETOSA], "colour": 1}, 400, "unknown_field"),
        (b"{", 400, "invalid_json"),
    ],
)
def test_kserves_first_protocol_refuses_with_a_sentence(iris_server, body, status, code):
    given = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = iris_server.http.post("/v1/models/iris:predict", headers={"content-type": "application/json"}, **given)
    assert refused(answer) == (status, code)
