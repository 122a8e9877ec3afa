"""A real Kubernetes control plane of the tests' own: etcd and kube-apiserver, on free ports and in a folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ASSETS = Path(os.environ.get("KUBEBUILDER_ASSETS", "/usr/local/kubebuilder/bin"))
MANIFESTS = Path(__file__).parents[2] / "manifests"
NEEDED = ("etcd", "kube-apiserver")
ADMIN, MANAGER = "admin-token", "manager-token"
OPERATORS = ("operator-token", "other-operator-token")
AUDIT = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch, delete, list]
  users: ["system:serviceaccount:ml-platform:ml-operator"]
- {level: None}
"""


def what_is_missing(*more: str) -> str | None:
    """Say what keeps a control plane from starting, or nothing."""
    missing = [name for name in (*NEEDED, *more) if not (ASSETS / name).exists()]
    tools = [tool for tool in ("kubectl", "openssl") if shutil.which(tool) is None]
    return f"not found: {', '.join([*(str(ASSETS / name) for name in missing), *tools])}" if missing or tools else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end(process: subprocess.Popen, patience: float = 5) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class ControlPlane:
    """The processes, and how to speak to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.etcd_port = free_port(), free_port()
        self.etcd: subprocess.Popen | None = None
        self.server: subprocess.Popen | None = None
        self.kubeconfig = self.kubeconfig_for(ADMIN)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    def kubeconfig_for(self, token: str, server: str | None = None) -> Path:
        """Write a kubeconfig for a user, by way of a proxy if one is named."""
        path = self.folder / f"{token}{len(list(self.folder.glob('*.kubeconfig')))}.kubeconfig"
        authority = self.folder / "certificates" / "apiserver.crt"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [
                {"name": "test", "cluster": {"server": server or self.url, "certificate-authority": str(authority)}}
            ],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        path.write_text(json.dumps(config))
        return path

    def start(self) -> None:
        self._write_keys()
        self.start_etcd()
        self.start_server()

    def install_crd(self) -> None:
        self.kubectl("apply", "--server-side", "-f", str(MANIFESTS / "model-deployment-crd.yaml"))
        self.kubectl("wait", "--for=condition=Established", "crd/modeldeployments.ml.example.com", "--timeout=20s")

    def start_etcd(self) -> None:
        peer = free_port()
        self.etcd = self._start(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{self.etcd_port}",
            f"--advertise-client-urls=http://127.0.0.1:{self.etcd_port}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
        )
        self._wait(lambda: self._answers(f"http://127.0.0.1:{self.etcd_port}/health"), "etcd")

    def start_server(self, *more: str) -> None:
        self.server = self._start(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--cert-dir={self.folder / 'certificates'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            f"--service-account-key-file={self.folder / 'sa.pub'}",
            f"--service-account-signing-key-file={self.folder / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            f"--audit-log-path={self.audit_log}",
            f"--audit-policy-file={self.folder / 'audit.yaml'}",
            "--shutdown-delay-duration=0s",
            *more,
        )
        self._wait(lambda: self.kubectl("get", "--raw", "/readyz", check=False).stdout == "ok", "kube-apiserver")

    def stop_server(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.server.wait()

    def stop(self) -> None:
        for process in (self.server, self.etcd):
            if process is not None:
                process.kill()
                process.wait()

    @contextmanager
    def controller_manager(self) -> Iterator[None]:
        """Kubernetes' own controllers: they collect garbage, make ReplicaSets and pods."""
        process = self._start(
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig_for(MANAGER)}",
            f"--service-account-private-key-file={self.folder / 'sa.key'}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
            f"--cert-dir={self.folder / 'manager-certificates'}",
            "--controllers=deployment-controller,replicaset-controller,garbage-collector-controller,"
            "disruption-controller,resourcequota-controller,namespace-controller",
        )
        try:
            yield
        finally:
            end(process)

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            ["kubectl", f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.folder / 'kubectl'}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not check or ran.returncode == 0, f"kubectl {' '.join(arguments)}: {ran.stdout}{ran.stderr}"
        return ran

    def compact(self) -> None:
        """Make etcd, and with it every watch that has fallen behind, forget the past."""
        body = json.dumps({"revision": str(self._revision()), "physical": True}).encode()
        self._etcd("/v3/kv/compaction", body)

    def _revision(self) -> int:
        return int(self._etcd("/v3/kv/range", b'{"key": "AA=="}')["header"]["revision"])

    def _etcd(self, path: str, body: bytes) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.etcd_port}{path}", data=body, timeout=10) as answer:
            return json.load(answer)

    def _start(self, name: str, *arguments: str) -> subprocess.Popen:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen([str(ASSETS / name), *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def _write_keys(self) -> None:
        key, public = self.folder / "sa.key", self.folder / "sa.pub"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
        users = [f"{ADMIN},admin,admin,system:masters", f"{MANAGER},manager,manager,system:masters"]
        users += [
            f"{token},system:serviceaccount:{account},{number},system:serviceaccounts"
            for number, (token, account) in enumerate(zip(OPERATORS, ("ml-platform:ml-operator",) * 2, strict=True))
        ]
        (self.folder / "tokens.csv").write_text("\n".join(users) + "\n")
        (self.folder / "audit.yaml").write_text(AUDIT)

    def _wait(self, condition, what: str, seconds: float = 60) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up, f"{what} did not start; its log: {self._tail(what)}"
            time.sleep(0.1)

    def _tail(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-2_000:]

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def control_plane(prefix: str) -> Iterator[ControlPlane]:
    """Start one in a folder of its own, and end it; the test is skipped where that cannot be."""
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(f"no control plane: {missing}")
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    plane = ControlPlane(folder)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
        shutil.rmtree(folder)
