"""What the registry holds, for those who only look: documents as it writes them, and no client library to wait for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import urlencode

from mlp.api.documents import (
    AliasChangeDocument,
    AliasDocument,
    DeliveryDocument,
    ModelDocument,
    SummaryDocument,
    TokenDocument,
    VersionDocument,
    WebhookDocument,
)
from mlp.api.shape import in_order
from mlp.api.upkeep import CollectionDocument
from mlp.client.answer import document_in, page_in
from mlp.client.plain import PlainClient
from mlp.client.resource import PAGE, SECONDS_TO_COLLECT, WHO, alias_path, path_of
from mlp.client.token_file import token_in

Document = TypeVar("Document")
Query = Mapping[str, str | list[str] | None]


class Catalog:
    """Reads from the registry at `url`. Where it wants a bearer token, `token_file` holds it, or it is `token`.

    Every method raises errors of `mlp.errors`: what the registry said, Unavailable when it does not answer, and Failed
    (`unexpected_answer`) when what answers is no registry. One thread may use it.
    """

    def __init__(
        self, url: str, *, token_file: Path | None = None, token: str | None = None, timeout: float = 30.0
    ) -> None:
        held = token if token_file is None else token_in(token_file)
        headers = {} if held is None else {"Authorization": f"Bearer {held}"}
        self._http = PlainClient(WHO, url, headers=headers, timeout=timeout, proxied=True)
        self._unexpected = f"{WHO} at {self._http.url}/ answered something else than a registry"

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def models(
        self, *, search: str | None = None, tags: Sequence[str] = (), archived: bool = False, limit: int = PAGE
    ) -> list[ModelDocument]:
        """Return at most `limit` models by name; those with all of `tags`, each of which is `key` or `key=value`.

        Archived ones are among them only if they are asked for.
        """
        query: Query = {"search": search, "tag": list(tags), "archived": "true" if archived else None}
        return self._listed("/models", ModelDocument, query, limit)

    def model(self, name: str) -> ModelDocument:
        """Return one model; NotFound (`model_not_found`) when there is none of that name."""
        return self._read(path_of(name), ModelDocument)

    def versions(
        self,
        name: str,
        *,
        where: str | None = None,
        tags: Sequence[str] = (),
        archived: bool = False,
        limit: int = PAGE,
    ) -> list[SummaryDocument]:
        """Return at most `limit` versions of a model, newest first; those with all of `tags`.

        Archived ones are among them only if they are asked for.
        `where` filters: `metrics.accuracy > 0.95 and tags.team = 'risk'`; Invalid (`invalid_filter`) when it is none.
        """
        query: Query = {"filter": where, "tag": list(tags), "archived": "true" if archived else None}
        return self._listed(f"{path_of(name)}/versions", SummaryDocument, query, limit)

    def version(self, name: str, version: int) -> VersionDocument:
        """Return one version with signature and receipt; NotFound (`version_not_found`) when there is none.

        Fields are in their usual order, whatever order the registry keeps them in.
        """
        return cast(VersionDocument, in_order(self._read(path_of(name, version), VersionDocument), VersionDocument))

    def aliases(self, name: str) -> list[AliasDocument]:
        """Return the aliases of a model, by name."""
        return page_in(self._http.request("GET", f"{path_of(name)}/aliases"), AliasDocument, self._unexpected)[0]

    def alias(self, name: str, alias: str) -> AliasDocument:
        """Return where an alias points; `latest` is the highest version. NotFound (`alias_not_found`)."""
        return self._read(alias_path(name, alias), AliasDocument)

    def alias_history(
        self, name: str, alias: str, *, at: str | None = None, limit: int = PAGE
    ) -> list[AliasChangeDocument]:
        """Return at most `limit` entries of an alias's history, newest first.

        With `at`, a day (`2026-05-03`) or a moment (`2026-05-03T12:00:00Z`), only those that held then.
        """
        return self._listed(f"{alias_path(name, alias)}/history", AliasChangeDocument, {"at": at}, limit)

    def tokens(self, *, limit: int = PAGE) -> list[TokenDocument]:
        """Return at most `limit` tokens by name, without what only their holders know."""
        return self._listed("/tokens", TokenDocument, {}, limit)

    def webhooks(self, *, limit: int = PAGE) -> list[WebhookDocument]:
        """Return at most `limit` webhooks, oldest first."""
        return self._listed("/webhooks", WebhookDocument, {}, limit)

    def deliveries(self, webhook: int, *, state: str | None = None, limit: int = PAGE) -> list[DeliveryDocument]:
        """Return at most 100 of what a webhook was told, newest first; with `state`, only those."""
        return self._listed(f"/webhooks/{webhook:d}/deliveries", DeliveryDocument, {"state": state}, min(limit, PAGE))

    def unused(self, grace_seconds: int) -> CollectionDocument:
        """Return what a collection of garbage would delete, and what is damaged; it may take minutes to look.

        Blobs that were claimed within `grace_seconds` are left out.
        """
        body = json.dumps({"dry_run": True, "grace_seconds": grace_seconds}).encode()
        return document_in(
            self._http.request("POST", "/gc", body, timeout=SECONDS_TO_COLLECT), CollectionDocument, self._unexpected
        )

    def _read(self, path: str, kind: type[Document]) -> Document:
        return document_in(self._http.request("GET", path), kind, self._unexpected)

    def _listed(self, path: str, kind: type[Document], query: Query, limit: int) -> list[Document]:
        return list(islice(self._items(path, kind, query, limit), limit))

    def _items(self, path: str, kind: type[Document], query: Query, limit: int) -> Iterator[Document]:
        asked = {key: value for key, value in query.items() if value is not None}
        cursor: str | None = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            words = urlencode({**asked, "limit": str(min(limit, PAGE)), **more}, doseq=True)
            items, cursor = page_in(self._http.request("GET", f"{path}?{words}"), kind, self._unexpected)
            yield from items
            if cursor is None:
                return
