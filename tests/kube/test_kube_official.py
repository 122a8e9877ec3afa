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


SELDOM = """if True:
    import sys
    from mlp.kube import official
    assert not {name.partition(".")[0] for name in sys.modules} & {"requests", "oauthlib", "requests_oauthlib"}
    configuration = official.Configuration()
    configuration.host, configuration.proxy, configuration.no_proxy = "http://a.b", "http://proxy:1", "a.b"
    assert "Proxy" not in type(official.RESTClientObject(configuration).pool_manager).__name__
    configuration.no_proxy = "c.d"
    assert "Proxy" in type(official.RESTClientObject(configuration).pool_manager).__name__
    module = official.load_kube_config.__globals__
    assert issubclass(module["oauthlib"].oauth2.rfc6749.errors.InvalidClientIdError, Exception)
    assert module["OAuth2Session"](client_id="x").client_id == "x"
    import requests, oauthlib, requests_oauthlib
    assert requests.Session and oauthlib.__file__ and requests_oauthlib.OAuth2Session
"""


def test_what_is_seldom_needed_there_is_imported_when_it_is():
    subprocess.run([sys.executable, "-c", SELDOM], check=True, timeout=60)


def test_none_of_its_models_are_imported_and_who_wants_them_gets_them():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60)
