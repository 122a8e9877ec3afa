"""Webhooks of the registry: who is told of changes."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
from pydantic import SecretStr, ValidationError

from mlp.api.webhook import Delivery, DeliveryList, DeliveryState, Subject, Webhook, WebhookList, WebhookRequest
from mlp.client.http import call
from mlp.client.pages import document_of, listed
from mlp.client.resource import PAGE, WHO
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

    def all(self, *, limit: int = PAGE) -> list[Webhook]:
        """Return at most `limit` webhooks, oldest first."""
        return listed(self._http, "/webhooks", WebhookList, {}, limit)

    def delete(self, webhook: int) -> None:
        """Have a webhook told nothing more, not even what waits; NotFound (`webhook_not_found`)."""
        call(self._http, WHO, "DELETE", f"/webhooks/{webhook:d}")

    def deliveries(self, webhook: int, *, state: DeliveryState | None = None, limit: int = PAGE) -> list[Delivery]:
        """Return at most 100 of what a webhook was told, newest first; with `state`, only those."""
        query = {"limit": str(min(limit, PAGE))} | ({} if state is None else {"state": state.value})
        answer = call(self._http, WHO, "GET", f"/webhooks/{webhook:d}/deliveries", params=query)
        return document_of(answer, DeliveryList).items
