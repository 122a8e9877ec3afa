"""HTTP/1.1 by the standard library, for what a person waits for: a client library costs more than the prediction."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from mlp.client.refusal import refusal
from mlp.errors import DeadlineExceeded, Invalid, MlpError, Unavailable

if TYPE_CHECKING:
    from ssl import SSLContext


class PlainClient:
    """One connection to `who` (such as "the model server") at `url`, kept between requests.

    What it asks changes nothing, so that it may be asked twice. With `proxied`, the environment's proxy is used as
    httpx would. Every request raises what a refusal says, Unavailable (`connection_refused`, `connection_lost`) or
    DeadlineExceeded.
    """

    def __init__(
        self, who: str, url: str, *, headers: Mapping[str, str], timeout: float, proxied: bool = False
    ) -> None:
        parts = _parts_of(url)
        self.url = url.rstrip("/")
        self._who = who
        self._timeout = timeout
        self._headers = {**_authorization(parts), **headers}
        proxy = _proxy_for(parts) if proxied else None
        self._path = parts.path.rstrip("/")
        if proxy is not None and parts.scheme == "http":
            self._path = f"http://{_host_of(parts)}{self._path}"
            self._headers |= _authorization(proxy, "Proxy-Authorization")
            self._connection = _connection(proxy, timeout)
        else:
            self._connection = _connection(parts, timeout, proxy)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def request(self, method: str, path: str, body: bytes | None = None, *, timeout: float | None = None) -> bytes:
        """Return the body of a good answer; `timeout` is in seconds, and for this one alone.

        A connection that was kept may have been closed meanwhile; then it is tried once more, over a new one.
        """
        was_kept = self._connection.sock is not None
        try:
            try:
                answer = self._send(method, path, body, timeout or self._timeout)
            except (ConnectionError, HTTPException):
                self._connection.close()
                if not was_kept:
                    raise
                answer = self._send(method, path, body, timeout or self._timeout)
            content = answer.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise self._failure(error) from error
        if answer.status >= 400:
            raise refusal(answer.status, content)
        return content

    def _send(self, method: str, path: str, body: bytes | None, timeout: float) -> HTTPResponse:
        kind = {} if body is None else {"Content-Type": "application/json"}
        if self._connection.sock is None:
            self._connection.connect()
        self._connection.sock.settimeout(timeout)
        self._connection.request(method, self._path + path, body, {**self._headers, **kind})
        return self._connection.getresponse()

    def _failure(self, error: OSError | HTTPException) -> MlpError:
        details = {"url": self.url}
        if isinstance(error, TimeoutError):
            return DeadlineExceeded(f"{self._who} at {self.url} did not answer in time", details=details)
        is_lost = isinstance(error, ConnectionError | HTTPException) and not isinstance(error, ConnectionRefusedError)
        if not is_lost:
            return Unavailable(f"{self._who} does not answer at {self.url}", code="connection_refused", details=details)
        return Unavailable(f"{self._who} at {self.url} broke the connection", code="connection_lost", details=details)


def _parts_of(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # a port that is none
        pass
    raise Invalid(f"{url!r} is not the address of a server", code="invalid_option")


def _host_of(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _authorization(parts: SplitResult, header: str = "Authorization") -> dict[str, str]:
    """Return the header for the name and the password that stand in an address."""
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {header: f"Basic {b64encode(pair.encode()).decode()}"}


def _connection(parts: SplitResult, timeout: float, proxy: SplitResult | None = None) -> HTTPConnection:
    """Return a connection to a server, through a tunnel of `proxy` if there is one; nothing is sent yet."""
    host = parts.hostname or ""
    via = proxy or parts
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=timeout)
    connection = HTTPSConnection(via.hostname or "", via.port, timeout=timeout, context=_trust())
    if proxy is not None:
        connection.set_tunnel(host, parts.port or 443, _authorization(proxy, "Proxy-Authorization"))
    return connection


def _trust() -> SSLContext:
    """Return what certificates are checked against: as with httpx, certifi's list unless the environment names one."""
    import ssl

    import certifi

    if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context()
    return ssl.create_default_context(cafile=certifi.where())


def _proxy_for(parts: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for an address, or None."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named or proxy_bypass(_host_of(parts)):
        return None
    return _parts_of(named if "://" in named else f"http://{named}")
