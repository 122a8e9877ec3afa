"""The CRD in manifests/ says what the documents say."""

from pathlib import Path

from mlp.api.crd import crd, crd_yaml

FILE = Path(__file__).parents[2] / "manifests" / "model-deployment-crd.yaml"


def test_the_file_is_what_the_documents_make():
    assert FILE.read_text(encoding="utf-8") == crd_yaml(), (
        "run: python -m mlp.controller crd > manifests/model-deployment-crd.yaml"
    )


def test_every_field_of_the_spec_is_described():
    spec = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert [name for name, field in spec["properties"].items() if not field.get("description")] == []
