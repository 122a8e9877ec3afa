"""Who may be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from mlp.registry.webhooks.hosts import AllowedHosts


class WebhookSettings(BaseSettings):
    """The part of the registry's settings that is about webhooks."""

    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """The hosts that webhooks may lead to, separated by commas: `hooks.example.com`, `*.example.com`, `10.0.0.7`. None
    by default. Only a host that is named in full may have a private address."""
    webhook_retry_seconds: Annotated[float, Field(gt=0, le=3_600)] = 5.0
    """The pause before the second attempt; each pause doubles the one before, up to an hour."""

    @field_validator("webhook_hosts", mode="before")
    @classmethod
    def _split(cls, hosts: object) -> object:
        if isinstance(hosts, str):
            return tuple(host for part in hosts.split(",") if (host := part.strip().lower()))
        return hosts

    @field_validator("webhook_hosts")
    @classmethod
    def _known(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        AllowedHosts.of(hosts)
        return hosts
