"""Why a server could not start, for whoever started it: one CamelCase reason in the termination file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from mlp.errors import DeadlineExceeded, Denied, Failed, Invalid, MlpError, NotFound, Unavailable

POD_TERMINATION_LOG = Path("/dev/termination-log")
"""What Kubernetes shows as a container's last message; it is there in pods only."""

_BY_CODE: Mapping[str, str] = {
    "artifact_corrupt": "ArtifactCorrupt",
    "cache_unusable": "CacheUnusable",
    "checker_failed": "CheckerFailed",
    "checker_missing": "CheckerMissing",
    "digest_mismatch": "DigestMismatch",
    "file_unreadable": "ModelNotFound",
    "golden_rows_failed": "GoldenRowsFailed",
    "grpc_missing": "GrpcMissing",
    "invalid_setting": "SettingsInvalid",
    "keys_unusable": "KeysUnusable",
    "listener_unusable": "ListenerUnusable",
    "open_bind": "OpenBind",
    "otel_missing": "OtelMissing",
    "port_taken": "PortTaken",
    "token_unreadable": "TokenUnreadable",
    "unanswerable_rows": "GoldenRowsFailed",
    "unexpected_answer": "RegistryUnavailable",
}
_BY_KIND: tuple[tuple[type[MlpError], str], ...] = (
    (NotFound, "ModelNotFound"),
    (Unavailable, "RegistryUnavailable"),
    (DeadlineExceeded, "RegistryUnavailable"),
    (Failed, "RegistryUnavailable"),
    (Denied, "RegistryDenied"),
    (Invalid, "ModelInvalid"),
)
INTERNAL = "InternalError"


def reason_of(error: MlpError) -> str:
    """Return the word under which the operator and the agent know this failure."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((reason for kind, reason in _BY_KIND if isinstance(error, kind)), INTERNAL)


def write_termination(file: Path | None, reason: str, message: str) -> None:
    """Write `reason` and `message` to `file`, by default to the pod's termination log where there is one."""
    if file is None and not POD_TERMINATION_LOG.exists():
        return
    text = json.dumps({"reason": reason, "message": message})
    # A failure to tell must not hide what there is to tell: the log line and the exit code remain.
    try:
        (file or POD_TERMINATION_LOG).write_text(text + "\n", encoding="utf-8")
    except OSError:
        return
