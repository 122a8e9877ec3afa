"""A cluster that runs containers, a registry beside it, and images to run: what MLP_TEST_KUBECONFIG names.

MLP_TEST_KUBECONFIG       the cluster; without it the tests that need containers are skipped
MLP_TEST_INFERENCE_IMAGE  an image of the inference server that the cluster has
MLP_TEST_LOAD_IMAGE       a command that copies an image of Docker into the cluster; none is needed where they share
MLP_TEST_HOST             this machine's address as pods see it; by default the first node's
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mlp import __version__
from mlp.api.model import version_digest
from mlp.client.registry import RegistryClient
from mlp.kube.connection import Connection, connect
from tests.cluster.control_plane import MANIFESTS
from tests.cluster.namespace import Namespace, make_namespace
from tests.registry.registry_process import Registry
from tests.registry.sample_models import Sample

IMAGE = os.environ.get("MLP_TEST_INFERENCE_IMAGE", f"ml-platform/inference-server:{__version__}")
ADMIN_TOKEN, READ_TOKEN = "a" * 40, "r" * 40


def what_is_missing() -> str | None:
    """Say what keeps the tests from running containers, or nothing."""
    if "MLP_TEST_KUBECONFIG" not in os.environ:
        return "set MLP_TEST_KUBECONFIG to a cluster that runs containers"
    tools = [tool for tool in ("kubectl", "docker") if shutil.which(tool) is None]
    return f"not found: {', '.join(tools)}" if tools else None


class Node:
    """The cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kubeconfig = Path(os.environ["MLP_TEST_KUBECONFIG"])
        self.admin: Connection = connect(self.kubeconfig)
        crd = ("crd", "modeldeployments.ml.example.com")
        if self.kubectl("get", *crd, check=False).returncode != 0:  # a platform that runs there keeps its own
            self.kubectl("apply", "--server-side", "-f", str(MANIFESTS / "model-deployment-crd.yaml"))
        self.kubectl("wait", "--for=condition=Established", "/".join(crd), "--timeout=60s")

    @property
    def host(self) -> str:
        """This machine's address as pods see it."""
        address = "{.items[0].status.addresses[?(@.type=='InternalIP')].address}"
        return os.environ.get("MLP_TEST_HOST") or self.kubectl("get", "nodes", "-o", f"jsonpath={address}").stdout

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        command = ["kubectl", f"--kubeconfig={self.kubeconfig}", *arguments]
        ran = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
        assert not check or ran.returncode == 0, f"kubectl {' '.join(arguments)}: {ran.stdout}{ran.stderr}"
        return ran

    def namespace(self, name: str) -> Namespace:
        """Make a namespace that admits nothing but restricted pods, with the registry's token in it."""
        made = make_namespace(self, self.admin, name)
        self.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        made.kubectl("create", "secret", "generic", "registry-read-token", f"--from-literal=token={READ_TOKEN}")
        return made

    def operator_kubeconfig(self, namespace: Namespace) -> Path:
        """Write a kubeconfig with the credentials of the namespace's service account `ml-operator`."""
        config = json.loads(self.kubectl("config", "view", "--raw", "--minify", "-o", "json").stdout)
        token = namespace.kubectl("create", "token", "ml-operator", "--duration=1h").stdout.strip()
        config["users"][0]["user"] = {"token": token}
        path = self.folder / f"{namespace.name}.kubeconfig"
        path.write_text(json.dumps(config))
        return path


def image_of(name: str, *command: str) -> str:
    """Make an image that runs `command` in place of the inference server, and let the cluster have it."""
    tag = f"mlp-test/{name}:1"
    recipe = f"FROM {IMAGE}\nENTRYPOINT {json.dumps(command)}\n"
    _run(["docker", "build", "--tag", tag, "-"], stdin=recipe)
    load = os.environ.get("MLP_TEST_LOAD_IMAGE")
    if load:
        _run([*shlex.split(load), tag])
    return tag


class GuardedRegistry:
    """A registry process that pods reach, and that asks for tokens."""

    def __init__(self, folder: Path) -> None:
        self.admin_file, self.read_file = folder / "admin.token", folder / "read.token"
        self.admin_file.write_text(ADMIN_TOKEN)
        self.read_file.write_text(READ_TOKEN)
        settings = {
            "MLP_REGISTRY_HOST": "0.0.0.0",
            "MLP_REGISTRY_ADMIN_TOKEN_FILE": str(self.admin_file),
            "MLP_REGISTRY_READ_TOKEN_FILE": str(self.read_file),
        }
        self.process = Registry(folder / "registry", settings=settings).start()

    @property
    def url(self) -> str:
        return self.process.url

    def push(self, name: str, sample: Sample) -> int:
        """Register a model; return its version."""
        with RegistryClient(self.url, token_file=self.admin_file) as client:
            return client.push(name, sample.manifest, sample.onnx).version.version

    def falsify(self, name: str, number: int) -> None:
        """Rewrite the golden answers of a version in the database, as if another machine had computed them."""
        with RegistryClient(self.url, token_file=self.admin_file) as client:
            known = client.version(name, number)
        assert known.receipt.golden is not None
        wrong = [float(answer) + 1 for answer in known.receipt.golden.predictions]
        receipt = known.receipt.model_copy(
            update={"golden": known.receipt.golden.model_copy(update={"predictions": tuple(wrong)})}
        )
        digest = version_digest(known.sha256, known.signature, receipt)
        with sqlite3.connect(self.process.data / "registry.db") as database:
            change = "UPDATE versions SET receipt = ?, digest = ? WHERE digest = ?"
            assert database.execute(change, (receipt.model_dump_json(), digest, known.digest)).rowcount == 1


def _run(command: Sequence[str], stdin: str | None = None) -> None:
    ran = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, f"{' '.join(command)}: {ran.stdout}{ran.stderr}"
