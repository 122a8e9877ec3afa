"""Images are built when their sources change, and nodes have them afterwards: the programs are stand-ins."""

import json
import sys
from pathlib import Path

import pytest

from mlp import __version__
from mlp.errors import Denied, Failed, Invalid, MlpError, Precondition, Unavailable
from mlp.targets.bundle import Bundle, bundle
from mlp.targets.images import IMAGES, Builder, Engine, chosen, find_engine, load, push
from mlp.targets.images.cluster import Cluster, ClusterKind
from mlp.targets.images.loading import presence
from mlp.targets.images.names import check_registry
from mlp.targets.images.nodes import stores_of, this_node

STAND_IN = Path(__file__).with_name("stand_in_engine.py")
NAMES = [image.name for image in IMAGES]
API = chosen(["api"])


class Store:
    """What the stand-ins keep and were asked."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs

    def install(self, *names: str) -> None:
        for name in names:
            program = self.programs / name
            program.write_text(f"#!{sys.executable} -IS\n{STAND_IN.read_text(encoding='utf-8')}")
            program.chmod(0o755)

    def fail(self, beginning: str, said: str) -> None:
        (self.folder / "fails").write_text(f"{beginning}\t{said}\n")

    def hold(self, *names: str, version: str = "1") -> None:
        """Let the engine have images."""
        (self.folder / "images").mkdir(exist_ok=True)
        for name in names:
            document = {"Id": f"sha256:{name}{version}", "Size": 5, "Created": "now", "Config": {}}
            (self.folder / "images" / f"ml-platform_{name}:{__version__}").write_text(json.dumps(document))

    def ignore(self, beginning: str) -> None:
        (self.folder / "ignored").write_text(beginning)

    def calls(self, beginning: str) -> list[str]:
        return [line for line in (self.folder / "calls").read_text().splitlines() if line.startswith(beginning)]


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    folder, programs = tmp_path / "store", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    monkeypatch.setenv("STAND_IN_STORE", str(folder))
    monkeypatch.setenv("PATH", str(programs))
    return Store(folder, programs)


@pytest.fixture
def engine(store):
    store.install("docker", "ctr", "minikube")
    return Engine("docker", str(store.programs / "docker"))


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Bundle:
    """A bundle that is quick to read."""
    root = tmp_path_factory.mktemp("bundle")
    files = ["LICENSE", "README.md", "constraints.txt", "pyproject.toml", "mlp/__init__.py", "manifests/a.yaml"]
    for name in [*files, *(f"images/{image}/Dockerfile" for image in NAMES)]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return bundle(root / "mlp")


@pytest.fixture
def build(engine, sources):
    def run(images=API, report=lambda _: None, *, base: str = "python:3.12-slim", **more):
        return Builder(engine, sources, base).build(images, report, **more)

    return run


def code_of(raised) -> str:
    assert isinstance(raised.value, MlpError)
    return raised.value.code


def test_docker_is_preferred_and_podman_is_taken_where_docker_does_not_answer(store):
    with pytest.raises(Precondition) as caught:
        find_engine()
    assert code_of(caught) == "no_engine"
    store.install("docker", "podman")
    assert find_engine().name == "docker"
    assert find_engine("podman").name == "podman"
    store.fail("docker ps", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.")
    assert find_engine().name == "podman"


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("Cannot connect to the Docker daemon at unix:///d.sock. Is it running?", Precondition, "engine_not_running"),
        ("permission denied while trying to connect to the Docker daemon socket", Denied, "engine_denied"),
    ],
)
def test_an_engine_that_does_not_answer_says_why(store, said, kind, code):
    store.install("docker")
    store.fail("docker ps", said)
    with pytest.raises(kind) as caught:
        find_engine()
    assert code_of(caught) == code
    assert said in caught.value.message


def test_images_are_built_once_and_again_when_asked_or_changed(store, build, lines):
    assert set(build(IMAGES, lines.append)) == set(NAMES)
    assert all("built in" in line for line in lines)
    build(IMAGES, lines.append)
    assert lines[3:] == [f"ml-platform/{name}:{__version__}: up to date" for name in NAMES]
    assert len(store.calls("docker build")) == 3
    build(base="other:1")
    build(base="other:1", force=True)
    assert len(store.calls("docker build")) == 5


def test_an_image_has_the_version_latest_its_base_and_its_digest(engine, build, sources):
    build(base="other:1")
    one, latest = (engine.inspect(API[0].reference(tag)) for tag in (__version__, "latest"))
    assert one == latest
    assert one.labels["mlp.source-digest"] == sources.source_digest("api")
    assert one.labels["mlp.python-image"] == "other:1"
    assert one.labels["org.opencontainers.image.version"] == __version__


def test_a_build_that_fails_shows_the_end_of_its_log(store, build, lines):
    said = "The command '/bin/sh -c pip install' returned a non-zero code: 1"
    store.fail("docker build", said)
    shown: list[str] = []
    with pytest.raises(Failed) as caught:
        build(API, lines.append, progress=shown.append)
    assert code_of(caught) == "image_build_failed"
    assert said in caught.value.message
    assert f"  {said}" in shown
    assert not lines


def test_a_name_that_is_none_is_met_with_a_near_one():
    with pytest.raises(Invalid, match="did you mean operator"):
        chosen(["operater"])
    assert [image.name for image in chosen([])] == NAMES


CLUSTERS = [
    Cluster(ClusterKind.KIND, "dev", ["dev-control-plane"]),
    Cluster(ClusterKind.MINIKUBE, "minikube", ["minikube"]),
    Cluster(ClusterKind.CONTAINERD, "host", ["host"]),
]


@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda cluster: cluster.kind)
def test_nodes_get_what_they_lack_and_are_asked_whether_they_have_it(store, engine, lines, cluster):
    stores = stores_of(cluster, engine, containerd=str(store.folder))
    store.hold("api", "operator")
    images = chosen(["api", "operator"])
    built = load(engine, stores, images, lines.append)
    assert lines == [f"{image.short}: loaded into {stores[0].node}" for image in images]
    assert presence(stores, API[0], built["api"]) == [stores[0].node]
    store.hold("api", version="2")
    load(engine, stores, images, lines.append)
    assert [line.rpartition(": ")[2] for line in lines[2:]] == [f"loaded into {stores[0].node}", "already there"]
    assert [call.split()[2:] for call in store.calls("docker save")] == [
        [image.reference() for image in images],
        [API[0].reference()],
    ]


def test_a_node_that_keeps_an_older_image_is_noticed(store, engine):
    stores = stores_of(CLUSTERS[0], engine)
    store.hold("api")
    load(engine, stores, API, lambda _: None)
    store.hold("api", version="2")
    store.ignore("docker exec -i dev-control-plane ctr -n k8s.io images import")
    with pytest.raises(Failed) as caught:
        load(engine, stores, API, lambda _: None)
    assert code_of(caught) == "image_not_on_node"


IMPORT = "exec -i dev-control-plane ctr -n k8s.io images import"


@pytest.mark.parametrize(
    ("call", "said", "failure"),
    [
        ("exec", "Error: No such container: dev-control-plane", (Unavailable, "node_unreachable")),
        ("exec", 'failed to dial "/run/containerd.sock": permission denied', (Denied, "node_denied")),
        (IMPORT, "no space left on device", (Failed, "image_no_space")),
        (IMPORT, "unexpected EOF", (Failed, "image_load_failed")),
        ("save", "write: broken pipe", (Failed, "image_save_failed")),
    ],
)
def test_a_load_that_fails_says_why(store, engine, call, said, failure):
    kind, code = failure
    store.hold("api")
    store.fail(f"docker {call}", said)
    with pytest.raises(kind) as caught:
        load(engine, stores_of(CLUSTERS[0], engine), API, lambda _: None)
    assert code_of(caught) == code


def test_what_was_not_built_is_not_loaded(store, engine):
    store.hold("api")
    with pytest.raises(Precondition, match=r"ml-platform/inference-server:.*, ml-platform/operator:") as caught:
        load(engine, stores_of(CLUSTERS[0], engine), IMAGES, lambda _: None)
    assert caught.value.details == {"names": "inference-server operator"}


def test_a_tool_or_a_socket_that_is_missing_is_named(store, engine):
    with pytest.raises(Precondition) as caught:
        this_node("host", str(store.folder / "none.sock"))
    assert code_of(caught) == "no_containerd"
    (store.folder.parent / "bin" / "minikube").unlink()
    with pytest.raises(Precondition) as caught:
        stores_of(CLUSTERS[1], engine)
    assert code_of(caught) == "no_minikube"


def test_a_push_tags_and_pushes_the_version_last(store, engine, lines):
    store.hold("api")
    pushed = push(engine, API, "ghcr.io/you/", lines.append)
    assert pushed == {"api": f"ghcr.io/you/ml-platform/api:{__version__}"}
    assert store.calls("docker push") == [
        "docker push ghcr.io/you/ml-platform/api:latest",
        f"docker push ghcr.io/you/ml-platform/api:{__version__}",
    ]


def test_a_push_that_fails_says_why(store, engine):
    store.hold("api")
    store.fail("docker push", "denied: requested access to the resource is denied")
    with pytest.raises(Denied) as caught:
        push(engine, API, "ghcr.io/you", lambda _: None)
    assert code_of(caught) == "image_push_denied"


@pytest.mark.parametrize("registry", ["https://ghcr.io/you", "", "ghcr.io/You", "you", "ghcr.io/you:1", "a b.io"])
def test_what_is_no_registry_is_refused(registry):
    with pytest.raises(Invalid) as caught:
        check_registry(registry)
    assert code_of(caught) == "invalid_image_registry"


@pytest.mark.parametrize(
    "registry", ["ghcr.io", "ghcr.io/you/mlp/", "localhost:5000", "127.0.0.1:5000/a", "reg:5000/x_y"]
)
def test_what_is_a_registry_is_taken(registry):
    assert check_registry(registry) == registry.rstrip("/")
