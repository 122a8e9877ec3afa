"""Every known failure: a code that never changes, one cause and one fix.

An entry is found by the `code` of an error (`port_taken`) or the reason of a condition (`GoldenRowsFailed`).
The thousands tell the part: 0 the command line, 1 the platform, 2 deployments, 3 predictions, 4 packaging, 5 the
registry, 9 what has no better entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """One kind of failure. `fix` may name facts of the failure in braces: `{name}`."""

    code: str
    title: str
    cause: str
    fix: str
    exit: int | None = None
    """The exit code, where it is not the one of the error's class."""

    def fix_for(self, details: Mapping[str, object]) -> str:
        """Return the fix with the facts of this failure filled in; a fact that is missing keeps its braces."""
        return self.fix.format_map(_Facts(details))


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key.upper()


KNOWN: Mapping[str, Known] = {
    # the command line
    "internal": Known(
        "MLP0001",
        "A fault in mlp",
        "mlp met a situation that it does not know.",
        "run the command again with --debug, and report what it prints",
    ),
    "confirmation_required": Known(
        "MLP0007",
        "Nobody could be asked",
        "The command destroys something, and there is no terminal to confirm it at.",
        "add --yes if you mean it",
    ),
    "declined": Known("MLP0008", "Not confirmed", "The answer to the question was no.", "run it again and answer y"),
    "invalid_option": Known(
        "MLP0002", "An option's value is wrong", "The value has another form than expected.", "see --help"
    ),
    "file_not_found": Known(
        "MLP0003", "A file does not exist", "The path names no file.", "check the path: it is relative to where you are"
    ),
    # the platform
    "platform_not_running": Known(
        "MLP1001",
        "The platform is not running",
        "No agent answers on this machine.",
        "mlp up",
        exit=3,
    ),
    "target_not_available": Known(
        "MLP1002",
        "The target is not available",
        "Only the local target is part of this version.",
        "use --target local, or unset MLP_TARGET",
    ),
    "no_target": Known(
        "MLP1003",
        "No target",
        "No platform runs on this machine and none was named.",
        "mlp up, or name one with --target",
    ),
    "port_taken": Known(
        "MLP1101",
        "A port is taken",
        "Another program listens on the port.",
        "end that program, or choose another port: mlp up --port N",
    ),
    "missing_extra": Known(
        "MLP1102",
        "A part of mlp is not installed",
        "mlp is installed without the packages that this command needs.",
        "pip install 'mlp[{extra}]'",
    ),
    "connection_refused": Known(
        "MLP1201",
        "No answer",
        "Nothing listens at the address.",
        "mlp status, and mlp up if it says that nothing runs",
    ),
    "connection_lost": Known(
        "MLP1202", "The connection broke", "The process ended or was restarted in the middle.", "try again; mlp status"
    ),
    "home_not_writable": Known(
        "MLP1103",
        "The state folder cannot be written",
        "MLP_HOME names a folder that this user may not write to.",
        "set MLP_HOME to a folder of yours",
    ),
    # deployments
    "deployment_not_found": Known(
        "MLP2001", "No such deployment", "Nothing of that name is deployed.", "mlp status lists what is deployed"
    ),
    "invalid_deployment": Known(
        "MLP2002",
        "The ModelDeployment document is wrong",
        "A field is unknown, missing or has a wrong value.",
        "correct the field that the message names",
    ),
    "immutable_field": Known(
        "MLP2003",
        "modelName cannot change",
        "A deployment serves versions of one model for its whole life.",
        "deploy the other model under another name, or mlp undeploy {name} first",
    ),
    "ModelNotFound": Known(
        "MLP2201",
        "The model version does not exist",
        "The registry knows no such version.",
        "mlp model ls shows models, mlp model ls NAME its versions",
    ),
    "GoldenRowsFailed": Known(
        "MLP2204",
        "The version does not answer as the original did",
        "The server ran the golden rows of the receipt and got other answers; it refuses to serve them.",
        "push the model again with this version of mlp; mlp logs {name}",
    ),
    "DigestMismatch": Known(
        "MLP2205",
        "The bytes are not those that were pushed",
        "The blob's SHA-256 differs from the registry's record.",
        "push the model again; mlp logs {name}",
    ),
    "ArtifactCorrupt": Known(
        "MLP2206",
        "The stored model is damaged",
        "The registry's copy of the blob no longer has its digest.",
        "push the model again",
    ),
    "RegistryUnavailable": Known(
        "MLP2207", "The registry did not answer the server", "The registry is down or restarts.", "mlp status"
    ),
    "CrashLooping": Known(
        "MLP2208",
        "The model process dies again and again",
        "It ended without giving a reason, for example for want of memory.",
        "mlp logs {name}",
    ),
    "PortTaken": Known(
        "MLP2209",
        "The deployment's port is taken",
        "Another program listens on the port that this deployment keeps.",
        "end that program; the agent tries again by itself",
    ),
    "ModelInvalid": Known(
        "MLP2210",
        "ONNX Runtime cannot load the model",
        "The graph is broken or needs a newer runtime.",
        "mlp logs {name}; push the model again with this version of mlp",
    ),
    # predictions
    "unknown_feature": Known(
        "MLP3002",
        "Unknown feature",
        "The model has no feature of that name.",
        "mlp predict {name} --example prints a row with every feature",
    ),
    "missing_feature": Known(
        "MLP3003",
        "A feature is missing",
        "A row must give every feature that the model was trained with.",
        "mlp predict {name} --example prints a row with every feature",
    ),
    "invalid_value": Known(
        "MLP3004",
        "A value does not fit its feature",
        "It has another type, or is outside what the model can take.",
        "mlp model show {model} lists the types",
    ),
    "no_rows": Known(
        "MLP3005",
        "Nothing to predict",
        "Neither -i nor -f gave a row.",
        "mlp predict {name} -i FEATURE=VALUE …, or -f FILE",
    ),
    "invalid_rows_file": Known(
        "MLP3006",
        "The file holds no rows",
        "Expected JSON (records, lists, or a request body) or CSV with a header.",
        "mlp predict {name} --example prints a file that works",
    ),
    # packaging
    "receipt_out_of_tolerance": Known(
        "MLP4001",
        "ONNX and original disagree",
        "Converted to ONNX, the model answers some rows differently, in float32 and in float64.",
        "look at the rows above; nothing was uploaded",
    ),
    "no_converter": Known(
        "MLP4002",
        "No ONNX converter",
        "skl2onnx cannot convert an estimator in this model.",
        "replace the estimator that the message names, or push an .onnx file of your own",
    ),
    "sklearn_version_mismatch": Known(
        "MLP4003",
        "The pickle is of another scikit-learn",
        "A pickle is only safe to open with the version that wrote it.",
        "install the version that the message names, or train again here",
        exit=1,
    ),
    "missing_module": Known(
        "MLP4004",
        "A Python module is missing",
        "The model needs a module that is not installed here.",
        "pip install it, or run mlp where the model was trained",
        exit=1,
    ),
    "untrusted_pickle": Known(
        "MLP4005",
        "A pickle can run code",
        "Opening a .joblib or .pkl file runs whatever its author put there.",
        "add --trust if the file is yours, or push as module:attribute",
        exit=7,
    ),
    # the registry
    "model_not_found": Known("MLP5001", "No such model", "The registry knows no model of that name.", "mlp model ls"),
    "version_not_found": Known(
        "MLP5002", "No such version", "The model has no version of that number.", "mlp model ls {name}"
    ),
    "invalid_name": Known(
        "MLP5003",
        "Not a name",
        "Names are DNS labels: lower-case letters, digits and '-', at most 50 characters.",
        "choose another name, such as iris-classifier",
    ),
    "invalid_version": Known("MLP5004", "Not a version", "Versions are 1, 2, 3 …", "mlp model ls NAME"),
    "golden_rows_failed": Known(
        "MLP5101",
        "The registry could not reproduce the receipt",
        "The uploaded graph answers the golden rows differently than the receipt says.",
        "push again; if it stays, report it with mlp version of both sides",
    ),
    "insufficient_storage": Known(
        "MLP5201", "The registry's disk is full", "There is no room for the blob.", "free some space and push again"
    ),
    "artifact_corrupt": Known(
        "MLP5202", "The stored model is damaged", "Its bytes no longer have their digest.", "push the model again"
    ),
}

