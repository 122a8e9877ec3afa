"""What build logs, listings and nodes say is understood."""

import io
import json
import tarfile

import pytest

from mlp.errors import Denied, Failed, Precondition, Unavailable
from mlp.targets.images.build_log import BuildLog, step_of
from mlp.targets.images.cluster import ClusterKind, Machine, Node, cluster_of, node_of
from mlp.targets.images.engine_failure import build_failure, last_line, push_failure
from mlp.targets.images.identity import digests_of_archive, digests_within, full_name, listed_digest

MACHINE = Machine(host="laptop.lan", id="0123")


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Step 3/12 : RUN pip install   .", "3/12 RUN pip install ."),
        ("#7 [build 3/6] RUN pip install .", "build 3/6 RUN pip install ."),
        ("#9 [stage-1 2/3] COPY --from=build /opt/mlp /opt/mlp", "stage-1 2/3 COPY --from=build /opt/mlp /opt/mlp"),
        ("[1/2] STEP 4/8: COPY mlp mlp", "4/8 COPY mlp mlp"),
        ("STEP 4/8: COPY mlp mlp", "4/8 COPY mlp mlp"),
        ("#7 12.3 Collecting numpy", None),
        ("#1 [internal] load build definition from Dockerfile", None),
        (" ---> Using cache", None),
    ],
)
def test_a_step_is_recognised_whoever_builds(line, step):
    assert step_of(line) == step


def test_a_log_tells_each_step_once_and_keeps_its_end():
    log = BuildLog(keep=2)
    lines = ["#5 [build 1/2] RUN a", "#5 0.1 working", "", "#5 [build 1/2] RUN a", "#5 DONE 0.2s"]
    assert [log.take(line) for line in lines] == ["build 1/2 RUN a", None, None, None, None]
    assert log.tail == ["#5 [build 1/2] RUN a", "#5 DONE 0.2s"]


def test_a_long_step_is_cut():
    assert len(step_of(f"Step 1/1 : RUN {'x' * 200}")) < 70


@pytest.mark.parametrize(
    ("nodes", "kind", "name"),
    [
        ([Node("dev-control-plane", "kind://docker/dev/dev-control-plane")], ClusterKind.KIND, "dev"),
        ([Node("dev-worker", "kind://podman/dev/dev-worker"), Node("dev-control-plane")], ClusterKind.KIND, "dev"),
        ([Node("k3d-my-lab-server-0", "k3s://k3d-my-lab-server-0")], ClusterKind.K3D, "my-lab"),
        ([Node("lab", labels={"minikube.k8s.io/name": "lab"})], ClusterKind.MINIKUBE, "lab"),
        ([Node("laptop", runtime="containerd://1.7.2")], ClusterKind.CONTAINERD, "laptop"),
        ([Node("other", runtime="containerd://1.7.2", machine="0123")], ClusterKind.CONTAINERD, "other"),
    ],
)
def test_nodes_tell_the_kind_of_their_cluster(nodes, kind, name):
    cluster = cluster_of(nodes, MACHINE)
    assert (cluster.kind, cluster.name) == (kind, name)
    assert list(cluster.nodes) == sorted(node.name for node in nodes)


@pytest.mark.parametrize(
    "nodes",
    [
        [],
        [Node("ip-10-0-0-1", "aws:///eu-west-1a/i-0abc", "containerd://1.7.2")],
        [Node("laptop", runtime="cri-o://1.30")],
        [Node("laptop", runtime="containerd://1.7"), Node("desktop", runtime="containerd://1.7")],
    ],
)
def test_nodes_elsewhere_take_no_images(nodes):
    with pytest.raises(Precondition) as caught:
        cluster_of(nodes, MACHINE)
    assert caught.value.code == ("unknown_cluster_kind" if nodes else "no_nodes")


def test_a_machine_without_an_id_is_no_node_that_lacks_one_too():
    with pytest.raises(Precondition):
        cluster_of([Node("other", runtime="containerd://1.7")], Machine("laptop", ""))


