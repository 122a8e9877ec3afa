"""What this server refuses, as its OpenAPI document has it: a response for each status, in both forms of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS: Mapping[int, str] = {
    400: "The body is not JSON, or the request not HTTP.",
    401: "This server asks for a key.",
    404: "Another model or another version is served here.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    415: "The body is of another type, or compressed.",
    417: "`Expect` holds something else than `100-continue`.",
    421: "`Host` names no server that is here.",
    422: "The rows do not fit the model; `details` names row and column.",
    431: "The head is too large.",
    500: "The server failed.",
    503: "Too much is under way, or the server is about to end.",
    504: "It was not answered in time.",
}
_OF_SENTENCES: Mapping[int, str] = {
    **{status: words for status, words in _WORDS.items() if status not in (415, 422)},
    400: "The request does not fit HTTP, the protocol or the model.",
}
"""KServe's protocols know no 415 and no 422."""
_EVERYWHERE = (400, 408, 413, 417, 431, 500, 503)
_TEXT = {"schema": {"type": "string"}}
_HEADERS: Mapping[int, Mapping[str, Any]] = {401: {"www-authenticate": _TEXT}, 503: {"retry-after": _TEXT}}
_CODE = {"x-mlp-error-code": {"description": "The error's stable code.", **_TEXT}}
_KEY_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}


def of_own_paths(*statuses: int, is_guarded: bool = True) -> dict[str, Any]:
    """Return the refusals of a path that tells of errors by documents: those of every path, and of `statuses`."""
    return _references("Error", statuses, is_guarded)


def of_protocols(*statuses: int, is_guarded: bool = True) -> dict[str, Any]:
    """Return the refusals of a path of KServe's protocols, which tells of errors by a sentence."""
    return _references("Sentence", statuses, is_guarded)


def components() -> dict[str, Any]:
    """Return the responses that are referred to; the schemas `Error` and `Sentence` are the document's."""
    errors = {f"Error{status}": _response(words, "Error", status, {}) for status, words in _WORDS.items()}
    sentences = {
        f"Sentence{status}": _response(words, "Sentence", status, _CODE) for status, words in _OF_SENTENCES.items()
    }
    return errors | sentences


def with_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of a server that asks for keys: every operation wants one, unless it has no 401."""
    for operations in document["paths"].values():
        for operation in operations.values():
            if "401" not in operation["responses"]:
                operation["security"] = []
    document["components"]["securitySchemes"] = dict(_KEY_SCHEMES)
    return {**document, "security": [{name: []} for name in _KEY_SCHEMES]}


def without_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of a server that asks nobody."""
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("401", None)
    for name in ("Error401", "Sentence401"):
        del document["components"]["responses"][name]
    return document


def _references(form: str, statuses: tuple[int, ...], is_guarded: bool) -> dict[str, Any]:
    wanted = sorted({*_EVERYWHERE, *statuses, *((401, 421) if is_guarded else ())})
    return {str(status): {"$ref": f"#/components/responses/{form}{status}"} for status in wanted}


def _response(words: str, schema: str, status: int, headers: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    described = {"description": words, "content": content}
    given = {**headers, **_HEADERS.get(status, {})}
    return described | ({"headers": given} if given else {})
