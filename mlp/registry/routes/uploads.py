"""`/models/{name}/uploads`: announce bytes, then send them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from mlp.api.model import ModelVersion, Upload, UploadRequest
from mlp.api.token import Scope
from mlp.registry.access.needs import needs
from mlp.registry.deps import By, IdempotencyKey, Name, ServicesDep
from mlp.registry.intake import check_media_type, chunks_of
from mlp.registry.routes.route import DOCUMENT_FAILURES, DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, prefix="/models/{name}/uploads", tags=["uploads"])

OCTETS = "application/octet-stream"
UploadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32,64}$")]
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post(
    "",
    status_code=201,
    response_model=Upload,
    responses=failures(409, *DOCUMENT_FAILURES)
    | {200: {"model": Upload, "description": "that digest is registered; no bytes are wanted"}},
)
@needs(Scope.WRITE)
async def announce(
    name: Name,
    request: UploadRequest,
    services: ServicesDep,
    by: By,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Announce a model's bytes; the first version creates the model.

    What was registered under another name, with the same receipt, is a new version at once: no bytes are wanted.
    """
    upload, created = await services.pushes.announce(name, request, idempotency_key, by)
    # Written here: the framework would look through the whole document twice more.
    return Response(
        upload.model_dump_json(),
        status_code=201 if created or upload.version is None else 200,
        media_type="application/json",
        background=BackgroundTask(services.pushes.warm) if upload.version is None else None,
    )


@router.put(
    "/{upload}",
    status_code=201,
    responses=failures(404, 502, *DOCUMENT_FAILURES)
    | {200: {"model": ModelVersion, "description": "the version was registered before"}},
    openapi_extra=_BODY,
)
@needs(Scope.WRITE)
async def receive(
    name: Name, upload: UploadId, request: Request, response: Response, services: ServicesDep, by: By
) -> ModelVersion:
    """Send the announced bytes. They are checked, judged and run; then they are a READY version."""
    check_media_type(request, OCTETS)
    settings = services.settings
    chunks = chunks_of(request, settings.max_model_bytes, settings.idle_seconds)
    version, created = await services.pushes.receive(name, upload, chunks, by)
    if not created:
        response.status_code = 200
    return version
