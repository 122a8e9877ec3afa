"""How the documents of the registry are read, one by one and in pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from mlp.api.wire import Answer
from mlp.client.http import call
from mlp.client.resource import PAGE, WHO
from mlp.errors import Failed

Document = TypeVar("Document", bound=Answer)


def document_of(answer: httpx.Response, kind: type[Document]) -> Document:
    """Return the document in an answer; Failed (`unexpected_answer`) when that is none of a registry."""
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise Failed(
            f"{WHO} at {answer.request.url.copy_with(path='/', query=None)} answered something else than a registry",
            code="unexpected_answer",
        ) from error


def listed(http: httpx.Client, path: str, kind: type[Any], query: Mapping[str, Any], limit: int) -> list[Any]:
    """Return at most `limit` items of a list that comes in pages of `kind`; None in `query` counts as left out."""
    return list(islice(_items(http, path, kind, query, limit), limit))


def _items(http: httpx.Client, path: str, kind: type[Any], query: Mapping[str, Any], limit: int) -> Iterator[Any]:
    asked = {key: value for key, value in query.items() if value is not None}
    cursor: str | None = None
    while True:
        params = {**asked, "limit": str(min(limit, PAGE)), **({} if cursor is None else {"cursor": cursor})}
        page = document_of(call(http, WHO, "GET", path, params=params), kind)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return
