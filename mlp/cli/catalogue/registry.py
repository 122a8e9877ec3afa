"""Failures of the registry: names, versions, uploads, storage."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

REGISTRY: Mapping[str, Known] = {
    "model_not_found": Known(
        "MLP5001",
        "No such model",
        "The registry knows no model of that name.",
        "mlp model ls",
    ),
    "version_not_found": Known(
        "MLP5002",
        "No such version",
        "The model has no version of that number.",
        "mlp model ls {name}",
    ),
    "invalid_name": Known(
        "MLP5003",
        "Not a name",
        "Names are DNS labels: lower-case letters, digits and '-', at most 50 characters.",
        "choose another name, such as iris-classifier",
    ),
    "invalid_version": Known(
        "MLP5004",
        "Not a version",
        "Versions are 1, 2, 3 …",
        "mlp model ls NAME",
    ),
    "golden_rows_failed": Known(
        "MLP5101",
        "The registry could not reproduce the receipt",
        "The uploaded graph answers the golden rows differently than the receipt says.",
        "push again; if it stays, report it with mlp version of both sides",
    ),
    "digest_mismatch": Known(
        "MLP5102",
        "The bytes arrived changed",
        "Their SHA-256 is not the one that was announced.",
        "push again",
    ),
    "invalid_model": Known(
        "MLP5103",
        "Not a valid ONNX model",
        "The registry's checker cannot read or load it.",
        "check it with onnx.checker.check_model",
    ),
    "external_data_forbidden": Known(
        "MLP5104",
        "Weights in another file",
        "A version is one file, without references to others.",
        "onnx.save(model, path) writes one file",
    ),
    "unsupported_operator": Known(
        "MLP5105",
        "An operator that is not allowed",
        "Servers run the operators of converted models, and no loops.",
        "export the model without the operator that the message names",
    ),
    "cyclic_tree": Known(
        "MLP5106",
        "A tree that never ends",
        "A node of a tree ensemble is reached twice.",
        "convert the model again; the file is damaged",
    ),
    "model_hangs": Known(
        "MLP5107",
        "The model does not answer",
        "It ran for seconds on one row, and was ended.",
        "check the model; nothing was registered",
    ),
    "model_exceeds_memory": Known(
        "MLP5108",
        "The model needs too much memory",
        "It passed the checker's limit on one row.",
        "check the model; nothing was registered",
    ),
    "model_crashes_runtime": Known(
        "MLP5109",
        "The model crashes ONNX Runtime",
        "The process that tried it died.",
        "check the model; nothing was registered",
    ),
    "signature_mismatch": Known(
        "MLP5110",
        "Graph and signature differ",
        "Names, types or shapes of the graph are not those of the signature.",
        "push again with this version of mlp",
    ),
    "insufficient_storage": Known(
        "MLP5201",
        "The registry's disk is full",
        "There is no room for the blob.",
        "free some space and push again",
    ),
    "artifact_corrupt": Known(
        "MLP5202",
        "The stored model is damaged",
        "Its bytes no longer have their digest.",
        "push the model again",
    ),
    "payload_too_large": Known(
        "MLP5203",
        "Too large",
        "The upload exceeds the registry's limit.",
        "push a smaller model",
    ),
    "versions_damaged": Known(
        "MLP5206",
        "Versions without their blob",
        "The store lost or changed the bytes of versions that the database knows.",
        "push those models again, or restore a backup",
    ),
    "blob_collected": Known(
        "MLP5205",
        "Collected as garbage meanwhile",
        "A collection without a grace took the bytes before their version was written.",
        "push again",
    ),
    "storage_unavailable": Known(
        "MLP5207",
        "The registry's store does not work",
        "The folder or object store that keeps its blobs does not answer, or refuses the registry.",
        "push again; if it stays, the registry's log names the fault",
    ),
    "bucket_missing": Known(
        "MLP5208",
        "No bucket",
        "The registry's bucket is not there, and its keys may not make it.",
        "make the bucket, or let the keys make it",
    ),
    "store_denied": Known(
        "MLP5209",
        "The object store refuses the registry",
        "Its keys are wrong, or may not write to the bucket.",
        "check the keys, the region and the policy of the bucket",
    ),
    "archived": Known(
        "MLP5210",
        "It is archived",
        "An archived model takes no pushes, and no alias can point to what is archived.",
        "mlp model unarchive {reference}",
    ),
    "in_use": Known(
        "MLP5204",
        "The version is in use",
        "A deployment or an alias still needs it.",
        "mlp undeploy or mlp model alias rm what needs it",
    ),
}
