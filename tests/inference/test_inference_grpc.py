"""The Open Inference Protocol over gRPC, as a client meets it that others wrote, and as its bare messages do."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from importlib.resources import files

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
from served_models import IRIS_NAMES, SETOSA, churn, houses, iris, negation, reciprocal
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

import mlp.inference.rpc
from mlp.inference.rpc.schema import build

ROWS = np.random.default_rng(11).uniform(0.1, 8, (20, 4)).astype(np.float32)


def address(server) -> str:
    return f"127.0.0.1:{server.ready['grpc_port']}"


@pytest.fixture(scope="module")
def rpc(serving):
    """Return a client of the server of a model; all of them are closed at the end."""
    clients = {}

    def client(model):
        if model.__name__ not in clients:
            clients[model.__name__] = triton.InferenceServerClient(address(serving(model)))
        return clients[model.__name__]

    yield client
    for each in clients.values():
        each.close()


@pytest.fixture(scope="module")
def bare(serving):
    """The stub that speaks in messages, to the server of iris."""
    with grpc.insecure_channel(address(serving(iris))) as channel:
        yield service_pb2_grpc.GRPCInferenceServiceStub(channel)


def tensor(name: str, array: np.ndarray) -> triton.InferInput:
    given = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    given.set_data_from_numpy(array)
    return given


def request(*inputs: dict, **more):
    """Return a typed request; an input is its fields, with `fp32=[…]` for its contents."""
    message = service_pb2.ModelInferRequest(model_name="iris", **more)
    for each in inputs:
        fields = {"name": "X", "datatype": "FP32", "shape": [1, 4], **each}
        contents = {f"{key}_contents": fields.pop(key) for key in list(fields) if key in KINDS}
        given = message.inputs.add(**fields)
        if contents:
            given.contents.CopyFrom(service_pb2.InferTensorContents(**contents))
    return message


KINDS = ("bool", "int", "int64", "uint", "uint64", "fp32", "fp64", "bytes")


def refused(call, message) -> tuple[str, str]:
    """Return status and code of a call that must fail; its sentence never repeats a value."""
    with pytest.raises(grpc.RpcError) as caught:
        call(message, timeout=20)
    trailers = dict(caught.value.trailing_metadata())
    assert trailers["x-request-id"]
    return caught.value.code().name, trailers["x-mlp-error-code"]


def test_the_messages_are_those_of_a_client_that_others_wrote():
    def fields(descriptor):
        plain = {
            (
                *(each.name, each.number, each.type, each.is_repeated),
                each.message_type and each.message_type.full_name,
                each.containing_oneof and each.containing_oneof.name,
            )
            for each in descriptor.fields
        }
        return plain | {(each.name, frozenset(fields(each))) for each in descriptor.nested_types}

    ours = build((files(mlp.inference.rpc) / "inference.proto").read_text(encoding="utf-8"))
    theirs = service_pb2.DESCRIPTOR
    for name, message in ours.messages.items():
        assert fields(message.DESCRIPTOR) == fields(theirs.message_types_by_name[name]), name
    methods = {each.name: each for each in theirs.services_by_name["GRPCInferenceService"].methods}
    assert theirs.services_by_name["GRPCInferenceService"].full_name == ours.service
    for name, method in ours.methods.items():
        assert method.request.DESCRIPTOR.full_name == methods[name].input_type.full_name
        assert method.response.DESCRIPTOR.full_name == methods[name].output_type.full_name
    assert len(ours.methods) == 6


def test_a_foreign_client_finds_a_live_and_ready_server_and_its_model(rpc):
    client = rpc(iris)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("iris")
    assert client.is_model_ready("iris", "1")
    server, model = client.get_server_metadata(as_json=True), client.get_model_metadata("iris", "1", as_json=True)
    assert (server["name"], server["extensions"]) == ("mlp", ["binary_tensor_data"])
    assert model["versions"] == ["1"]
    assert model["inputs"] == [{"name": "X", "datatype": "FP32", "shape": ["-1", "4"]}]
    assert [each["name"] for each in model["outputs"]] == ["label", "probabilities"]


def test_raw_tensors_come_back_raw_with_the_originals_answers(rpc):
    answer = rpc(iris).infer("iris", [tensor("X", ROWS)], model_version="1", request_id="r-1")
    assert answer.get_response().id == "r-1"
    assert len(answer.get_response().raw_output_contents) == 2
    assert answer.as_numpy("label").astype(str).tolist() == iris().original.predict(ROWS).tolist()
    np.testing.assert_allclose(answer.as_numpy("probabilities"), iris().original.predict_proba(ROWS), atol=1e-5)


def test_typed_tensors_come_back_typed(bare):
    answer = bare.ModelInfer(request({"shape": [20, 4], "fp32": ROWS.ravel()}, id="r-2"), timeout=20)
    outputs = {each.name: each for each in answer.outputs}
    assert answer.id == "r-2"
    assert not answer.raw_output_contents
    assert [each.decode() for each in outputs["label"].contents.bytes_contents] == iris().original.predict(
        ROWS
    ).tolist()
    found = np.reshape(outputs["probabilities"].contents.fp32_contents, (20, 3))
    np.testing.assert_allclose(found, iris().original.predict_proba(ROWS), atol=1e-5)


def test_columns_in_any_order_and_width_and_only_the_outputs_that_are_asked_for(rpc, bare):
    rows = ROWS.round()
    columns = [tensor(name, rows[:, place].astype(np.float64)) for place, name in enumerate(IRIS_NAMES)]
    wanted = [triton.InferRequestedOutput("label")]
    answer = rpc(iris).infer("iris", columns[::-1], outputs=wanted)
    assert answer.as_numpy("label").astype(str).tolist() == iris().original.predict(rows).tolist()
    assert answer.as_numpy("probabilities") is None
    whole = {"datatype": "INT32", "shape": [1, 4], "int": [5, 3, 1, 0]}
    assert bare.ModelInfer(request({**whole, "name": "features"}), timeout=20).outputs[0].name == "label"


def test_mixed_columns_float64_booleans_and_what_is_not_finite(rpc):
    import pandas as pd

    frame = pd.DataFrame(
        {"age": [61, 20], "monthly fee": [20.5, np.nan], "contract": ["monthly"] * 2, "city": ["Bern", "Zürich"]}
    )
    kinds = {"age": np.int64, "monthly fee": np.float32, "contract": object, "city": object}
    columns = [tensor(name, frame[name].to_numpy(kind)) for name, kind in kinds.items()]
    labels = rpc(churn).infer("churn", columns).as_numpy("label")
    assert (labels.dtype, labels[0]) == (np.bool_, churn().original.predict(frame[:1])[0])
    rows = np.array([[0.1, 0.2, 0.3], [-1.7, 2.5, 0.25]])
    found = rpc(houses).infer("houses", [tensor("X", rows)]).as_numpy("variable")
    np.testing.assert_allclose(found, houses().original.predict(rows), rtol=1e-12)
    flags = rpc(negation).infer("negation", [tensor("x", np.array([[True], [False]]))]).as_numpy("y")
    assert flags.ravel().tolist() == [False, True]
    values = rpc(reciprocal).infer("reciprocal", [tensor("x", np.array([[0], [4]], dtype=np.float32))]).as_numpy("y")
    assert values.ravel().tolist() == [np.inf, 0.25]


WRONG = [
    ("no inputs", request(), "wrong_type"),
    ("no data", request({}), "shape_mismatch"),
    ("too few elements", request({"fp32": [1, 2, 3]}), "shape_mismatch"),
    ("a shape beyond memory", request({"shape": [2**31, 2**31], "fp32": [1]}), "shape_mismatch"),
    ("a negative size", request({"shape": [-1, 4], "fp32": [1]}), "shape_mismatch"),
    ("nine dimensions", request({"shape": [1] * 9, "fp32": [1]}), "shape_mismatch"),
    ("no row", request({"shape": [0, 4]}), "empty_batch"),
    ("contents of another type", request({"fp64": [1, 2, 3, 4]}), "shape_mismatch"),
    ("typed FP16", request({"datatype": "FP16", "fp32": [1, 2, 3, 4]}), "shape_mismatch"),
    ("a number beyond its type", request({"datatype": "INT8", "int": [1, 2, 300, 4]}), "out_of_range"),
    ("an unknown datatype", request({"datatype": "FP8", "fp32": [1]}), "unknown_datatype"),
    ("strings for numbers", request({"datatype": "BYTES", "bytes": [b"1"] * 4}), "wrong_type"),
    ("no UTF-8", request({"datatype": "BYTES", "bytes": [b"\xff"] * 4}), "invalid_string"),
    ("null where nothing may be missing", request({"fp32": [1, 2, np.nan, 4]}), "missing_value"),
    ("an unknown input", request({"name": "Y", "fp32": SETOSA}), "unknown_input"),
    ("raw bytes for no input", request({}, raw_input_contents=[b"", b""]), "shape_mismatch"),
    ("raw bytes beside typed", request({"fp32": SETOSA}, raw_input_contents=[bytes(16)]), "shape_mismatch"),
    ("raw bytes of another length", request({}, raw_input_contents=[bytes(15)]), "shape_mismatch"),
]


@pytest.mark.parametrize(("message", "code"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_a_wrong_request_is_an_invalid_argument(bare, message, code):
    assert refused(bare.ModelInfer, message) == ("INVALID_ARGUMENT", code)


def test_other_failures_have_statuses_of_their_own(bare, rpc):
    assert refused(bare.ModelMetadata, service_pb2.ModelMetadataRequest(name="other")) == (
        "NOT_FOUND",
        "model_not_found",
    )
    matrix = {"fp32": SETOSA}
    other_version = request(matrix, model_version="2")
    assert refused(bare.ModelInfer, other_version) == ("NOT_FOUND", "model_not_found")
    many = request({"shape": [25_001, 4]}, raw_input_contents=[bytes(16 * 25_001)])  # beyond MLP_MAX_BODY_BYTES
    with pytest.raises(grpc.RpcError) as caught:
        bare.ModelInfer(many, timeout=20)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    with pytest.raises(InferenceServerException, match="classification"):
        rpc(iris).infer("iris", [tensor("X", ROWS)], outputs=[triton.InferRequestedOutput("label", class_count=2)])
    with pytest.raises(grpc.RpcError) as caught:
        bare.RepositoryIndex(service_pb2.RepositoryIndexRequest(), timeout=20)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_compressed_message_is_not_unpacked(bare):
    with pytest.raises(grpc.RpcError) as caught:
        bare.ModelInfer(request({"fp32": SETOSA}), compression=grpc.Compression.Gzip, timeout=20)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_bytes_that_are_no_message_are_an_invalid_argument(serving):
    with grpc.insecure_channel(address(serving(iris))) as channel:
        call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        assert refused(call, b"\xff\xff\xff") == ("INVALID_ARGUMENT", "invalid_message")


def test_a_call_keeps_its_callers_id_and_trace(bare):
    trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    metadata = (("x-request-id", "order-17"), ("traceparent", f"00-{trace}-{caller}-01"))
    _, call = bare.ModelInfer.with_call(request({"fp32": SETOSA}), metadata=metadata, timeout=20)
    trailers = dict(call.trailing_metadata())
    assert trailers["x-request-id"] == "order-17"
    assert trailers["traceparent"].split("-")[1] == trace
    assert trailers["traceparent"].split("-")[2] != caller


def test_calls_are_counted_and_a_misfit_names_its_place(bare, serving):
    with pytest.raises(grpc.RpcError, match="row 1, column 'petal_length'"):
        bare.ModelInfer(request({"shape": [2, 4], "fp32": [*SETOSA, 1, 2, np.nan, 4]}), timeout=20)
    text = serving(iris).http.get("/metrics").text
    assert 'mlp_grpc_requests_total{method="ModelInfer",code="INVALID_ARGUMENT"}' in text
    assert 'mlp_grpc_request_seconds_bucket{method="ModelInfer",le="+Inf"}' in text


def test_a_server_that_is_asked_for_it_by_flag_drains_and_one_that_is_not_imports_none_of_it(launcher, registry):
    settings = registry.publish(iris())
    server = launcher.start(flags=("--grpc-port", "0"), drain_seconds=0, **settings)
    with grpc.insecure_channel(address(server)) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        assert stub.ServerReady(service_pb2.ServerReadyRequest(), timeout=20).ready
        assert server.stop() == 0
        with pytest.raises(grpc.RpcError) as caught:
            stub.ServerReady(service_pb2.ServerReadyRequest(), timeout=20)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_calls_are_answered_until_the_drain_is_over(launcher, registry):
    settings = registry.publish(iris())
    server = launcher.start(flags=("--grpc-port", "0"), drain_seconds=600, **settings)
    with grpc.insecure_channel(address(server)) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        assert stub.ServerReady(service_pb2.ServerReadyRequest(), timeout=20).ready
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        while stub.ServerReady(service_pb2.ServerReadyRequest(), timeout=20).ready:
            assert time.monotonic() < deadline
        assert stub.ServerLive(service_pb2.ServerLiveRequest(), timeout=20).live
        assert server.stop() == 0


def test_a_server_without_the_port_imports_nothing_of_it():
    script = (
        "import sys, mlp.inference.run; print([name for name in ('grpc', 'google.protobuf') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_taken_port_and_an_unknown_flag_end_the_start(launcher, registry, listening):
    settings = registry.publish(iris())
    failed = launcher.fail(grpc_port=listening.getsockname()[1], **settings)
    assert (failed.code, failed.reason) == (3, "PortTaken")
    ran = subprocess.run(
        [sys.executable, "-m", "mlp.inference", "--grpc", "9000"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "unrecognized arguments: --grpc 9000" in ran.stderr) == (2, True)
