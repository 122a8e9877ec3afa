"""Those who only read see the documents that are written: the same fields, and what may be left out may be left out."""

import json
from typing import get_args, is_typeddict

import pytest

from mlp.api import documents, shape, upkeep
from mlp.api.agent import AgentStatus, DamagedDeployment, ProcessStatus
from mlp.api.alias import Alias, AliasChange
from mlp.api.collection import CollectionReport, DamagedVersion, UnusedBlob
from mlp.api.deployment import (
    Autoscaling,
    Condition,
    ModelDeployment,
    ObjectMeta,
    ResourceList,
    Resources,
    Spec,
    Status,
)
from mlp.api.history import DeploymentEvent, History, Revision
from mlp.api.inference import Metadata, Prediction, PredictRequest, Readiness, ServedModel
from mlp.api.model import Model, ModelVersion, Source, VersionSummary
from mlp.api.receipt import GoldenRows, Receipt
from mlp.api.signature import Feature, Outputs, Signature
from mlp.api.token import Token
from mlp.api.webhook import Delivery, Webhook
from mlp.api.why import Link, Why
from mlp.client.mark import AgentFile

WRITTEN_BY = {
    documents.MetaDocument: ObjectMeta,
    documents.AmountsDocument: ResourceList,
    documents.ResourcesDocument: Resources,
    documents.AutoscalingDocument: Autoscaling,
    documents.SpecDocument: Spec,
    documents.ConditionDocument: Condition,
    documents.StatusDocument: Status,
    documents.DeploymentDocument: ModelDeployment,
    documents.ProcessDocument: ProcessStatus,
    documents.AgentDocument: AgentStatus,
    documents.DamageDocument: DamagedDeployment,
    documents.RevisionDocument: Revision,
    documents.HistoryDocument: History,
    documents.EventDocument: DeploymentEvent,
    documents.LinkDocument: Link,
    documents.WhyDocument: Why,
    documents.FeatureDocument: Feature,
    documents.OutputsDocument: Outputs,
    documents.SignatureDocument: Signature,
    documents.GoldenDocument: GoldenRows,
    documents.ReceiptDocument: Receipt,
    documents.SourceDocument: Source,
    documents.VersionDocument: ModelVersion,
    documents.SummaryDocument: VersionSummary,
    documents.ModelDocument: Model,
    documents.AliasDocument: Alias,
    documents.AliasChangeDocument: AliasChange,
    documents.TokenDocument: Token,
    documents.WebhookDocument: Webhook,
    documents.DeliveryDocument: Delivery,
    upkeep.UnusedBlobDocument: UnusedBlob,
    upkeep.DamagedVersionDocument: DamagedVersion,
    upkeep.CollectionDocument: CollectionReport,
    upkeep.MarkDocument: AgentFile,
    documents.ServedDocument: ServedModel,
    documents.PredictionDocument: Prediction,
    documents.ReadinessDocument: Readiness,
    documents.MetadataDocument: Metadata,
    documents.RequestDocument: PredictRequest,
}
VERSION = {
    "name": "iris",
    "version": 1,
    "digest": "d",
    "sha256": "s",
    "size": 3,
    "signature": {
        "inputs": [{"name": "age", "dtype": "float32", "tensor": "X"}],
        "layout": "matrix",
        "outputs": {"task": "regression", "prediction": "y"},
    },
    "receipt": {"sample": "given", "rows": 1},
    "created_at": "2026-01-01T00:00:00Z",
}


def test_every_document_has_its_class():
    kinds = {**vars(documents), **vars(upkeep)}
    named = {each for name, each in kinds.items() if name.endswith("Document")}
    assert named == set(WRITTEN_BY)


@pytest.mark.parametrize("read", WRITTEN_BY, ids=lambda read: read.__name__)
def test_what_is_read_is_what_is_written(read):
    fields = WRITTEN_BY[read].model_fields
    written = {field.serialization_alias or field.alias or name: field for name, field in fields.items()}
    for name, (needed, _) in shape.fields_of(read).items():
        assert name in written
        assert needed == written[name].is_required(), name


@pytest.mark.parametrize("root", [documents.DeploymentDocument, documents.ProcessDocument, documents.VersionDocument])
def test_what_is_shown_whole_has_every_field_in_the_order_in_which_it_is_written(root):
    for read in parts_of(root):
        fields = WRITTEN_BY[read].model_fields.items()
        assert list(read.__annotations__) == [
            field.serialization_alias or field.alias or name for name, field in fields
        ]


def parts_of(kind):
    """Return the documents that a document, or a list or union of some, is made of."""
    if not is_typeddict(kind):
        return [each for part in get_args(kind) for each in parts_of(part)]
    return [kind, *(each for _, field in shape.fields_of(kind).values() for each in parts_of(field))]


def test_fields_that_are_known_come_first_and_in_their_order():
    spec = {"suspend": False, "later": 1, "resources": {"limits": None, "requests": {}}, "modelVersion": 1}
    ordered = shape.in_order({"status": None, "spec": spec, "kind": "X"}, documents.DeploymentDocument)
    assert list(ordered) == ["kind", "spec", "status"]
    assert list(ordered["spec"]) == ["modelVersion", "resources", "suspend", "later"]
    assert list(ordered["spec"]["resources"]) == ["requests", "limits"]
    conditions = {"conditions": [{"status": "True", "type": "Ready"}]}
    assert list(shape.in_order(conditions, documents.StatusDocument)["conditions"][0]) == ["type", "status"]


def test_a_document_with_more_than_is_read_is_one():
    shape.check(
        {**VERSION, "colour": "red", "archived_at": None, "metrics": {"accuracy": 1}}, documents.VersionDocument
    )


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": None}, "name"),
        ({"version": "1"}, "version"),
        ({"version": True}, "version"),
        ({"metrics": {"accuracy": "high"}}, "metrics.accuracy"),
        ({"metrics": {"accuracy": float("nan")}}, "metrics.accuracy"),
        ({"metrics": []}, "metrics"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"archived_at": 5}, "archived_at"),
        ({"receipt": {"sample": "given"}}, "receipt.rows"),
        ({"receipt": {"sample": "given", "rows": 1, "golden": {"features": [1]}}}, "receipt.golden.features.0"),
        ({"signature": {"inputs": [{"name": "a", "dtype": "complex"}], "outputs": {}}}, "signature.inputs.0.dtype"),
        ({"aliases": [1]}, "aliases.0"),
    ],
)
def test_what_is_something_else_is_told_with_its_place(change, place):
    with pytest.raises(shape.Misshapen) as caught:
        shape.check(json.loads(json.dumps({**VERSION, **change})), documents.VersionDocument)
    assert caught.value.place == place


@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_what_is_no_object_is_no_document(value):
    with pytest.raises(shape.Misshapen):
        shape.check(value, documents.VersionDocument)
