"""A kubeconfig of the plain kind, read without Kubernetes' client, whose import takes longer than a command should.

Plain is one file, and in it a server that is asked directly, by a token, a certificate, or nobody. What else there is
(several files, plugins that fetch credentials, passwords, proxies), and what is wrong, is left to that client.
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict
from urllib.parse import urlsplit

import yaml

from mlp.api.shape import check

if TYPE_CHECKING:
    from ssl import SSLContext

_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_CLUSTER = frozenset(
    {"server", "certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify", "extensions"}
)
_USER = frozenset({"token", "client-certificate", "client-certificate-data", "client-key", "client-key-data"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Cluster(TypedDict):
    name: str
    cluster: dict[str, Any]


class _User(TypedDict):
    name: str
    user: NotRequired[dict[str, Any] | None]


class NamedContext(TypedDict):
    """A context as a kubeconfig has it."""

    name: str
    context: dict[str, Any]


_Document = TypedDict(
    "_Document",
    {
        "clusters": list[_Cluster],
        "contexts": list[NamedContext],
        "users": NotRequired[list[_User] | None],
        "current-context": NotRequired[str | None],
    },
)


@dataclass(frozen=True)
class Access:
    """How one API server is asked."""

    server: str
    headers: Mapping[str, str]
    """What says who asks."""
    tls: SSLContext | None
    """How the server is known, and the certificate of who asks; None for HTTP."""


class Kubeconfig:
    """One file, well-formed."""

    def __init__(self, path: Path, document: _Document) -> None:
        self._path = path
        self._document = document

    @classmethod
    def read(cls, files: str) -> Kubeconfig | None:
        """Read it; None where `files`, as KUBECONFIG has them, is something else than one good file."""
        path = Path(files).expanduser()
        try:
            document: Any = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 (a safe one)
            check(document, _Document)
        except (OSError, ValueError, yaml.YAMLError):  # Misshapen is a ValueError
            return None
        return cls(path, document)

    @property
    def contexts(self) -> Sequence[NamedContext]:
        """Every context, in the file's order."""
        return self._document["contexts"]

    @property
    def current(self) -> NamedContext | None:
        """The context that is chosen in the file, if one is that there is."""
        chosen: NamedContext | None = _named(self.contexts, self._document.get("current-context"))
        return chosen

    def access(self, context: str | None) -> Access | None:
        """Return how the server of a context, else of the current one, is asked; None where that is not plain."""
        entry = self.current if context is None else _named(self.contexts, context)
        if entry is None or any(os.environ.get(name) for name in _PROXIES):
            return None
        cluster = _named(self._document["clusters"], entry["context"].get("cluster"))
        user = _named(self._document.get("users") or (), entry["context"].get("user")) or {"name": "", "user": None}
        if cluster is None:
            return None
        try:
            return self._access(cluster["cluster"], user.get("user") or {})
        except (OSError, ValueError, TypeError):  # files that are not there, certificates that are none
            return None

    def _access(self, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Access | None:
        server = str(cluster.get("server")).rstrip("/")
        parts = urlsplit(server)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        if not (is_address and parts.username is None and cluster.keys() <= _CLUSTER and user.keys() <= _USER):
            return None
        headers = {"Authorization": f"Bearer {user['token']}"} if user.get("token") else {}
        tls = self._tls(cluster, user) if parts.scheme == "https" else None
        return Access(server, headers, tls)

    def _tls(self, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> SSLContext:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority = self._content(cluster, "certificate-authority")
        if cluster.get("insecure-skip-tls-verify"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        elif authority is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cadata=authority.decode("ascii"))
        certificate, key = self._content(user, "client-certificate"), self._content(user, "client-key")
        if certificate is not None:
            with _files(certificate, key or b"") as (certificate_file, key_file):
                context.load_cert_chain(certificate_file, key_file)
        return context

    def _content(self, part: Mapping[str, Any], name: str) -> bytes | None:
        """Return what stands under a name, or in the file that it names, or None."""
        if part.get(f"{name}-data"):
            return b64decode(part[f"{name}-data"])
        return (self._path.parent / part[name]).read_bytes() if part.get(name) else None


@contextmanager
def _files(*contents: bytes) -> Iterator[list[Path]]:
    """Give files that only this user can read, for as long as they are needed: ssl takes no key from memory."""
    with TemporaryDirectory(prefix="mlp-") as folder:
        paths = [Path(folder) / str(number) for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        yield paths


def kubeconfig_files(kubeconfig: Path | None) -> str:
    """Return which files hold the credentials: that one, else those of KUBECONFIG, else the user's."""
    return str(kubeconfig) if kubeconfig is not None else os.environ.get("KUBECONFIG") or "~/.kube/config"


def _named(entries: Sequence[Any], name: str | None) -> Any:
    return next((each for each in entries if each["name"] == name), None)
