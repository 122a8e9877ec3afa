"""Webhooks of the registry: who is told of changes."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
from pydantic import SecretStr, ValidationError

from mlp.api.webhook import Subject, Webhook, WebhookRequest
from mlp.client.http import call
from mlp.client.pages import document_of
from mlp.client.resource import WHO
from mlp.errors import Invalid


class Webhooks:
    """Every method raises errors of `mlp.errors`: what the registry said, or Unavailable when it does not answer."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def create(self, url: str, events: Sequence[Subject], secret: str) -> Webhook:
        """Have `url` told of `events`, signed with `secret`; Invalid (`invalid_url`, `webhook_host_forbidden`)."""
        try:
            request = WebhookRequest(url=url, events=list(events), secret=SecretStr(secret))
        except ValidationError as error:
            # What was given is not repeated: it may hold a secret.
            raise Invalid(
                "a webhook is http:// or https://, and at most 2,048 characters", code="invalid_url"
            ) from error
        body = request.model_dump(mode="json") | {"secret": secret}
        return document_of(call(self._http, WHO, "POST", "/webhooks", json=body), Webhook)

    def delete(self, webhook: int) -> None:
        """Have a webhook told nothing more, not even what waits; NotFound (`webhook_not_found`)."""
        call(self._http, WHO, "DELETE", f"/webhooks/{webhook:d}")
