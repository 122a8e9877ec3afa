"""The model server with the registry itself, not a stand-in: what one pushes there is what one is answered by."""

from __future__ import annotations

import pytest
from served_models import SETOSA, iris

from mlp.api.model import Manifest
from mlp.client.registry import RegistryClient
from tests.faulty_store import FaultyStore
from tests.registry.registry_process import Registry, kill


@pytest.fixture
def direct(s3):
    """The object store under the address that model servers are given."""
    store = FaultyStore(s3.host).start()
    yield store
    store.stop()


@pytest.fixture(params=["files", "s3"])
def real_registry(tmp_path, request):
    settings = {}
    if request.param == "s3":
        direct = request.getfixturevalue("direct")
        settings = request.getfixturevalue("bucket").settings(MLP_REGISTRY_S3_PUBLIC_ENDPOINT=direct.url)
    registry = Registry(tmp_path / "registry", settings=settings).start()
    yield registry.url
    kill(registry)


def test_a_pushed_model_is_served(launcher, real_registry, request):
    version = iris().version
    with RegistryClient(real_registry) as registry:
        pushed = registry.push("iris", Manifest(signature=version.signature, receipt=version.receipt), iris().blob)
    server = launcher.start(model_name="iris", model_version=1, registry_url=real_registry)
    assert server.ready["digest"] == pushed.version.digest
    assert server.predict(features=[SETOSA]).json()["predictions"] == ["setosa"]
    if "s3" in request.node.name:
        [fetched] = request.getfixturevalue("direct").seen
        assert "Signature" in fetched.path
        assert "Signature" not in server.log_file.read_text()
