"""Under which names a server may be asked that asks nobody for a key.

A page in a browser can send requests to this machine under a name of its own that is made to lead here (DNS
rebinding). It cannot choose what stands in `Host`: that is its own name.
"""

from __future__ import annotations

from collections.abc import Collection

from mlp.errors import Invalid
from mlp.inference.app import Guard
from mlp.inference.http1 import Headers
from mlp.inference.settings import Settings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_REMEMBERED = 64


class Hosts:
    """The names that are served."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._served: set[bytes] = set()
        """Headers that were found to hold one of them."""

    def check(self, headers: Headers) -> None:
        """Raise Invalid (`misdirected`) for a `Host` that holds another name; a browser always sends one."""
        host = headers.get(b"host")
        if host is None or host in self._served:
            return
        if _name_in(host) not in self._names:
            raise Invalid("this host name is not served here; MLP_ALLOWED_HOSTS can name it", code="misdirected")
        if len(self._served) < _MOST_REMEMBERED:
            self._served.add(host)


def guard_of(settings: Settings, keys: Guard | None) -> Guard | None:
    """Return what looks at the name first and at the key then, as far as these settings want that."""
    hosts = _hosts_of(settings)
    if hosts is None or keys is None:
        return keys if hosts is None else hosts.check

    def check(headers: Headers) -> None:
        hosts.check(headers)
        keys(headers)

    return check


def _hosts_of(settings: Settings) -> Hosts | None:
    allowed = settings.allowed_hosts or ()
    if settings.api_keys_file is None and not settings.allow_open:  # nothing else guards it
        return Hosts({*_LOOPBACK, settings.host.lower(), *allowed})
    return Hosts(allowed) if allowed else None


def _name_in(host: bytes) -> str:
    """Return the name without port, brackets and the dot of a full domain name."""
    text = host.decode("latin-1").strip().lower()
    name = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
    return name.removesuffix(".")
