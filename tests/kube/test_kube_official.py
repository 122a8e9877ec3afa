"""The official client is used in part, and stays whole for everybody else."""

import subprocess
import sys

SCRIPT = """if True:
    import sys
    import mlp.kube.connection
    assert not [name for name in sys.modules if name.startswith("kubernetes")]
    import kubernetes
    kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(kubernetes.client.configuration.Configuration()))
    kubernetes.config.load_kube_config
"""


def test_none_of_its_models_are_imported_and_who_wants_them_gets_them():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60)
