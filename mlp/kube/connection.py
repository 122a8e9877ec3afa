"""Credentials and HTTP to one API server, by the official client: its kubeconfig, tokens, certificates and plugins.

Its models, informers and elector are not used; no object is built of what it receives.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import urllib3

from mlp.errors import MlpError
from mlp.kube.failures import broken, failure_of, silent, unreachable
from mlp.kube.kubeconfig import kubeconfig_files
from mlp.kube.official import (
    SERVICE_TOKEN_FILENAME,
    Configuration,
    RESTClientObject,
    load_incluster_config,
    load_kube_config,
    reading,
)
from mlp.kube.transport import CONNECT_SECONDS, Request

if TYPE_CHECKING:
    from websocket import WebSocket

_NAMESPACE_FILE = Path(SERVICE_TOKEN_FILENAME).with_name("namespace")


class Connection:
    """A pool of connections to one API server; any thread may use it."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._pool: Any = RESTClientObject(configuration).pool_manager

    @property
    def server(self) -> str:
        """The API server's address."""
        return str(self._configuration.host)

    def send(self, request: Request) -> bytes:
        """Return the body of a good answer; raise what any other answer, or none, means."""
        with self._translated():
            response = self._open(request, preload=True)
        if response.status >= 400:
            raise _refusal(response)
        return response.data

    @contextmanager
    def lines(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Open a stream and give its lines as they come; leaving the context ends it.

        Raises DeadlineExceeded (`silent`) when nothing came for the request's timeout.
        """
        with self._translated():
            response = self._open(request, preload=False)
            try:
                if response.status >= 400:
                    raise _refusal(response)
                yield _split(response)
            finally:
                response.close()

    def websocket(self, path: str, protocol: str, *, timeout: float = 10.0) -> WebSocket:
        """Open a WebSocket; `timeout` is for the handshake alone."""
        from mlp.kube.web_socket import open_web_socket  # the operator needs none

        tls = {
            "ca_certs": self._configuration.ssl_ca_cert,
            "certfile": self._configuration.cert_file,
            "keyfile": self._configuration.key_file,
            "cert_reqs": ssl.CERT_REQUIRED if self._configuration.verify_ssl else ssl.CERT_NONE,
        }
        given = {name: value for name, value in tls.items() if value is not None}
        return open_web_socket(self.server, path, protocol, headers=self._credentials(), tls=given, timeout=timeout)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _open(self, request: Request, *, preload: bool) -> urllib3.BaseHTTPResponse:
        headers = {**request.headers(), **self._credentials()}
        url = self.server + request.path + ("?" + urlencode(request.query) if request.query else "")
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, request.timeout), read=request.timeout)
        response: urllib3.BaseHTTPResponse = self._pool.urlopen(
            request.method,
            url,
            body=request.body,
            headers=headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            preload_content=preload,
        )
        return response

    def _credentials(self) -> dict[str, str]:
        """Return the headers that say who asks; a token that was renewed is read anew."""
        settings = self._configuration.auth_settings().values()
        return {credential["key"]: credential["value"] for credential in settings}

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except urllib3.exceptions.NewConnectionError as error:
            raise unreachable(self.server) from error
        except (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise silent(self.server) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise broken(self.server, error) from error


def connect(kubeconfig: Path | None = None, context: str | None = None, *, connections: int = 16) -> Connection:
    """Return a connection with the credentials of a kubeconfig, or of the pod that this process runs in.

    Without arguments the pod's come first, then the user's kubeconfig. Raises Precondition (`no_cluster`).
    """
    configuration = Configuration()
    configuration.connection_pool_maxsize = connections
    files = kubeconfig_files(kubeconfig)
    with reading(files):
        if kubeconfig is None and context is None and in_cluster():
            load_incluster_config(client_configuration=configuration)
        else:
            load_kube_config(files, context, configuration, persist_config=False)
    return Connection(configuration)


def in_cluster() -> bool:
    """Whether this process runs in a pod with a service account."""
    return Path(SERVICE_TOKEN_FILENAME).exists()


def own_namespace() -> str | None:
    """Return the namespace of the pod that this process runs in, or None."""
    try:
        return _NAMESPACE_FILE.read_text("utf-8").strip()
    except OSError:
        return None


def _refusal(response: urllib3.BaseHTTPResponse) -> MlpError:
    return failure_of(response.status, response.data, response.headers.get("Retry-After"))


def _split(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Give whole lines of a stream of pieces."""
    rest = bytearray()
    for piece in response.stream(65_536, decode_content=False):
        rest += piece
        if b"\n" in piece:
            *lines, tail = bytes(rest).split(b"\n")
            rest = bytearray(tail)
            yield from filter(None, lines)
