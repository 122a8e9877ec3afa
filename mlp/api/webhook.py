"""Webhooks: who is told of what, and what they are sent.

What is sent follows the Standard Webhooks specification (https://www.standardwebhooks.com): the headers `webhook-id`,
`webhook-timestamp` and `webhook-signature`, the last one `v1,` and the base64 of an HMAC-SHA256 over
`<id>.<timestamp>.<body>`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from mlp.api.wire import Answer, Wire

SECRET_PREFIX = "whsec_"  # noqa: S105  what every secret begins with
MAX_URL = 2_048


class Subject(StrEnum):
    """What a webhook can be told of: actions of the audit log."""

    VERSION_CREATED = "version.created"
    VERSION_DELETED = "version.deleted"
    VERSION_ARCHIVED = "version.archived"
    VERSION_UNARCHIVED = "version.unarchived"
    MODEL_DELETED = "model.deleted"
    ALIAS_SET = "alias.set"
    ALIAS_REMOVED = "alias.removed"


def key_of(secret: str) -> bytes:
    """Return the key in a secret: `whsec_` and the base64 of 24 to 64 bytes; ValueError for anything else."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64 after whsec_") from error
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError("must be whsec_ and the base64 of 24 to 64 random bytes")
    return key


def _checked(secret: SecretStr) -> SecretStr:
    key_of(secret.get_secret_value())
    return secret


Secret = Annotated[SecretStr, AfterValidator(_checked), Field(description="whsec_ and base64 of 24 to 64 bytes")]
Url = Annotated[str, Field(max_length=MAX_URL, pattern=r"^https?://[\x21-\x7e]+$")]


class WebhookRequest(Wire):
    """`POST /webhooks`."""

    url: Url
    events: Annotated[list[Subject], Field(min_length=1, max_length=len(Subject))]
    secret: Secret
    """The key of the signatures. It is stored, because it has to sign, and never shown."""


class Webhook(Answer):
    """Somebody who is told."""

    id: int
    url: str
    events: list[str]
    created_at: datetime
    created_by: str


class WebhookList(Answer):
    """A page of webhooks, oldest first."""

    items: list[Webhook]
    next: str | None = None


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    """It will be tried, perhaps again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It was tried as often as it is."""


class Delivery(Answer):
    """What a webhook is, or was, told."""

    id: str
    """The same in every attempt; `webhook-id`."""
    event: str
    state: DeliveryState
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    """None when there will be no other."""
    finished_at: datetime | None
    """When it was delivered, or given up."""
    last_status: int | None
    """HTTP status of the last answer; None without one."""
    last_error: str | None


class DeliveryList(Answer):
    """The latest deliveries to a webhook, newest first."""

    items: list[Delivery]


class Notification(Answer):
    """The body of a delivery."""

    type: str
    """A Subject."""
    timestamp: datetime
    data: dict[str, Any]
    """`model`, `version`, `by`, and what the audit log says of it in `details`."""
