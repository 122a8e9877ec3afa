"""What a model shows when it is run: its appetite, its end, its signature, its answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from judging import SUMS, Judged, identity
from onnx import TensorProto, helper
from sample_models import endless_model, linear_model, manifest_of, model_of, sized_like_rows
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlp.api.model import Manifest
from mlp.registry.check.verdict import Verdict

ROWS = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
CLASSES = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(np.int64)


@pytest.mark.parametrize("sizes", [[2**15, 2**15], [2**31, 2**31]])
def test_a_small_model_that_wants_gigabytes_is_refused(judged: Judged, sizes: list[int]) -> None:
    model = sized_like_rows(sizes, [helper.make_node("Identity", ["big"], ["y"])])
    assert len(model) < 400
    assert judged.verdict(model, SUMS).code in ("model_exceeds_memory", "invalid_model")
    constant = model_of(
        [helper.make_node("ConstantOfShape", ["sizes"], ["y"])],
        initializers=[helper.make_tensor("sizes", TensorProto.INT64, [2], sizes)],
    )
    assert judged.verdict(constant, SUMS).code in ("model_exceeds_memory", "invalid_model")


def test_gigabytes_are_called_memory(judged: Judged) -> None:
    model = sized_like_rows([2**15, 2**15], [helper.make_node("Identity", ["big"], ["y"])])
    assert judged.verdict(model, SUMS).code == "model_exceeds_memory"


def test_a_model_that_does_not_end_is_ended_and_others_are_judged_meanwhile(judged: Judged) -> None:
    verdicts = judged.many([endless_model(), identity(), identity()], SUMS)
    assert [verdict.code for verdict in verdicts] == ["model_hangs", "", ""]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outputs": {"task": "regression", "prediction": "z"}}, "no output 'z'"),
        ({"outputs": {"task": "classification", "prediction": "y", "classes": [0, 1]}}, "classification answers"),
        ({"outputs": {"task": "regression", "prediction": "y", "width": 2}}, "output 'y' is"),
        ({"inputs": [{"name": "a", "dtype": "float32", "tensor": "x"}]}, "not [rows, 1]"),
        ({"inputs": [{"name": n, "dtype": "float64", "tensor": "x"} for n in "ab"]}, "float64 in the signature"),
        ({"inputs": [{"name": n, "dtype": "float32", "tensor": "z"} for n in "ab"]}, "no input 'z'"),
        ({"inputs": [{"name": n, "dtype": "float32", "tensor": n} for n in "xz"], "layout": "columns"}, "no input 'z'"),
    ],
)
def test_a_signature_of_another_graph_is_refused(judged: Judged, change: dict[str, Any], words: str) -> None:
    signature = {**SUMS.signature.model_dump(mode="json"), **change}
    manifest = Manifest.model_validate({**SUMS.model_dump(mode="json"), "signature": signature})
    verdict = judged.verdict(identity(), manifest)
    assert verdict.code == "signature_mismatch"
    assert words in verdict.message


def test_golden_rows_decide(judged: Judged) -> None:
    assert judged.verdict(identity(), manifest_of([[1.0, 2.0]], [3.0])).ok
    wrong = judged.verdict(identity(), manifest_of([[1.0, 2.0], [2.0, 2.0]], [3.0, 4.1]))
    assert wrong.code == "golden_rows_failed"
    assert wrong.details["rows"] == [1]
    assert judged.verdict(identity(), manifest_of([[1.0, 2.0, 3.0]], [6.0])).code == "invalid_row"


def manifest_for(model: bytes, classes: list[int] | None) -> Manifest:
    graph = onnx.load_model_from_string(model).graph
    tensor = graph.input[0].name
    outputs: dict[str, Any] = {"task": "regression", "prediction": graph.output[0].name}
    if classes is not None:
        outputs |= {"task": "classification", "probabilities": graph.output[1].name, "classes": classes}
    document = SUMS.model_dump(mode="json")
    document["signature"]["inputs"] = [{"name": n, "dtype": "float32", "tensor": tensor} for n in "ab"]
    document["signature"]["outputs"] = outputs
    return Manifest.model_validate(document)


@pytest.mark.parametrize(
    "estimator",
    [RandomForestClassifier(5, random_state=0), KNeighborsClassifier(), GradientBoostingRegressor(n_estimators=5)],
    ids=["trees", "distances with Scan", "boosted trees"],
)
def test_what_scikit_learn_becomes_is_accepted(judged: Judged, estimator: Any) -> None:
    is_classifier = hasattr(estimator, "predict_proba")
    options = {"zipmap": False} if is_classifier else None
    model = to_onnx(estimator.fit(ROWS, CLASSES), ROWS[:1], options=options).SerializeToString()
    assert judged.verdict(model, manifest_for(model, [0, 1] if is_classifier else None)).ok


def test_text_and_columns_are_accepted(judged: Judged, tmp_path: Path) -> None:
    columns = ColumnTransformer([("n", StandardScaler(), [0]), ("s", OneHotEncoder(handle_unknown="ignore"), [1])])
    rows = np.array([[1.0, "a"], [2.0, "b"], [3.0, "a"]], dtype=object)
    pipeline = make_pipeline(columns, KNeighborsClassifier(1)).fit(rows, [0, 1, 0])
    types = [("n", FloatTensorType([None, 1])), ("s", StringTensorType([None, 1]))]
    mixed = to_onnx(pipeline, initial_types=types, options={"zipmap": False}).SerializeToString()
    document = SUMS.model_dump(mode="json")
    document["signature"] = {
        "inputs": [
            {"name": "n", "dtype": "float32", "tensor": "n"},
            {"name": "s", "dtype": "string", "tensor": "s", "categories": ["a", "b"]},
        ],
        "layout": "columns",
        "outputs": {
            "task": "classification",
            "prediction": "label",
            "probabilities": "probabilities",
            "classes": [0, 1],
        },
    }
    assert judged.verdict(mixed, Manifest.model_validate(document)) == Verdict(True)
    words = make_pipeline(CountVectorizer(lowercase=False), LogisticRegression()).fit(["one two", "three"], [0, 1])
    text = to_onnx(words, initial_types=[("text", StringTensorType([None, 1]))], options={"zipmap": False})
    assert {"Tokenizer"} <= {node.op_type for node in text.graph.node}
    file = tmp_path / "text.onnx"
    file.write_bytes(text.SerializeToString())
    assert run_command(str(file)).stdout == '{"ok": true}\n'


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlp.registry.check", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_judges_a_file_and_says_so_by_its_exit_code(tmp_path: Path) -> None:
    sample = linear_model(2)
    model, good, bad = (tmp_path / name for name in ("model.onnx", "good.json", "bad.json"))
    model.write_bytes(sample.onnx)
    good.write_text(sample.manifest.model_dump_json())
    bad.write_text(linear_model(3).manifest.model_dump_json())
    assert run_command(str(model), str(good)).returncode == 0
    refused = run_command(str(model), str(bad))
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["code"] == "golden_rows_failed"
    for arguments in ((), (str(tmp_path / "absent"),), (str(model), str(model))):
        assert run_command(*arguments).returncode == 2


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "model_crashes_runtime"),
        ("os._exit(0)", "model_crashes_runtime"),
        ("os.abort()", "model_crashes_runtime"),
        ("bytearray(600 * 2**20)", "model_exceeds_memory"),
        ("time.sleep(60)", "model_hangs"),
        ("[None for _ in iter(int, 1)]", "model_hangs"),
        ("open('/tmp/mlp-confined', 'w').write('x' * 100_000)", "invalid_model"),
    ],
)
def test_a_confined_process_ends_alone(deed: str, code: str) -> None:
    program = (
        "import os, signal, sys, time\n"
        "from mlp.registry.check.confinement import Limits, confined\n"
        f"print(confined(lambda: {deed}, Limits(seconds=1.5, cpu_seconds=1)).code)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, f"{code}\n")
