"""`/models/{name}/versions`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from mlp.api.model import ModelVersion, VersionList, VersionPatch
from mlp.api.reference import MAX_VERSION
from mlp.api.token import Scope
from mlp.registry.access.needs import needs
from mlp.registry.condition import Condition, Every, tagged
from mlp.registry.deps import Archived, By, Limit, Name, Number, ServicesDep, Tags
from mlp.registry.filter import MAX_LENGTH, parse_filter
from mlp.registry.routes.blob_response import BlobResponse, blob_headers
from mlp.registry.routes.byte_range import asked_span, is_known
from mlp.registry.routes.route import DOCUMENT_FAILURES, DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, prefix="/models/{name}/versions", tags=["versions"])

Cursor = Annotated[int | None, Query(ge=1, le=MAX_VERSION, description="`next` of the page before")]
Filter = Annotated[
    str | None,
    Query(
        alias="filter",
        max_length=MAX_LENGTH,
        description="only versions of which this is true: `metrics.accuracy > 0.95 and tags.team = 'risk'`",
    ),
]
Redirect = Annotated[bool, Query(description="answer with 307 to the store itself, where it can be reached")]
_ARTIFACT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the ONNX graph; ETag is its SHA-256",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "the part of it that `Range` names"},
    304: {"description": "the client has these bytes already"},
    307: {"description": "where the bytes are for some minutes; only with `redirect`, and not from every store"},
}
_HEADERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Content-Length is the size of the ONNX graph, ETag its SHA-256"},
    304: _ARTIFACT[304],
}


def condition_of(text: Filter = None, tags: Tags = ()) -> Condition | None:
    """Return what `filter` and `tag` ask for."""
    asked = [*([] if text is None else [parse_filter(text)]), *map(tagged, tags)]
    return Every(tuple(asked)) if asked else None


@router.get("", responses=failures(404))
@needs(Scope.READ)
async def page(
    name: Name,
    services: ServicesDep,
    condition: Annotated[Condition | None, Depends(condition_of)],
    archived: Archived = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> VersionList:
    """Return versions, newest first."""
    return await services.catalog.versions(name, condition=condition, archived=archived, cursor=cursor, limit=limit)


@router.get("/{version}", response_model=ModelVersion, responses=failures(404))
@needs(Scope.READ)
async def show(name: Name, version: Number, services: ServicesDep) -> Response:
    """Return a version with signature and receipt."""
    return Response(await services.catalog.version_json(name, version), media_type="application/json")


@router.patch("/{version}", responses=failures(404, 409, *DOCUMENT_FAILURES))
@needs(Scope.WRITE)
async def change(name: Name, version: Number, patch: VersionPatch, services: ServicesDep, by: By) -> ModelVersion:
    """Change description, tags and metrics, where what is set to null goes away; archive it, or bring it back."""
    return await services.catalog.change_version(name, version, patch, by)


@router.delete("/{version}", status_code=204, responses=failures(404, 409, 507))
@needs(Scope.ADMIN)
async def remove(name: Name, version: Number, services: ServicesDep, by: By) -> None:
    """Delete a version. Its number is not given again."""
    await services.removal.version(name, version, by)


@router.get("/{version}/artifact", responses=failures(404, 416, 502) | _ARTIFACT, response_class=Response)
@needs(Scope.READ)
async def artifact(
    name: Name, version: Number, request: Request, services: ServicesDep, redirect: Redirect = False
) -> Response:
    """Return the ONNX graph, verified against its SHA-256 before the first byte is sent, or one range of it."""
    found = await services.catalog.version(name, version)
    etag = f'"{found.sha256}"'
    if is_known(request.headers, etag):
        return Response(status_code=304, headers={"ETag": etag})
    link = await services.store.link(found.sha256) if redirect else None
    if link is not None:
        return Response(status_code=307, headers={"Location": link, "Cache-Control": "no-store"})
    span = asked_span(request.headers, etag, found.size)
    if span is None:
        return BlobResponse(await services.store.open(found.sha256), found.size, etag)
    return BlobResponse(await services.store.open(found.sha256, span.start, len(span)), found.size, etag, span)


@router.head("/{version}/artifact", responses=failures(404) | _HEADERS, response_class=Response)
@needs(Scope.READ)
async def artifact_headers(name: Name, version: Number, request: Request, services: ServicesDep) -> Response:
    """Return the headers of a download: size and digest. Nobody looks at the bytes."""
    found = await services.catalog.version(name, version)
    etag = f'"{found.sha256}"'
    if is_known(request.headers, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(media_type=BlobResponse.media_type, headers=blob_headers(found.size, etag))
