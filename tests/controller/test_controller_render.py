"""What children look like, whole: a changed pod template rolls the pods of every user when the operator is upgraded."""

from pathlib import Path

import yaml

from mlp.controller.render import Owner, render
from tests.controller.views import DIGEST, PODS, UID, deployment

FILE = Path(__file__).with_name("children.yaml")


def test_the_children_are_those_that_earlier_releases_made():
    model = deployment(
        modelVersion=2,
        replicas=3,
        environment="production",
        resources={"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        autoscaling={"enabled": True, "maxReplicas": 10},
    )
    children = render(Owner(model, UID, DIGEST), PODS, replicas=3)
    found = [{"kind": resource.kind, **body} for resource, body in children.items()]
    assert found == list(yaml.safe_load_all(FILE.read_text(encoding="utf-8"))), (
        f"if it has to change, say so in CHANGELOG.md and write {FILE.name} anew:\n{yaml.safe_dump_all(found)}"
    )
