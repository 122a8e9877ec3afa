"""The API server takes every file of the manifests, as kubectl applies them."""

import pytest

from tests.cluster.control_plane import MANIFESTS, ControlPlane

NAMESPACE = "ml-platform"


@pytest.fixture(scope="module")
def kubectl(plane: ControlPlane):
    """Applies, in a cluster that has the namespace and the CRD."""
    plane.kubectl("apply", "--server-side", "-f", str(MANIFESTS / "namespace.yaml"))
    return plane.kubectl


@pytest.mark.parametrize("folder", ["", "overlays/nodeports"])
def test_the_server_takes_a_kustomization(kubectl, folder):
    # Other tests of this server may have patched the definition.
    forced = ("--server-side", "--force-conflicts", "--dry-run=server")
    said = kubectl("apply", *forced, "-k", str(MANIFESTS / folder))
    assert "serverside-applied" in said.stdout
    assert "Warning" not in said.stderr  # of a pod that is not restricted


def test_the_server_takes_the_examples(kubectl):
    for name in ("iris-model", "churn-model", "ingress"):
        file = MANIFESTS / "examples" / f"{name}.yaml"
        said = kubectl("apply", "--server-side", "--dry-run=server", "-f", str(file))
        assert "serverside-applied" in said.stdout
