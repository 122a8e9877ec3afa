"""Which hosts and addresses may be reached, so that a webhook is no way into the network of the registry. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from mlp.errors import Invalid

_NAME = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_SCHEMES = ("http", "https")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Place:
    """Where a URL leads."""

    host: str
    """Lower case; an IPv6 address without brackets."""
    port: int
    authority: str
    """What the `Host` header says."""


@dataclass(frozen=True)
class AllowedHosts:
    """The hosts that the settings name: in full, or everything below a domain."""

    named: frozenset[str]
    domains: tuple[str, ...]
    """`.example.com`."""

    @classmethod
    def of(cls, patterns: Iterable[str]) -> AllowedHosts:
        """Read `hooks.example.com`, `*.example.com`, addresses; raise ValueError for anything else."""
        patterns = list(patterns)
        for pattern in patterns:
            if _address(pattern) is None and not _NAME.fullmatch(pattern):
                raise ValueError(f"{pattern!r} is neither a host, nor *. and a domain, nor an address")
        named = frozenset(pattern for pattern in patterns if not pattern.startswith("*."))
        return cls(named, tuple(pattern[1:] for pattern in patterns if pattern.startswith("*.")))

    @property
    def is_empty(self) -> bool:
        """Whether nobody may be told."""
        return not self.named and not self.domains

    def place_of(self, url: str) -> Place:
        """Return where `url` leads; raise Invalid (`invalid_url`, `webhook_host_forbidden`)."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise Invalid("that is no URL", code="invalid_url") from error
        if (
            parts.scheme not in _SCHEMES
            or not host
            or port == 0
            or "@" in parts.netloc
            or parts.fragment
            or "\\" in url
        ):
            raise Invalid("a webhook is http:// or https://, without user and fragment", code="invalid_url")
        host = host.rstrip(".")
        if host not in self.named and not host.endswith(self.domains):
            raise Invalid(
                f"webhooks may not lead to {host[:253]!r}: the registry's MLP_REGISTRY_WEBHOOK_HOSTS does not name it",
                code="webhook_host_forbidden",
            )
        authority = f"[{host}]" if ":" in host else host
        if port is None:
            return Place(host, 443 if parts.scheme == "https" else 80, authority)
        return Place(host, port, f"{authority}:{port}")

    def may_reach(self, host: str, address: str) -> bool:
        """Whether `host` may turn out to be at `address`.

        A public address always; a private one or this machine only if `host` is named in full; link-local addresses,
        where clouds keep their metadata, and the rest only if the address itself is named.
        """
        found = _address(address)
        if found is None:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        if mapped is not None:
            found = mapped
        if str(found) in self.named:
            return True
        if found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved:
            return False
        if str(found) in _METADATA:
            return False
        return found.is_global or host in self.named


_METADATA = frozenset({"fd00:ec2::254", "100.100.100.200", "192.0.0.192"})
"""Where clouds keep metadata beyond link-local addresses."""


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
