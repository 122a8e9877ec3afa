"""Who is told of changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlp.api.webhook import Delivery, DeliveryList, DeliveryState, Webhook, WebhookList, WebhookRequest
from mlp.errors import Conflict, NotFound
from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.tables import DeliveryRow, WebhookRow
from mlp.registry.webhooks.hosts import AllowedHosts

MAX_WEBHOOKS = 100
DELIVERED_KEPT, FAILED_KEPT = timedelta(days=1), timedelta(days=7)
"""How long a delivery can be looked at after it is finished."""
UNTOLD = timedelta(hours=1)
"""How long notices are kept by a registry that may tell nobody."""


class Webhooks:
    """Webhooks lead to `hosts` and nowhere else."""

    def __init__(self, database: Database, hosts: AllowedHosts) -> None:
        self._database = database
        self._hosts = hosts

    async def create(self, request: WebhookRequest, by: Actor) -> Webhook:
        """Tell that URL from now on.

        Raises Invalid (`invalid_url`, `webhook_host_forbidden`), Conflict (`too_many_webhooks`).
        """
        place = self._hosts.place_of(request.url)
        row = WebhookRow(
            url=request.url,
            events=sorted({event.value for event in request.events}),
            secret=request.secret.get_secret_value(),
            created_at=datetime.now(UTC),
            created_by=by.name,
        )
        async with self._database.writing() as rows:
            if await rows.webhooks.count() >= MAX_WEBHOOKS:
                raise Conflict(f"there are at most {MAX_WEBHOOKS} webhooks", code="too_many_webhooks")
            await rows.webhooks.add(row)
            details = {"webhook": row.id, "host": place.host, "events": row.events}
            rows.events.record("webhook.created", by, details=details)
        return _document(row)

    async def get(self, id_: int) -> Webhook:
        """Return a webhook. Raises NotFound (`webhook_not_found`)."""
        async with self._database.reading() as rows:
            row = await rows.webhooks.get(id_)
        if row is None:
            raise _not_found(id_)
        return _document(row)

    async def page(self, *, cursor: int | None, limit: int) -> WebhookList:
        """Return a page of webhooks, oldest first; `cursor` is the last id of the page before."""
        async with self._database.reading() as rows:
            found = await rows.webhooks.page(after=cursor, limit=limit + 1)
        items = [_document(row) for row in found[:limit]]
        return WebhookList(items=items, next=str(items[-1].id) if len(found) > limit else None)

    async def delete(self, id_: int, by: Actor) -> None:
        """Tell that URL nothing more, not even what is due. Raises NotFound (`webhook_not_found`)."""
        async with self._database.writing() as rows:
            row = await rows.webhooks.get(id_)
            if row is None:
                raise _not_found(id_)
            await rows.deliveries.forget(id_)
            await rows.webhooks.delete(row)
            rows.events.record("webhook.deleted", by, details={"webhook": id_})

    async def deliveries(self, id_: int, state: DeliveryState | None, limit: int) -> DeliveryList:
        """Return the latest deliveries to a webhook, newest first; with `state`, only those. Raises NotFound."""
        async with self._database.reading() as rows:
            if await rows.webhooks.get(id_) is None:
                raise _not_found(id_)
            found = await rows.deliveries.of_webhook(id_, state, limit)
        return DeliveryList(items=[_delivery(row) for row in found])

    async def expire(self) -> None:
        """Forget deliveries that were finished long ago, and notices where nobody may be told."""
        now = datetime.now(UTC)
        async with self._database.writing() as rows:
            await rows.deliveries.expire(delivered_before=now - DELIVERED_KEPT, given_up_before=now - FAILED_KEPT)
            if self._hosts.is_empty:
                await rows.notices.expire(now - UNTOLD)


def _not_found(id_: int) -> NotFound:
    return NotFound(f"there is no webhook {id_}", code="webhook_not_found")


def _document(row: WebhookRow) -> Webhook:
    return Webhook(id=row.id or 0, url=row.url, events=row.events, created_at=row.created_at, created_by=row.created_by)


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.action,
        state=_state(row),
        created_at=row.created_at,
        attempts=row.attempts,
        next_attempt_at=None if row.finished_at is not None else row.next_at,
        finished_at=row.finished_at,
        last_status=row.last_status,
        last_error=row.last_error,
    )


def _state(row: DeliveryRow) -> DeliveryState:
    if row.finished_at is None:
        return DeliveryState.WAITING
    return DeliveryState.DELIVERED if row.delivered else DeliveryState.FAILED
