"""Why a deployment on a cluster does not serve: the reasons that the operator gives, beside those of the servers."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

CLUSTER: Mapping[str, Known] = {
    "VersionNotReady": Known(
        "MLP2301",
        "The model has no such version",
        "The registry knows the model, and no version of that number.",
        "mlp model ls NAME shows its versions; the operator finds one that appears by itself",
    ),
    "ImagePullFailed": Known(
        "MLP2302",
        "The server's image cannot be had",
        "The node finds no image of that name, or may not pull it.",
        "load or push the image that the message names, or correct MLP_INFERENCE_IMAGE of the operator",
    ),
    "ContainerFailed": Known(
        "MLP2303",
        "The node cannot start the container",
        "The node refused the container's configuration or could not create it.",
        "read the message, then kubectl describe pod -l app.kubernetes.io/instance={name}",
    ),
    "OutOfMemory": Known(
        "MLP2304",
        "The server needs more memory than it may use",
        "It was killed at resources.limits.memory.",
        "raise spec.resources.limits.memory",
    ),
    "Unschedulable": Known(
        "MLP2305",
        "No node has room for the pods",
        "resources.requests asks for more than any node has left.",
        "lower spec.resources.requests, or add a node",
    ),
    "QuotaExceeded": Known(
        "MLP2306",
        "The namespace's quota is used up",
        "A ResourceQuota does not allow what the deployment needs.",
        "raise the quota that the message names, or ask for less in spec",
    ),
    "Rejected": Known(
        "MLP2307",
        "The API server refuses a part of the deployment",
        "A policy or an admission rule of the cluster forbids it; the message has the rule's words.",
        "change the spec or the rule; the operator tries again within two minutes",
    ),
    "ResourceConflict": Known(
        "MLP2308",
        "The name is taken",
        "An object that is not this deployment's has the name of one of its parts.",
        "delete or rename the object that the message names; the operator goes on by itself",
    ),
    "Overruled": Known(
        "MLP2309",
        "Something else changes what the operator applies",
        "Another controller or a webhook writes the same fields.",
        "kubectl get deployment {name} --show-managed-fields -o yaml names the writer; stop it",
    ),
    "InvalidSpec": Known(
        "MLP2310",
        "The spec breaks a rule that is newer than the object",
        "It was stored before the rule existed; nothing about it is changed.",
        "correct the field that the message names",
    ),
}
