"""Failures of webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

WEBHOOKS: Mapping[str, Known] = {
    "webhook_host_forbidden": Known(
        "MLP5701",
        "Webhooks may not lead there",
        "The registry tells only hosts that its settings name, and by default nobody.",
        "name the host in the registry's MLP_REGISTRY_WEBHOOK_HOSTS, and start it again",
    ),
    "invalid_url": Known(
        "MLP5702",
        "Not a URL of a webhook",
        "It is no http:// or https:// URL, or it has a user or a fragment.",
        "write https://hooks.example.com/mlp; a path and a query may follow the host",
    ),
    "webhook_not_found": Known(
        "MLP5703",
        "No such webhook",
        "The registry has no webhook of that number.",
        "mlp webhook ls",
    ),
    "secret_unreadable": Known(
        "MLP5705",
        "No key for signatures",
        "The file holds something else than whsec_ and the base64 of 24 to 64 random bytes, or cannot be read.",
        "name a file that does not exist: mlp makes the key and writes it there",
    ),
    "too_many_webhooks": Known(
        "MLP5704",
        "Too many webhooks",
        "The registry has 100, and no room for more.",
        "mlp webhook rm one that nobody needs",
    ),
}
