"""What is applied: the manifests, and what the user decided."""

import pytest
import yaml

from mlp.errors import Invalid
from mlp.targets.bundle import bundle
from mlp.targets.kubernetes.choices import Choices, database_at, only, store_at
from mlp.targets.kubernetes.names import OPERATOR, PART_OF, REGISTRY
from mlp.targets.kubernetes.plan import planned


def plan(**chosen):
    return planned(bundle().manifests, Choices(**chosen))


def find(objects, kind, name):
    return next((obj for obj in objects if (obj["kind"], obj["metadata"]["name"]) == (kind, name)), None)


def environment(objects, component):
    pod = find(objects, component.resource.kind, component.name)["spec"]["template"]["spec"]
    return {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}


def test_namespace_and_definition_come_first_and_what_runs_last():
    kinds = [obj["kind"] for obj in plan()]
    assert kinds[:2] == ["Namespace", "CustomResourceDefinition"]
    assert kinds[-4:] == ["StatefulSet", "StatefulSet", "Deployment", "Deployment"]


def test_everything_says_that_it_belongs_to_the_platform():
    assert {obj["metadata"]["labels"][PART_OF] for obj in plan()} == {"mlp"}


def test_another_namespace_is_said_wherever_a_namespace_is():
    text = yaml.safe_dump(plan(namespace="risk"))
    assert "ml-platform\n" not in text
    assert find(plan(namespace="risk"), "RoleBinding", "ml-operator")["subjects"][0]["namespace"] == "risk"


def test_the_same_choices_give_the_same_bytes():
    assert yaml.safe_dump_all(plan()) == yaml.safe_dump_all(plan())


def test_a_database_outside_takes_the_place_of_the_platforms_own():
    objects = plan(database=database_at("postgresql://app@db.example.com:6432/models"))
    assert find(objects, "StatefulSet", "postgresql") is None
    assert find(objects, "NetworkPolicy", "postgresql") is None
    assert environment(objects, REGISTRY)["DATABASE_URL"] == "postgresql+asyncpg://app@db.example.com:6432/models"
    egress = find(objects, "NetworkPolicy", "model-registry")["spec"]["egress"]
    assert {"ports": [{"port": 6432, "protocol": "TCP"}]} in egress
    assert not any(peer.get("podSelector", {}).get("matchLabels") == {"app": "postgresql"}
                   for rule in egress for peer in rule.get("to", ()))  # fmt: skip


def test_a_store_outside_is_reached_by_registry_and_models():
    objects = plan(store=store_at("https://s3.example.com"), bucket="team-models")
    assert find(objects, "StatefulSet", "minio") is None
    said = environment(objects, REGISTRY)
    assert said["MLP_REGISTRY_S3_ENDPOINT"] == "https://s3.example.com"
    assert said["MLP_REGISTRY_STORE"] == "s3://team-models"
    for policy in ("model-registry", "inference-server"):
        egress = find(objects, "NetworkPolicy", policy)["spec"]["egress"]
        assert {"ports": [{"port": 443, "protocol": "TCP"}]} in egress


def test_images_of_the_platform_come_from_the_registry_that_is_named_and_others_do_not():
    objects = plan(image_registry="ghcr.io/acme/")
    own = {image for image in images_of(plan()) if image.startswith("ml-platform/")}
    others = images_of(plan()) - own
    assert images_of(objects) == {f"ghcr.io/acme/{image}" for image in own} | others
    served = environment(objects, OPERATOR)["MLP_INFERENCE_IMAGE"]
    assert served.startswith("ghcr.io/acme/ml-platform/inference-server:")


def images_of(objects):
    return {
        container["image"]
        for obj in objects
        if obj["kind"] in ("Deployment", "StatefulSet")
        for container in obj["spec"]["template"]["spec"]["containers"]
    }


def test_only_leaves_the_rest_out():
    objects = plan(only=only("model-registry,ml-operator"))
    assert [obj["metadata"]["name"] for obj in objects if obj["kind"] in ("Deployment", "StatefulSet")] == [
        "model-registry",
        "ml-operator",
    ]


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (only, "registry", "unknown_component"),
        (database_at, "mysql://app@db/x", "invalid_database_url"),
        (database_at, "postgresql://db/x", "invalid_database_url"),
        (database_at, "postgresql://app@db", "invalid_database_url"),
        (database_at, "postgresql://app@db:port/x", "invalid_database_url"),
        (database_at, "postgresql://app:secret@db/x", "secret_in_argument"),
        (store_at, "s3.example.com", "invalid_s3_endpoint"),
        (store_at, "https://s3.example.com/bucket", "invalid_s3_endpoint"),
        (store_at, "https://key:secret@s3.example.com", "secret_in_argument"),
    ],
)
def test_what_means_nothing_is_refused_without_repeating_a_secret(read, text, code):
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.code == code
    assert "secret@" not in refused.value.message
