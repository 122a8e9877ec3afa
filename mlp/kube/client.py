"""Reads, writes and watches objects of one API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlp.errors import Failed
from mlp.kube.codec import Codec, quick_codec
from mlp.kube.failures import failure_of
from mlp.kube.resource import PODS, Object, Resource, name_of
from mlp.kube.transport import Request, Transport

_APPLY = "application/apply-patch+yaml"
PAGE = 500


@dataclass(frozen=True)
class Page:
    """A part of a list, and the version of the cluster's past that the list shows."""

    items: list[dict[str, Any]]
    resource_version: str


@dataclass(frozen=True)
class WatchOptions:
    """How long a watch lasts."""

    seconds: int
    """The server ends the stream after this long."""
    silence: float
    """Seconds without a line, not even a bookmark, after which the stream is taken for dead."""


class Client:
    """Speaks of objects over a connection.

    `guard` is called before every write and may raise: a process that has lost its lease writes no more. No write
    takes longer than `write_seconds`, neither here nor, since the server is told too, there. `codec` is msgspec's
    unless another one is given.
    """

    def __init__(
        self,
        connection: Transport,
        *,
        guard: Callable[[], None] = lambda: None,
        write_seconds: float = 30.0,
        codec: Codec | None = None,
    ) -> None:
        self._connection = connection
        self._codec = codec or quick_codec()
        self._guard = guard
        self._write_seconds = write_seconds

    def get(self, resource: Resource, namespace: str | None, name: str, *, timeout: float = 30.0) -> dict[str, Any]:
        """Return one object; NotFound (`not_found`) when there is none of that name."""
        return self._object(self._connection.send(Request("GET", resource.path(namespace, name), timeout=timeout)))

    def pages(self, resource: Resource, namespace: str | None, selector: str | None = None) -> Iterator[Page]:
        """Give all objects of a kind, in pages. Raises Conflict (see `is_history_gone`) when the list has expired."""
        query = {"limit": str(PAGE)} | ({"labelSelector": selector} if selector else {})
        path = resource.path(namespace)
        while True:
            document = self._object(self._connection.send(Request("GET", path, query)))
            meta = document["metadata"]
            yield Page(document["items"], meta["resourceVersion"])
            if not meta.get("continue"):
                return
            query["continue"] = meta["continue"]

    def watch(
        self, resource: Resource, namespace: str, since: str, options: WatchOptions, selector: str | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give every change since a version as (type, object), bookmarks too, until the server ends the stream.

        An error inside the stream is raised like an answer of that status.
        """
        query = {
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(options.seconds),
        } | ({"labelSelector": selector} if selector else {})
        request = Request("GET", resource.path(namespace), query, timeout=options.silence)
        with self._connection.lines(request) as lines:
            for line in lines:
                event = self._object(line)
                if event["type"] == "ERROR":
                    raise failure_of(int(event["object"].get("code", 500)), self._codec.encode(event["object"]))
                yield event["type"], event["object"]

    def apply(
        self,
        resource: Resource,
        body: Object,
        *,
        manager: str,
        force: bool,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Make what `body` names so, as the field manager `manager`, and give up what it no longer names.

        Without `force`, fields that others own are a Conflict (`conflict`). A `metadata.uid` in the body makes a
        Conflict of an object that was made anew. With `dry_run` the server judges it and keeps nothing.
        """
        query = {"fieldManager": manager, "force": str(force).lower()} | ({"dryRun": "All"} if dry_run else {})
        path = resource.path(body["metadata"].get("namespace"), name_of(body), subresource)
        document = {"apiVersion": resource.api_version, "kind": resource.kind, **body}
        return self._write("PATCH", path, query, document, _APPLY)

    def create(self, resource: Resource, body: Object) -> dict[str, Any]:
        """Make a new object; Conflict (`already_exists`) when there is one of that name."""
        document = {"apiVersion": resource.api_version, "kind": resource.kind, **body}
        return self._write("POST", resource.path(body["metadata"].get("namespace")), {}, document)

    def replace(self, resource: Resource, body: Object) -> dict[str, Any]:
        """Write a whole object; Conflict (`conflict`) when it has changed since its resourceVersion was read."""
        return self._write("PUT", resource.path(body["metadata"].get("namespace"), name_of(body)), {}, body)

    def review(self, resource: Resource, body: Object) -> dict[str, Any]:
        """Ask the server to judge `body`, such as an access review, of which nothing is kept."""
        document = {"apiVersion": resource.api_version, "kind": resource.kind, **body}
        path = resource.path(body.get("metadata", {}).get("namespace"))
        request = Request("POST", path, body=self._codec.encode(document))
        return self._object(self._connection.send(request))

    def version(self) -> str:
        """Return the server's version, such as `v1.36.2`."""
        return str(self._object(self._connection.send(Request("GET", "/version", timeout=10.0)))["gitVersion"])

    def log(self, namespace: str, pod: str, query: Mapping[str, str], *, timeout: float) -> Iterator[str]:
        """Yield the lines of a container's log; `query` has the API's parameters, such as tailLines and follow."""
        request = Request("GET", PODS.path(namespace, pod, "log"), query, timeout=timeout)
        with self._connection.lines(request) as lines:
            for line in lines:
                yield line.decode("utf-8", "replace")

    def delete(self, resource: Resource, obj: Object) -> None:
        """Delete that very object; Conflict when another one has taken its name."""
        meta = obj["metadata"]
        body = {"preconditions": {"uid": meta["uid"]}, "propagationPolicy": "Background"}
        self._write("DELETE", resource.path(meta.get("namespace"), meta["name"]), {}, body)

    def _write(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        document: Object,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        self._guard()
        limited = {**query, "timeout": f"{self._write_seconds:g}s"}
        body = self._codec.encode(document)
        return self._object(
            self._connection.send(Request(method, path, limited, body, content_type, timeout=self._write_seconds))
        )

    def _object(self, body: bytes) -> dict[str, Any]:
        document = self._codec.decode(body)
        if not isinstance(document, dict):
            raise Failed("the API server answered something else than an object", code="unexpected_answer")
        return document
