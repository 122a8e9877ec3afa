"""What the documents accept, refuse and keep."""

import json

import pytest
from pydantic import ValidationError

from mlp.api.deployment import ConditionType, ModelDeployment, Status
from mlp.api.model import Manifest, version_digest
from mlp.api.receipt import GoldenRows, Receipt, SampleKind
from mlp.api.reference import ModelRef
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.api.wire import canonical_json
from mlp.errors import Invalid

SHA = "0" * 64


def number(name: str, **more) -> Feature:
    return Feature(**{"name": name, "dtype": DType.FLOAT32, "tensor": "X"} | more)


def signature(*features: Feature, layout: Layout = Layout.MATRIX) -> Signature:
    outputs = Outputs(task=Task.CLASSIFICATION, prediction="label", probabilities="p", classes=("a", "b"))
    return Signature(inputs=features or (number("x"), number("y")), layout=layout, outputs=outputs)


def receipt(**more) -> Receipt:
    golden = GoldenRows(features=((0.1, 2.0),), predictions=("a",), probabilities=((0.9, 0.1),))
    return Receipt(**{"sample": SampleKind.GIVEN, "rows": 1, "golden": golden} | more)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("iris", ModelRef("iris")),
        ("iris:2", ModelRef("iris", version=2)),
        ("iris@production", ModelRef("iris", alias="production")),
    ],
)
def test_a_reference_is_read_and_written_alike(text, reference):
    assert ModelRef.parse(text) == reference
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "Iris",
            "-iris",
            "iris-",
            "1ris",
            "a" * 51,
            "../iris",
            "iris/2",
            "iris%2e",
            "file:///etc/passwd",
            "iris\n",
        ),
        *("iris:", "iris:0", "iris:01", "iris:-1", "iris:x", "iris:99999999999", "iris:2\n", "iris:\uff12"),
        *("iris@", "iris@Prod"),
    ],
)
def test_what_is_no_reference_is_invalid(text):
    with pytest.raises(Invalid):
        ModelRef.parse(text)


def test_a_manifest_survives_json_to_the_last_digit():
    golden = GoldenRows(features=((0.1 + 0.2, None), (1, "x")), predictions=(True, "a"))
    manifest = Manifest(signature=signature(), receipt=receipt(golden=golden), metrics={"accuracy": 1 / 3})
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    again = Manifest.model_validate_json(manifest.model_dump_json()).receipt.golden
    assert again.predictions[0] is True
    assert again.features == golden.features


def test_the_digest_covers_blob_signature_and_receipt_and_nothing_else():
    base = version_digest(SHA, signature(), receipt())
    assert base == version_digest(SHA, signature(), receipt())
    assert base != version_digest("1" * 64, signature(), receipt())
    assert base != version_digest(SHA, signature(number("x"), number("z")), receipt())
    assert base != version_digest(SHA, signature(), receipt(rows=2))


def test_the_digest_is_the_same_after_a_journey_through_json():
    through = Manifest.model_validate_json(Manifest(signature=signature(), receipt=receipt()).model_dump_json())
    assert version_digest(SHA, through.signature, through.receipt) == version_digest(SHA, signature(), receipt())


def test_canonical_json_does_not_depend_on_order():
    assert canonical_json({"b": 1, "a": "ü"}) == canonical_json({"a": "ü", "b": 1}) == b'{"a":"\\u00fc","b":1}'


@pytest.mark.parametrize(
    ("features", "layout"),
    [
        ((number("x"), number("x")), Layout.MATRIX),
        ((number("x"), number("y", tensor="Y")), Layout.MATRIX),
        ((number("x"), number("y", dtype=DType.INT64)), Layout.MATRIX),
        ((number("x"), number("y")), Layout.COLUMNS),
    ],
)
def test_features_that_cannot_become_tensors_are_refused(features, layout):
    with pytest.raises(ValidationError):
        signature(*features, layout=layout)


@pytest.mark.parametrize(
    "feature",
    [
        {"closed": True},
        {"categories": ("a",)},
        {"dtype": DType.INT64, "nullable": True},
        {"dtype": DType.BOOL, "nullable": True},
        {"name": ""},
        {"unknown": 1},
    ],
)
def test_a_feature_that_contradicts_itself_is_refused(feature):
    with pytest.raises(ValidationError):
        number(**{"name": "x"} | feature)


def test_not_a_number_is_in_no_document():
    with pytest.raises(ValidationError):
        Manifest(signature=signature(), receipt=receipt(), metrics={"accuracy": float("nan")})
    with pytest.raises(ValidationError):
        number("x", minimum=float("-inf"))


def deployment(**spec) -> ModelDeployment:
    return ModelDeployment.model_validate(
        {"metadata": {"name": "iris"}, "spec": {"modelName": "iris", "modelVersion": 1} | spec}
    )


def test_a_deployment_has_the_documented_defaults():
    spec = deployment().document()["spec"]
    assert spec["replicas"] == 1
    assert spec["resources"] == {"requests": {"cpu": "100m", "memory": "256Mi"}}
    assert spec["suspend"] is False
    assert "autoscaling" not in spec


def test_autoscaling_needs_a_maximum_alone():
    spec = deployment(autoscaling={"enabled": True, "maxReplicas": 10}).document()["spec"]
    assert spec["autoscaling"] == {"enabled": True, "maxReplicas": 10, "targetCPUUtilizationPercentage": 80}


@pytest.mark.parametrize("field", ["image", "command", "serviceAccountName", "template", "podTemplate"])
def test_no_field_of_a_deployment_runs_code(field):
    with pytest.raises(ValidationError):
        deployment(**{field: "anything"})


def test_a_deployment_is_ready_only_for_the_generation_that_was_observed():
    ready = [
        {"type": "Ready", "status": "True", "reason": "Serving", "lastTransitionTime": "2026-01-01T00:00:00Z"},
    ]
    document = deployment().document()
    document["metadata"]["generation"] = 2
    old = ModelDeployment.model_validate(document | {"status": {"observedGeneration": 1, "conditions": ready}})
    new = ModelDeployment.model_validate(document | {"status": {"observedGeneration": 2, "conditions": ready}})
    assert (old.is_ready(), new.is_ready()) == (False, True)
    assert new.status.condition(ConditionType.DEGRADED) is None


def test_a_status_of_a_newer_platform_can_be_read():
    assert Status.model_validate(json.loads('{"replicas": 1, "somethingNew": {}}')).replicas == 1
