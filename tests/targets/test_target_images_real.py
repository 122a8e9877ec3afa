"""The images as an engine really builds them: small, without privileges, and with nothing that they do not need.

MLP_TEST_PYTHON_IMAGE names a base that the engine has; without it the default base is pulled.
"""

import os
import subprocess
from collections.abc import Iterator

import pytest

from mlp.errors import MlpError
from mlp.targets.bundle import bundle
from mlp.targets.images import IMAGES, Builder, Engine, find_engine
from mlp.targets.images.building import PYTHON_IMAGE

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

BASE = os.environ.get("MLP_TEST_PYTHON_IMAGE", PYTHON_IMAGE)
NAMES = [image.name for image in IMAGES]
EVERYWHERE = {"sklearn", "joblib", "skl2onnx", "pandas", "pip", "setuptools"}
ABSENT = {
    "api": {"kubernetes", "tritonclient"},
    "inference-server": {"onnx", "fastapi", "sqlalchemy", "alembic", "kubernetes", "minio", "typer", "rich"},
    "operator": {"onnx", "onnxruntime", "numpy", "fastapi", "sqlalchemy", "minio"},
}
PRESENT = {
    "api": {"mlp.registry", "fastapi", "asyncpg", "onnx", "onnxruntime", "minio"},
    "inference-server": {"mlp.inference", "onnxruntime", "uvloop", "prometheus_client"},
    "operator": {"mlp.controller", "kubernetes"},
}
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def engine(authorities_of_the_user) -> Iterator[Engine]:
    try:
        engine = find_engine()
    except MlpError as error:
        pytest.skip(error.message)
    if engine.inspect(BASE) is None and BASE != PYTHON_IMAGE:
        pytest.skip(f"{engine.name} has no image {BASE}")
    with pytest.MonkeyPatch.context() as environment:  # it asks registries of images
        environment.delenv("SSL_CERT_FILE", raising=False)
        if authorities_of_the_user is not None:
            environment.setenv("SSL_CERT_FILE", authorities_of_the_user)
        yield engine


@pytest.fixture(scope="module")
def built(engine):
    return Builder(engine, bundle(), BASE).build(IMAGES, lambda _: None)


def run(engine: Engine, name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an image as a restricted pod would: read-only, with a /tmp."""
    image = next(image for image in IMAGES if image.name == name).reference()
    options = ["--rm", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--network=none", "--env=HOME=/tmp"]
    return subprocess.run(
        [engine.program, "run", *options, f"--entrypoint={command[0]}", image, *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_second_build_changes_nothing(engine, built):
    said = []
    again = Builder(engine, bundle(), BASE).build(IMAGES, said.append)
    assert again == built
    assert all(line.endswith("up to date") for line in said)


@pytest.mark.parametrize("name", NAMES)
def test_a_user_without_privileges_runs_it_on_a_read_only_root(engine, built, name):
    assert run(engine, name, "id", "-u").stdout == "10001\n"
    assert run(engine, name, "touch", "/opt/mlp/x").returncode != 0
    assert run(engine, name, "touch", "/tmp/x").returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_its_own_extra_and_no_other(engine, built, name):
    names = sorted(EVERYWHERE | ABSENT[name] | PRESENT[name])
    code = f"from importlib.util import find_spec\nprint(*(n for n in {names} if find_spec(n)))"
    found = run(engine, name, "python", "-c", code)
    assert found.returncode == 0, found.stderr
    assert set(found.stdout.split()) == PRESENT[name]


@pytest.mark.parametrize("name", NAMES)
def test_it_starts_and_says_what_it_lacks(engine, built, name):
    module = {"api": "mlp.registry", "inference-server": "mlp.inference", "operator": "mlp.controller"}[name]
    ended = run(engine, name, "python", "-m", module, "nonsense")
    assert ended.returncode in (1, 2, 3)
    assert "Traceback" not in ended.stderr


def test_the_inference_image_is_small_and_has_curl(engine, built):
    base = engine.inspect(BASE)
    assert built["inference-server"].size - base.size <= 200 * MEGABYTE
    assert run(engine, "inference-server", "curl", "--version").stdout.startswith("curl ")
