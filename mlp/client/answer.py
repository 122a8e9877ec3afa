"""Reading the documents in an answer."""

from __future__ import annotations

import json
from typing import Any, NotRequired, TypedDict, TypeVar

from mlp.api.shape import Misshapen, check
from mlp.errors import Failed

Document = TypeVar("Document")


class _Page(TypedDict):
    items: list[Any]
    next: NotRequired[str | None]


def document_in(content: bytes, kind: type[Document], unexpected: str) -> Document:
    """Return the `kind` of `mlp.api.documents` in the body of an answer, with all that it holds besides.

    Raises Failed (`unexpected_answer`) with the words `unexpected` where it is none.
    """
    try:
        document: Any = json.loads(content, parse_constant=_no_number)
        check(document, kind)
    except (Misshapen, ValueError, RecursionError) as error:
        raise Failed(unexpected, code="unexpected_answer") from error
    return document  # type: ignore[no-any-return]


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def page_in(content: bytes, kind: type[Document], unexpected: str) -> tuple[list[Document], str | None]:
    """Return the items of a list, each a `kind`, and the cursor of what follows; raises as `document_in` does."""
    page = document_in(content, _Page, unexpected)
    try:
        for item in page["items"]:
            check(item, kind)
    except Misshapen as error:
        raise Failed(unexpected, code="unexpected_answer") from error
    return page["items"], page.get("next")
