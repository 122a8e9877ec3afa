"""What every object of the manifests keeps to."""

import re
import shutil
import subprocess

import pytest
import yaml

from mlp import __version__
from tests.manifests.network import matches
from tests.manifests.objects import MANIFESTS, containers, every, files, identity, kustomized, of_kind, templates

TEMPLATES = templates()
OVERLAY = MANIFESTS / "overlays" / "nodeports"
KUSTOMIZED = [OVERLAY, MANIFESTS / "monitoring"]
SECRETS = {
    "postgresql-credentials": {"password"},
    "minio-credentials": {"access-key", "secret-key"},
    "registry-admin-token": {"token"},
    "registry-read-token": {"token"},
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_pod_is_restricted(name):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a read-only root."""
    spec = TEMPLATES[name]["spec"]
    pod = spec["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] > 0
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    kinds = {kind for volume in spec.get("volumes", ()) for kind in volume if kind != "name"}
    assert kinds <= {"emptyDir", "secret", "configMap", "projected", "persistentVolumeClaim"}
    for container in containers(TEMPLATES[name]):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in context
        assert not [port for port in container.get("ports", ()) if "hostPort" in port]


def test_the_namespace_enforces_it():
    (namespace,) = of_kind("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_pod_has_probes_resources_and_an_account_of_its_own(name):
    spec = TEMPLATES[name]["spec"]
    assert spec["serviceAccountName"] == name
    assert spec["enableServiceLinks"] is False
    for container in containers(TEMPLATES[name]):
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert {"cpu", "memory"} <= set(container["resources"]["limits"])
        assert container["imagePullPolicy"] == "IfNotPresent"


def test_only_the_operator_holds_a_token_of_the_cluster():
    mounting = {name for name, pod in TEMPLATES.items() if pod["spec"].get("automountServiceAccountToken") is not False}
    assert mounting == {"ml-operator"}


def images() -> set[str]:
    used = {container["image"] for template in TEMPLATES.values() for container in containers(template)}
    named = {v["value"] for t in TEMPLATES.values() for c in containers(t) for v in c["env"] if "IMAGE" in v["name"]}
    return used | named


def test_our_images_have_the_version_and_those_of_others_an_exact_tag():
    ours = {image for image in images() if image.startswith("ml-platform/")}
    assert ours == {f"ml-platform/{name}:{__version__}" for name in ("api", "inference-server", "operator")}
    others = images() - ours
    assert others
    for image in others:
        assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+/[a-z0-9/-]+:[\w.-]*\d[\w.-]*", image), image


def test_no_file_holds_a_credential():
    assert not of_kind("Secret")
    suspicious = re.compile(r"password|secret|token|access.?key|credential", re.IGNORECASE)
    for name, template in TEMPLATES.items():
        for container in containers(template):
            for variable in container.get("env", ()):
                if suspicious.search(variable["name"]):
                    assert variable["name"].endswith("_FILE"), (name, variable)
                    assert variable["value"].startswith("/var/run/secrets/")
    for path in files():
        assert not re.search(r"://[^/\s\"]*:[^/\s\"@]*@", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_secrets_that_pods_mount_are_those_that_are_documented(name):
    template = TEMPLATES[name]
    volumes = {v["name"]: v["secret"]["secretName"] for v in template["spec"].get("volumes", ()) if "secret" in v}
    mounts = {
        m["mountPath"]: volumes[m["name"]]
        for c in containers(template)
        for m in c["volumeMounts"]
        if m["name"] in volumes
    }
    assert set(volumes.values()) <= set(SECRETS)
    for container in containers(template):
        for variable in container.get("env", ()):
            folder, _, key = str(variable.get("value", "")).rpartition("/")
            if variable["name"].endswith("_FILE") and folder.startswith("/var/run/secrets"):
                assert key in SECRETS[mounts[folder]], variable


@pytest.mark.parametrize("service", of_kind("Service"), ids=lambda service: service["metadata"]["name"])
def test_a_service_finds_pods_that_have_its_port(service):
    found = [
        t for t in TEMPLATES.values() if matches({"matchLabels": service["spec"]["selector"]}, t["metadata"]["labels"])
    ]
    assert len(found) == 1
    named = {port["name"]: port["containerPort"] for container in containers(found[0]) for port in container["ports"]}
    for port in service["spec"]["ports"]:
        assert named[port["targetPort"]] == port["port"]


def test_workloads_select_their_own_pods():
    for obj in every():
        if obj["kind"] in ("Deployment", "StatefulSet"):
            assert matches(obj["spec"]["selector"], obj["spec"]["template"]["metadata"]["labels"])
            assert obj["metadata"]["labels"]["app.kubernetes.io/part-of"] == "mlp"
        if obj["kind"] == "StatefulSet":
            assert obj["spec"]["serviceName"] in {s["metadata"]["name"] for s in of_kind("Service")}


def test_the_names_that_users_type_are_there():
    ports = {s["metadata"]["name"]: {p["port"] for p in s["spec"]["ports"]} for s in of_kind("Service")}
    assert ports["model-registry-service"] == {8000}
    assert ports["minio-console-external"] == {9001}
    assert {"postgresql", "minio"} <= set(ports)
    nodes = {p["nodePort"] for s in of_kind("Service", kustomized(OVERLAY)) for p in s["spec"]["ports"]}
    assert nodes == {30800, 30901}
    assert TEMPLATES["ml-operator"]["metadata"]["labels"]["app"] == "ml-operator"


def test_objects_are_in_the_namespace_and_of_one_name():
    objects = [obj for obj in every() if obj["kind"] not in ("Namespace", "CustomResourceDefinition")]
    assert {obj["metadata"].get("namespace") for obj in objects} == {"ml-platform"}
    identities = [identity(obj) for obj in every()]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("folder", [MANIFESTS, *KUSTOMIZED], ids=lambda folder: folder.name)
def test_kubectl_kustomize_gives_the_same_objects(folder):
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=True).stdout
    given = {identity(obj): obj for obj in yaml.safe_load_all(made)}
    assert given == {identity(obj): obj for obj in kustomized(folder)}
