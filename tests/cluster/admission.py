"""A policy of the cluster's that refuses some disruption budgets, and with them what the operator wants to make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.namespace import Namespace
from tests.cluster.operator_process import wait_for

PREFIX = "forbidden"
WORDS = "no forbidden budgets here"


@contextmanager
def refused_budgets(namespace: Namespace) -> Iterator[None]:
    """While the context lasts, no budget whose name begins with PREFIX can be made in the namespace."""
    for document in (_policy(), _binding(namespace.name)):
        namespace.plane.kubectl("apply", "-f", "-", stdin=json.dumps(document))
    probe = ("create", "pdb", PREFIX, "--selector=a=b", "--max-unavailable=1", "--dry-run=server")
    try:
        wait_for(lambda: namespace.kubectl(*probe, check=False).returncode != 0, "the policy holds")
        yield
    finally:
        namespace.plane.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "picky")


def _policy() -> dict[str, object]:
    made = {"apiGroups": ["policy"], "apiVersions": ["v1"], "resources": ["poddisruptionbudgets"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "picky"},
        "spec": {
            "matchConstraints": {"resourceRules": [made | {"operations": ["CREATE"]}]},
            "validations": [{"expression": f"!object.metadata.name.startsWith('{PREFIX}')", "message": WORDS}],
        },
    }


def _binding(namespace: str) -> dict[str, object]:
    labels = {"kubernetes.io/metadata.name": namespace}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "picky"},
        "spec": {
            "policyName": "picky",
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": labels}},
        },
    }