GENERIC: Mapping[str, Known] = {
    "Invalid": Known("MLP9002", "Invalid", "What was given is wrong.", "correct what the message names"),
    "TooLarge": Known("MLP9003", "Too large", "What was given exceeds a limit.", "send less at once"),
    "Unsupported": Known("MLP9004", "Not supported", "It is of a kind that is not handled.", "see the documentation"),
    "NotFound": Known("MLP9005", "Not found", "It does not exist.", "mlp status; mlp model ls"),
    "Conflict": Known("MLP9006", "Conflict", "Something of that name exists, or changed meanwhile.", "look again"),
    "Denied": Known(
        "MLP9007", "Not allowed", "The token is missing or lacks the scope.", "set MLP_REGISTRY_TOKEN_FILE"
    ),
    "Precondition": Known("MLP9008", "Not ready for it", "Something has to be done first.", "see the message"),
    "Refused": Known("MLP9009", "Not confirmed", "A person has to agree first.", "add --yes if you mean it"),
    "Unproved": Known("MLP9010", "Not proved", "Answers differ from the original's.", "see the message"),
    "Unavailable": Known(
        "MLP9011", "Unavailable", "A part that is needed does not answer now.", "try again; mlp status"
    ),
    "DeadlineExceeded": Known(
        "MLP9012", "Not in time", "It did not happen within the time allowed.", "mlp status; a longer --timeout"
    ),
    "Failed": Known("MLP9013", "Failed", "It was tried and ended badly.", "mlp status; mlp logs NAME"),
    "MlpError": Known("MLP9001", "Failed", "It was tried and ended badly.", "run it again with --debug"),
}


def by_code(code: str) -> tuple[str, Known] | None:
    """Return the key and entry of an MLP code, whatever its case; None when there is none."""
    wanted = code.upper()
    every = {**KNOWN, **GENERIC}
    return next(((key, entry) for key, entry in every.items() if entry.code == wanted), None)
