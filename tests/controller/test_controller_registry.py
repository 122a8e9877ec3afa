"""The operator's questions, to a real registry that asks for tokens."""

import pytest

from mlp.client.registry import RegistryClient
from mlp.controller.answer import Resolved
from mlp.controller.versions import Rhythm, Version, Versions, registry_at
from mlp.controller.watch import Key
from tests.kube.conftest import wait_for
from tests.registry.registry_process import Registry, kill
from tests.registry.sample_models import linear_model

ONE, NINE = Version("line", 1), Version("line", 9)
HOLDER = Key("ml-platform", "my-model")
ADMIN, READ = "a" * 40, "r" * 40


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    files = {"ADMIN": folder / "admin.token", "READ": folder / "read.token"}
    files["ADMIN"].write_text(ADMIN)
    files["READ"].write_text(READ)
    settings = {f"MLP_REGISTRY_{name}_TOKEN_FILE": str(file) for name, file in files.items()}
    registry = Registry(folder / "data", settings=settings).start()
    try:
        with RegistryClient(registry.url, token_file=files["ADMIN"]) as client:
            client.push("line", linear_model().manifest, linear_model().onnx)
            yield registry.url, files["READ"], client
    finally:
        kill(registry)


@pytest.fixture
def ask(registry):
    made = []

    def make(token_file):
        rhythm = Rhythm(renew=0.5, missing=0.1, down=0.1)
        source = registry_at(registry[0], token_file)
        versions = Versions(source, lambda _: {ONE, NINE}, lambda _: None, rhythm)
        versions.start()
        made.append(versions)
        return versions

    yield make
    for versions in made:
        versions.stop()


def test_a_version_is_found_and_kept_in_use_with_the_read_token(ask, registry):
    _, read, client = registry
    versions = ask(read)
    wait_for(lambda: versions.hold(HOLDER, ONE) == Resolved(client.version("line", 1).digest))
    wait_for(lambda: [use.holder for use in client.uses.of("line", 1)] == ["ml-platform.my-model"])
    wait_for(lambda: getattr(versions.hold(HOLDER, NINE), "reason", None) == "VersionNotReady")


def test_a_token_that_is_replaced_is_read_anew(ask, tmp_path):
    file = tmp_path / "token"
    file.write_text("wrong" * 10)
    versions = ask(file)
    wait_for(lambda: getattr(versions.hold(HOLDER, ONE), "reason", None) == "RegistryDenied")
    file.write_text(READ)
    wait_for(lambda: isinstance(versions.hold(HOLDER, ONE), Resolved))
