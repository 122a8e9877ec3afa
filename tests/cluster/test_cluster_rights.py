"""What the operator may do, and what its pods may."""

import json

from mlp.kube.resource import DEPLOYMENTS
from tests.cluster.control_plane import MANIFESTS
from tests.cluster.operator_process import wait_for

SELF = {"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"}
RIGHTS = {
    "deployments.apps": "create get list patch watch",
    "events": "create",
    "horizontalpodautoscalers.autoscaling": "create delete get list patch watch",
    "leases.coordination.k8s.io": "create get update",
    "modeldeployments.ml.example.com": "get list watch",
    "modeldeployments.ml.example.com/finalizers": "update",
    "modeldeployments.ml.example.com/status": "patch",
    "poddisruptionbudgets.policy": "create get list patch watch",
    "pods": "get list watch",
    "services": "create get list patch watch",
}


def test_the_operator_may_do_what_it_does_and_nothing_else(namespace):
    user = "--as=system:serviceaccount:ml-platform:ml-operator"
    lines = namespace.kubectl("auth", "can-i", "--list", user).stdout.splitlines()[1:]
    found = {}
    for line in lines:
        name, verbs = line.partition(" ")[0], line[line.rindex("[") + 1 : line.rindex("]")]
        if name and not name.startswith("[") and name.partition(".")[0] not in SELF:
            found[name] = " ".join(sorted(verbs.split()))
    assert found == RIGHTS
    assert "secrets" not in (MANIFESTS / "rbac.yaml").read_text().replace("Secrets", "")


def test_pods_pass_the_restricted_standard_and_carry_no_token(plane, new_namespace, start):
    namespace = new_namespace()
    plane.kubectl("label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted")
    start(namespace).wait_until_leading()
    namespace.deploy("restricted", autoscaling={"enabled": True, "maxReplicas": 3})
    template = wait_for(lambda: namespace.get(DEPLOYMENTS, "restricted"), "a Deployment")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": template["spec"]}
    made = namespace.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=json.dumps(pod))
    assert "violate" not in made.stderr
    spec = json.loads(made.stdout)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert not [volume for volume in spec["volumes"] if "projected" in volume]
    assert "envFrom" not in spec["containers"][0]
