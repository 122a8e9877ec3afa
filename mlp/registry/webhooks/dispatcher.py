"""Delivering what the outbox holds, on every replica; a delivery is in the hands of one at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter as Metric

from mlp.errors import MlpError
from mlp.registry.database import Database
from mlp.registry.tables import DeliveryRow, WebhookRow
from mlp.registry.webhooks.attempts import Outcome, next_attempt
from mlp.registry.webhooks.sender import SECONDS, Sender
from mlp.registry.webhooks.signature import signed_headers

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=SECONDS + 10)
"""A delivery whose replica died within an attempt is taken up by another one after this."""
MOST_WAITING = 10_000
"""How many deliveries wait for one webhook, at most; beyond that they are dropped."""
_PAUSE, _SHORT_PAUSE, _LONG_PAUSE = 1.0, 0.05, 5.0  # nothing to do; there is more; the database does not work
_NOTICES = 100
_AT_ONCE = 16
_AT_ONCE_EACH = 4  # to one webhook


class Dispatcher:
    """Turns notices into deliveries, one for each webhook that wants it, and sends what is due.

    A receiver may be sent the same delivery again, under the same id: its answer can get lost, and so can a replica.
    """

    def __init__(self, database: Database, sender: Sender, first_pause: float, outcomes: Metric) -> None:
        self._database = database
        self._sender = sender
        self._first_pause = first_pause
        self._outcomes = outcomes
        self._sending: dict[asyncio.Task[None], int | None] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                pause = await self._step()
                await asyncio.sleep(pause)
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)
            await self._sender.close()

    async def _step(self) -> float:
        """Pass on some of what waits; return how many seconds to pause."""
        try:
            did = await self._fan_out() + await self._begin_due()
        except MlpError as error:
            log.warning("webhooks wait: %s", error.message)
            return _LONG_PAUSE
        except Exception:
            log.exception("webhooks wait")  # a fault here must not end what delivers
            return _LONG_PAUSE
        return _SHORT_PAUSE if did else _PAUSE

    async def _fan_out(self) -> int:
        async with self._database.writing() as rows:
            done = await rows.notices.fan_out(datetime.now(UTC), limit=_NOTICES, most_waiting=MOST_WAITING)
        if done.dropped:
            self._outcomes.labels("dropped").inc(done.dropped)
            log.warning("deliveries were dropped: too many wait", extra={"fields": {"count": done.dropped}})
        return done.notices

    async def _begin_due(self) -> int:
        free = _AT_ONCE - len(self._sending)
        if not free:
            return 0
        now, busy = datetime.now(UTC), Counter(self._sending.values())
        async with self._database.writing() as rows:
            due = await rows.deliveries.lease_due(now, now + LEASE, limit=free, busy=busy, most_each=_AT_ONCE_EACH)
        for delivery, webhook in due:
            task = asyncio.create_task(self._deliver(delivery, webhook))
            self._sending[task] = webhook.id
            task.add_done_callback(self._sending.pop)
        return len(due)

    async def _deliver(self, delivery: DeliveryRow, webhook: WebhookRow) -> None:
        body = delivery.body.encode()
        headers = signed_headers(webhook.secret, delivery.id, datetime.now(UTC), body)
        outcome = await self._sender.send(webhook.url, body, headers)
        self._outcomes.labels("delivered" if outcome.is_delivered else "failed").inc()
        try:
            await self._settle(delivery, outcome)
        except MlpError as error:  # the lease runs out, and it is sent again
            log.warning("what came of a delivery was not noted: %s", error.message)

    async def _settle(self, delivery: DeliveryRow, outcome: Outcome) -> None:
        now = datetime.now(UTC)
        again = next_attempt(outcome, delivery.attempts, self._first_pause, now)
        async with self._database.writing() as rows:
            await rows.deliveries.settle(
                delivery, now, delivered=outcome.is_delivered, again=again, status=outcome.status, error=outcome.error
            )
        if again is None and not outcome.is_delivered:
            self._outcomes.labels("given_up").inc()
            fields = {"webhook": delivery.webhook_id, "delivery": delivery.id, "attempts": delivery.attempts}
            log.warning("a delivery was given up: %s", outcome.error, extra={"fields": fields})
