"""What is used of Kubernetes' official client: credentials, and the connections that are made with them.

Its packages import a class for each kind of object that Kubernetes has: 860 modules, 66 MiB of memory and seconds of
start, for nothing here. Two of them are entered without being run while the parts that are used are imported. Those
are this module's alone from then on: whoever imports the client later gets one of his own, and whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from types import ModuleType

_PACKAGE, _CLIENT = "kubernetes", "kubernetes.client"


@contextmanager
def _entered() -> Iterator[None]:
    if _PACKAGE in sys.modules:
        yield  # somebody has imported it all
        return
    _enter(_PACKAGE)
    client = _enter(_CLIENT)
    try:
        from kubernetes.client.configuration import Configuration

        vars(client).update(Configuration=Configuration, ApiClient=None)  # kubernetes.config asks for these two
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]


def _enter(package: str) -> ModuleType:
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    module = sys.modules[package] = module_from_spec(spec)
    return module


with _entered():
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import RESTClientObject
    from kubernetes.config import ConfigException, list_kube_config_contexts, load_incluster_config, load_kube_config
    from kubernetes.config.incluster_config import SERVICE_TOKEN_FILENAME

__all__ = [
    "SERVICE_TOKEN_FILENAME",
    "ConfigException",
    "Configuration",
    "RESTClientObject",
    "list_kube_config_contexts",
    "load_incluster_config",
    "load_kube_config",
]
