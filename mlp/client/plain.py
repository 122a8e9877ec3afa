"""HTTP/1.1 by the standard library, for what a person waits for: a client library costs more than the prediction."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from mlp.client.refusal import refusal
from mlp.errors import DeadlineExceeded, Invalid, MlpError, Unavailable


class PlainClient:
    """One connection to `who` (such as "the model server") at `url`, kept between requests.

    No proxy is ever used. Every request raises what a refusal says, Unavailable (`connection_refused`,
    `connection_lost`) or DeadlineExceeded.
    """

    def __init__(self, who: str, url: str, *, headers: Mapping[str, str], timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{url!r} is not the address of a server", code="invalid_option")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.url = url.rstrip("/")
        self._who = who
        self._path = parts.path.rstrip("/")
        self._headers = dict(headers)
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the body of a good answer.

        A connection that was kept may have been closed meanwhile; then it is tried once more, over a new one, because
        no request to a model server changes anything.
        """
        was_kept = self._connection.sock is not None
        try:
            try:
                answer = self._send(method, path, body)
            except (ConnectionError, HTTPException):
                self._connection.close()
                if not was_kept:
                    raise
                answer = self._send(method, path, body)
            content = answer.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise self._failure(error) from error
        if answer.status >= 400:
            raise refusal(answer.status, content)
        return content

    def _send(self, method: str, path: str, body: bytes | None) -> HTTPResponse:
        kind = {} if body is None else {"Content-Type": "application/json"}
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
