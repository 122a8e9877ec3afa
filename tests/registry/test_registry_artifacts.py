"""Downloads: the bytes that were pushed, or an error; never other bytes."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from registry_process import Registry
from sample_models import code_of, linear_model

from mlp.api.model import ModelVersion
from mlp.client.registry import RegistryClient
from mlp.errors import Failed

pytestmark = ON_BOTH_DATABASES


@pytest.fixture
def version(request: pytest.FixtureRequest, client: RegistryClient) -> ModelVersion:
    """A version of this test's own model."""
    test = request.function.__name__
    sample = linear_model(float(len(test)), padding=600_000)
    return client.push(test.replace("_", "-")[-40:].strip("-"), sample.manifest, sample.onnx).version


def blob(registry: Registry, version: ModelVersion) -> Path:
    return registry.data / "blobs" / "sha256" / version.sha256[:2] / version.sha256


def url(version: ModelVersion) -> str:
    return f"/models/{version.name}/versions/{version.version}/artifact"


def test_a_download_is_what_was_pushed(version: ModelVersion, client, registry: Registry, tmp_path: Path) -> None:
    told: list[int] = []
    client.download(version, tmp_path / "model.onnx", progress=told.append)
    assert (tmp_path / "model.onnx").read_bytes() == blob(registry, version).read_bytes()
    assert told[-1] == version.size
    assert len(list(tmp_path.iterdir())) == 1


def test_an_artifact_carries_its_digest_and_is_not_sent_twice(version: ModelVersion, http: httpx.Client) -> None:
    answer = http.get(url(version))
    assert answer.headers["etag"] == f'"{version.sha256}"'
    assert answer.headers["content-length"] == str(version.size) == str(len(answer.content))
    again = http.get(url(version), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_headers_can_be_asked_for_alone(version: ModelVersion, http: httpx.Client, registry: Registry) -> None:
    blob(registry, version).unlink()  # nobody looks at the bytes
    answer = http.head(url(version), params={"redirect": "1"}, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == str(version.size)
    assert answer.headers["etag"] == f'"{version.sha256}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert http.head(url(version), headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    missing = http.head(f"/models/{version.name}/versions/99/artifact")
    assert (missing.status_code, missing.content) == (404, b"")


def test_a_flipped_byte_is_not_delivered(version: ModelVersion, client, http, registry: Registry, tmp_path) -> None:
    file = blob(registry, version)
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    answer = http.get(url(version))
    assert (answer.status_code, code_of(answer)) == (502, "artifact_corrupt")
    with pytest.raises(Failed):
        client.download(version, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_missing_blob_is_an_answer_too(version: ModelVersion, http: httpx.Client, registry: Registry) -> None:
    blob(registry, version).unlink()
    answer = http.get(url(version))
    assert (answer.status_code, code_of(answer)) == (502, "artifact_corrupt")
    assert http.get(f"/models/{version.name}/versions/1").status_code == 200


def test_the_client_believes_the_digest_and_not_the_server(version: ModelVersion, client, tmp_path: Path) -> None:
    with pytest.raises(Failed) as refusal:
        client.download(version.model_copy(update={"sha256": "0" * 64}), tmp_path / "model.onnx")
    assert refusal.value.code == "artifact_corrupt"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("wanted", "start", "stop"), [("bytes=0-99", 0, 100), ("bytes=1000-", 1000, None)])
def test_a_download_can_be_resumed(version: ModelVersion, http: httpx.Client, wanted: str, start: int, stop) -> None:
    whole = http.get(url(version))
    assert whole.headers["accept-ranges"] == "bytes"
    part = http.get(url(version), headers={"Range": wanted, "If-Range": whole.headers["etag"]})
    assert part.status_code == 206
    assert part.content == whole.content[start:stop]
    end = start + len(part.content) - 1
    assert part.headers["content-range"] == f"bytes {start}-{end}/{version.size}"
    assert part.headers["etag"] == whole.headers["etag"]


def test_several_ranges_at_once_are_refused(version: ModelVersion, http: httpx.Client) -> None:
    answer = http.get(url(version), headers={"Range": "bytes=0-1,2-3"})
    assert (answer.status_code, code_of(answer)) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{version.size}"


def test_files_have_no_other_address(version: ModelVersion, client, http: httpx.Client, tmp_path: Path) -> None:
    assert http.get(url(version), params={"redirect": "1"}).status_code == 200
    client.download(version, tmp_path / "model.onnx", direct=True)
    wrong = http.get(url(version), params={"redirect": "perhaps"})
    assert (wrong.status_code, code_of(wrong)) == (422, "invalid_request")