def test_a_node_object_is_read_as_far_as_it_goes():
    assert node_of({"metadata": {"name": "a"}}) == Node("a")
    whole = {
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {"providerID": "kind://docker/a/b"},
        "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://2.1", "machineID": "9"}},
    }
    assert node_of(whole) == Node("a", "kind://docker/a/b", "containerd://2.1", "9", {"x": "y"})


def test_a_listing_gives_the_digest_of_exactly_that_image():
    listing = (
        "REF TYPE DIGEST SIZE PLATFORMS LABELS\n"
        "docker.io/ml-platform/api:0.1.0-rc1 application/x sha256:aa 5.0 MiB linux/amd64 -\n"
        "docker.io/ml-platform/api:0.1.0     application/x sha256:bb 5.0 MiB linux/amd64 a.b/c=d\n"
    )
    assert listed_digest(listing, "docker.io/ml-platform/api:0.1.0") == "sha256:bb"
    assert listed_digest(listing, "docker.io/ml-platform/api:0.2.0") is None


def test_digests_are_found_in_manifests_indexes_and_archives():
    assert digests_within({"config": {"digest": "sha256:c"}, "layers": [{"digest": "sha256:l"}]}) == {"sha256:c"}
    assert digests_within({"manifests": [{"digest": "sha256:m"}, {"digest": "sha256:n"}]}) == {"sha256:m", "sha256:n"}
    reference = "docker.io/ml-platform/api:1"
    named = {"io.containerd.image.name": reference}
    files = {
        "manifest.json": [
            {"Config": "blobs/sha256/cc", "RepoTags": ["ml-platform/api:1"]},
            {"Config": "dd.json", "RepoTags": None},
        ],
        "index.json": {"manifests": [{"digest": "sha256:mm", "annotations": named}, {"digest": "sha256:nn"}]},
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, document in files.items():
            body = json.dumps(document).encode()
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    buffer.seek(0)
    assert digests_of_archive(buffer) == {reference: {"sha256:cc", "sha256:mm"}}


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("ml-platform/api:1", "docker.io/ml-platform/api:1"),
        ("pause:3", "docker.io/library/pause:3"),
        ("localhost/a:1", "localhost/a:1"),
        ("reg:5000/a:1", "reg:5000/a:1"),
    ],
)
def test_a_short_name_means_docker_io(short, full):
    assert full_name(short) == full


def test_the_telling_line_is_not_the_one_about_help():
    assert last_line("ERROR: bad thing\nSee 'docker build --help'.\n-----\n") == "bad thing"
    assert last_line("") == "it gave no reason"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("The command '/bin/sh -c pip install' returned a non-zero code: 1", "image_build_failed"),
        ("write /x: no space left on device", "image_no_space"),
        ("pull access denied for python, repository does not exist or may require login", "base_image_missing"),
        ("python:3.12-slim: failed to do request: dial tcp: lookup host: no such host", "base_image_missing"),
        ("pip: Temporary failure in name resolution", "image_build_failed"),
    ],
)
def test_the_end_of_a_build_says_why_it_failed(said, code):
    failure = build_failure("ml-platform/api:1", "python:3.12-slim", ["Step 1/2 : FROM x", said])
    assert (type(failure), failure.code) == (Failed, code)
    assert said in failure.message


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("denied: requested access to the resource is denied", Denied, "image_push_denied"),
        ("unauthorized: authentication required", Denied, "image_push_denied"),
        ("dial tcp 10.0.0.1:443: connect: connection refused", Unavailable, "image_registry_unreachable"),
        ("received unexpected HTTP status: 500", Failed, "image_push_failed"),
    ],
)
def test_the_words_of_a_push_say_why_it_failed(said, kind, code):
    failure = push_failure("ghcr.io/you/ml-platform/api:1", said)
    assert (type(failure), failure.code) == (kind, code)
    assert "ghcr.io" in failure.message
