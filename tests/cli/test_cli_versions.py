"""Comparing versions, and fetching them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlp.cli.model_difference import schema_changes
from mlp.cli.model_flips import asked_flips, stored_flips
from tests.cli.stand_in_platform import CLASSES, FEATURES, Platform, receipt, signature


@pytest.fixture
def versions():
    """Two versions with the same rows, of which one is answered differently, and a third with other features."""
    known = Platform()
    known.push("iris", 1, b"one", signature(*FEATURES), receipt("setosa", "versicolor", "virginica"))
    known.push("iris", 2, b"two", signature(*reversed(FEATURES)), receipt("setosa", "virginica", "virginica"))
    known.push("iris", 3, b"three", signature("sepal_length", "colour"), receipt())
    return [known.versions["iris", number] for number in (1, 2, 3)]


def documents(versions):
    return [json.loads(each.model_dump_json()) for each in versions]


def test_versions_that_differ_end_with_8_and_name_what_differs(mlp, platform):
    ran = mlp("model", "diff", "iris:1", "iris:2", "-o", "json")
    assert ran.code == 8
    document = json.loads(ran.out)
    assert (document["before"], document["after"], document["same"]) == ("iris:1", "iris:2", False)
    assert {"digest", "size"} == {each["name"] for each in document["facts"]}
    flips = document["predictions"]["flips"]
    assert [(row["before"], row["after"]) for row in flips] == [("versicolor", "virginica")]
    assert flips[0]["features"]["sepal_length"] == 6.0
    text = mlp("model", "diff", "iris@production", "iris:2").out
    assert "1 of 3 golden rows flip" in text


def test_a_version_is_the_same_as_itself(mlp, platform):
    ran = mlp("model", "diff", "iris:1", "iris@production")
    assert ran.code == 0
    assert ran.out == "iris:1 and iris:1 are the same\n"


def test_changes_of_the_schema_are_named(versions):
    one, two, three = documents(versions)
    assert schema_changes(one, two) == ["~ the features have another order"]
    assert schema_changes(one, three) == [
        "- feature sepal_width",
        "- feature petal_length",
        "- feature petal_width",
        "+ feature colour (float32)",
    ]


def test_each_version_is_asked_the_others_rows_by_the_names_of_their_features(versions):
    one, two, _ = versions
    asked = {}

    def run_of(version):
        def run(feeds):
            asked[version.version] = feeds["X"].astype(float).round(3).tolist()
            chances = np.array([[0.1, 0.1, 0.8]] * len(feeds["X"]), dtype=np.float32)
            return {"label": np.array([CLASSES[2]] * len(feeds["X"]), dtype=object), "p": chances}

        return run

    flips = asked_flips(one, two, run_of)
    assert asked[2][0] == [0.2, 1.4, 3.5, 5.0]
    assert flips.compared == 6
    # Of the first version's rows the new one flips two; of the second's, the old one flips one.
    assert [(row["before"], row["after"]) for row in flips.rows] == [
        ("setosa", "virginica"),
        ("versicolor", "virginica"),
        ("virginica", "setosa"),
    ]
    assert flips.largest == pytest.approx(0.8, abs=0.05)


def test_without_the_models_only_rows_that_both_have_are_compared(versions):
    one, two, three = documents(versions)
    assert stored_flips(one, one, "stored").compared == 3
    assert stored_flips(one, two, "stored").compared == 0
    assert stored_flips(one, three, "stored").lines() == ["stored"]


def test_a_version_is_fetched_once_and_its_digest_is_verified(mlp, platform, tmp_path):
    ran = mlp("model", "pull", "iris:2")
    assert (ran.code, ran.out) == (0, "iris-2.onnx\n")
    version = platform.versions["iris", 2]
    assert f"file sha256 {version.sha256}\n" in ran.err
    assert f"its digest {version.digest[:12]} is of the file, the signature and the receipt together" in ran.err
    shown = mlp("model", "show", "iris:2").out
    assert f"digest       {version.digest}\nfile sha256  {version.sha256}\n" in shown
    assert (tmp_path / "iris-2.onnx").read_bytes() == b"the second"
    platform.asked.clear()
    assert mlp("model", "pull", "iris:2").code == 0
    assert not [path for path in platform.asked if "artifact" in path]
    assert mlp("model", "pull", "iris@production", "-o", "there.onnx").code == 0
    assert (tmp_path / "there.onnx").read_bytes() == b"one"


def test_damaged_bytes_leave_no_file(mlp, platform, tmp_path):
    platform.blobs[platform.versions["iris", 2].sha256] = b"damaged"
    ran = mlp("model", "pull", "iris:2")
    assert ran.code == 1
    assert "SHA-256" in ran.err
    assert list(tmp_path.glob("*.onnx*")) == []


@pytest.mark.parametrize(("file", "code"), [("other.onnx", 7), ("nowhere/iris.onnx", 3)])
def test_a_file_that_is_not_ours_is_left_alone(mlp, platform, tmp_path, file, code):
    (tmp_path / "other.onnx").write_bytes(b"mine")
    ran = mlp("model", "pull", "iris:2", "-o", file, "--no-input")
    assert ran.code == code
    assert (tmp_path / "other.onnx").read_bytes() == b"mine"


def test_predictions_again_and_again_show_their_latency(mlp, platform):
    given = [part for name in FEATURES for part in ("-i", f"{name}=1")]
    document = json.loads(mlp("predict", "iris", *given, "--repeat", "5", "-o", "json").out)
    assert document["latency"]["requests"] == 5
    assert document["predictions"] == ["setosa"]
    lines = mlp("predict", "iris", *given, "--repeat", "5").out.splitlines()
    assert lines[0].startswith("setosa   0.900")
    assert "p50" in lines[1]
    assert "p95" in lines[1]


def test_the_curl_command_is_one_that_works(mlp, platform):
    ran = mlp("predict", "iris", "--example", "--curl")
    assert ran.out.startswith(f"curl -sS {platform.url}/servers/iris/predict -H")
    assert '"petal_length": 4.0' in ran.out


def test_a_raw_body_is_sent_where_it_belongs_and_its_answer_is_printed_as_it_is(mlp, platform, tmp_path):
    (tmp_path / "a.json").write_text('{"features": [[1, 2, 3, 4]]}')
    (tmp_path / "b.json").write_text('{"inputs": []}')
    assert json.loads(mlp("predict", "iris", "--raw", "-f", "a.json").out)["predictions"] == ["setosa"]
    assert mlp("predict", "iris", "--raw", "-f", "b.json").code == 5
    assert platform.asked[-1] == "/servers/iris/v2/models/iris/infer"
    assert mlp("predict", "iris", "--raw").code == 2
