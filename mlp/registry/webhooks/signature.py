"""Signing a delivery, as Standard Webhooks has it. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from mlp.api.webhook import key_of


def signed_headers(secret: str, id_: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the headers that name the delivery and prove who sent it, and when."""
    timestamp = str(int(at.timestamp()))
    content = b".".join((id_.encode("ascii"), timestamp.encode("ascii"), body))
    digest = hmac.new(key_of(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode('ascii')}",
    }
