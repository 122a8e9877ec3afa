"""What is used of Kubernetes' official client: credentials, and the connections that are made with them.

Its packages import a class for each kind of object that Kubernetes has: 860 modules, 66 MiB of memory and seconds of
start, for nothing here. Two of them are entered without being run while the parts that are used are imported. Those
are this module's alone from then on: whoever imports the client later gets one of his own, and whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

import yaml

from mlp.errors import Precondition

_PACKAGE, _CLIENT = "kubernetes", "kubernetes.client"
_SELDOM = ("requests", "requests.utils", "requests_oauthlib")
"""What is imported there for proxies with exceptions, and for logins of a kind that kubectl no longer has."""


class _Later(ModuleType):
    """Stands for a module of which functions and classes are called, and imports it when one is."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def called(*args: Any, **options: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*args, **options)

        return called


class _LaterPackage(ModuleType):
    """Stands for a package, and imports its modules when they are asked for."""

    def __getattr__(self, name: str) -> ModuleType:
        if name.startswith("__"):
            raise AttributeError(name)
        return import_module(f"{self.__name__}.{name}")


@contextmanager
def _spared() -> Iterator[None]:
    """Let the seldom modules be imported without being run, those that nobody has imported yet."""
    stand_ins: dict[str, ModuleType] = {name: _Later(name) for name in _SELDOM}
    stand_ins |= {"oauthlib": _LaterPackage("oauthlib"), "oauthlib.oauth2": ModuleType("oauthlib.oauth2")}
    missing = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(missing)
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


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


with _spared(), _entered():
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.rest import RESTClientObject
    from kubernetes.config import ConfigException, list_kube_config_contexts, load_incluster_config, load_kube_config
    from kubernetes.config.incluster_config import SERVICE_TOKEN_FILENAME

_MALFORMED = (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError)
"""How its reader fails at a file that is no kubeconfig."""


@contextmanager
def reading(files: str) -> Iterator[None]:
    """Raise Precondition (`no_cluster`) for what is wrong with the kubeconfig that is read meanwhile."""
    try:
        yield
    except (ConfigException, OSError) as error:
        raise Precondition(f"no cluster to speak to: {error}", code="no_cluster") from error
    except _MALFORMED as error:
        raise Precondition(f"no cluster to speak to: {files} is no kubeconfig", code="no_cluster") from error


__all__ = [
    "SERVICE_TOKEN_FILENAME",
    "ConfigException",
    "Configuration",
    "RESTClientObject",
    "list_kube_config_contexts",
    "load_incluster_config",
    "load_kube_config",
    "reading",
]
