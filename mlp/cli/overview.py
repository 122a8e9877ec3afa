"""The platform and its deployments, as `mlp up` and `mlp status` show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlp.cli.table import Table
from mlp.cli.text import age, columns, printable
from mlp.targets.ready import blocking_condition, is_ready

if TYPE_CHECKING:
    from mlp.api.documents import DeploymentDocument
    from mlp.targets import Platform

DAMAGED = "FileDamaged"
"""What stands in the place of a reason where a deployment's file cannot be read."""
_HEADERS = ("NAME", "MODEL", "READY", "SERVES", "URL", "RESTARTS", "AGE")


def platform_document(platform: Platform) -> dict[str, Any]:
    """Return the platform as one plain document."""
    return {
        "target": platform.target,
        "registry": {"url": platform.registry_url, "ready": platform.registry_ready},
        "processes": list(platform.processes),
        "deployments": list(platform.deployments),
        "damaged": list(platform.damaged),
    }


def platform_table(platform: Platform) -> Table:
    """Return the platform as a person reads it: the registry, then a line a deployment."""
    words = ("ready",) if platform.registry_ready else ("not ready", registry_failure(platform)[1])
    state = ": ".join(filter(None, words))
    restarts = {process["name"]: process.get("restarts", 0) for process in platform.processes}
    rows = [_row(each, restarts.get(each["metadata"]["name"], 0)) for each in platform.deployments]
    rows += [(each["name"], "-", DAMAGED, *["-"] * 4) for each in platform.damaged]
    above = f"registry   {platform.registry_url}   {state}"
    return Table(_HEADERS, rows, above=above, empty="nothing is deployed")


def registry_failure(platform: Platform) -> tuple[str | None, str]:
    """Return why the registry's process failed last, as a reason and in words; None and '' where that is not known."""
    line = next((each for each in platform.processes if each["name"] == "registry"), None)
    return (None, "") if line is None else (line.get("reason"), line.get("message") or "")


def _row(deployment: DeploymentDocument, restarts: int) -> tuple[object, ...]:
    meta, status = deployment["metadata"], deployment.get("status") or {}
    return (
        meta["name"],
        asked_for(deployment),
        readiness(deployment),
        served_version(deployment) or "-",
        status.get("url") or "-",
        restarts,
        age(meta.get("creationTimestamp")),
    )


def asked_for(deployment: DeploymentDocument) -> str:
    """Return the version that a deployment asks for: `iris:2`."""
    return f"{deployment['spec']['modelName']}:{deployment['spec']['modelVersion']}"


def served_version(deployment: DeploymentDocument) -> int | None:
    """Return the version that answers now; the status names the last one too, so that it stays in use."""
    status = deployment.get("status") or {}
    return status.get("servedVersion") if status.get("readyReplicas") else None


def readiness(deployment: DeploymentDocument) -> str:
    """Return `True`, or the reason why not."""
    if is_ready(deployment):
        return "True"
    condition = blocking_condition(deployment)
    return condition["reason"] if condition else "Unknown"


def deployment_table(deployment: DeploymentDocument) -> Table:
    """Return one deployment as a person reads it."""
    rows = [
        (each["type"], each["status"], each["reason"], age(each["lastTransitionTime"]), each.get("message", ""))
        for each in (deployment.get("status") or {}).get("conditions", [])
    ]
    conditions = columns(("CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"), rows) if rows else ""
    return Table(_HEADERS[:5], [_row(deployment, 0)[:5]], below=conditions, is_one=True)


def deployment_lines(deployments: Sequence[DeploymentDocument]) -> list[str]:
    """Return what a log says of deployments: a line each, the same for as long as nothing happens."""
    return [_state_line(each) for each in deployments]


def _state_line(deployment: DeploymentDocument) -> str:
    condition = None if is_ready(deployment) else blocking_condition(deployment)
    message = "" if condition is None else condition.get("message", "")
    serves = served_version(deployment) or "nothing"
    words = f": {message}" if message else ""
    return f"{'  '.join(map(str, _row(deployment, 0)[:3]))}  serves {serves}{words}"


def printable_lines(blocks: list[str]) -> str:
    """Join blocks of lines, each line made safe to print."""
    return "\n".join(printable(line) for block in blocks for line in block.split("\n"))
