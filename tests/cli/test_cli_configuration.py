"""Settings, where each comes from, and the contexts that may be used."""

from __future__ import annotations

import json

import pytest

from mlp.cli.redaction import redacted

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "kind-dev",
    "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "t"}}],
    "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("kind-dev", "production")],
}


@pytest.fixture
def kubeconfig(tmp_path, monkeypatch):
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", str(path))


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MLP_CONFIG", str(path))
    return path


def shown(mlp):
    return {each["name"]: each for each in json.loads(mlp("config", "view", "--show-origin", "-o", "json").out)}


def test_a_value_is_shown_with_its_variable_or_its_file_and_line(mlp, file, monkeypatch):
    file.write_text('# mine\nnamespace = "team"\ntarget = "local"\n')
    monkeypatch.setenv("MLP_REGISTRY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("MLP_TARGET", "kubernetes")
    values = shown(mlp)
    assert values["namespace"] == {"name": "namespace", "value": "team", "origin": f"{file}:2"}
    assert values["registry_url"]["origin"] == "MLP_REGISTRY_URL"
    assert (values["target"]["value"], values["target"]["origin"]) == ("kubernetes", "MLP_TARGET")
    assert values["container_engine"] == {"name": "container_engine", "value": None, "origin": None}


def test_a_setting_is_written_changed_and_removed_and_the_rest_stays(mlp, file):
    file.write_text('# mine\nnamespace = "team"\n')
    assert mlp("config", "set", "target", "local").code == 0
    assert mlp("config", "set", "namespace", "other").code == 0
    assert file.read_text() == '# mine\nnamespace = "other"\ntarget = "local"\n'
    assert mlp("config", "set", "namespace", "").code == 0
    assert file.read_text() == '# mine\ntarget = "local"\n'


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["config", "set", "namspace", "x"], 2, "did you mean namespace?"),
        (["config", "set", "target", "docker"], 2, "MLP0005"),
        (["context", "use", "nope"], 5, "kind-dev, production"),
        (["context", "allow", "nope"], 5, "kind-dev, production"),
    ],
)
def test_what_is_no_setting_or_no_context_is_refused(mlp, file, kubeconfig, arguments, code, words):
    ran = mlp(*arguments)
    assert ran.code == code
    assert words in ran.err
    assert not file.exists()


@pytest.mark.parametrize("text", ["target = ", "target = 3", "allowed_contexts = 'x'", "\x00"])
def test_a_broken_file_is_named_in_two_lines(mlp, file, text):
    file.write_text(text)
    ran = mlp("status")
    assert ran.code == 3
    assert ran.err.startswith("✗ MLP0014")
    assert str(file) in ran.err
    assert ran.err.count("\n") == 2
    assert mlp("version").code == 0


def test_the_file_says_which_target_is_meant(mlp, file):
    file.write_text('target = "local"\n')
    assert "MLP1001" in mlp("status").err
    file.write_text('target = "nowhere"\n')
    assert "MLP0005" in mlp("status").err


def test_a_context_is_used_and_allowed(mlp, file, kubeconfig):
    assert mlp("context", "ls", "-o", "name").out.split() == ["kind-dev", "production"]
    assert "MLP0103" not in mlp("context", "use", "production").err
    refused = mlp("status", "--no-input")
    assert refused.code == 7
    assert "production" in refused.err
    assert mlp("context", "allow", "production").code == 0
    unreachable = mlp("status", "--no-input")
    assert unreachable.code == 1
    assert "does not answer" in unreachable.err
    rows = {each["name"]: each for each in json.loads(mlp("context", "ls", "-o", "json").out)}
    assert rows["production"]["used"]
    assert rows["production"]["allowed"]
    assert not rows["kind-dev"]["used"]
    assert mlp("context", "allow", "production", "--remove").code == 0
    assert mlp("context", "use", "local").code == 0
    assert file.read_text() == ""


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer SECRETsecret123",
        "postgresql://ann:SECRETsecret123@db:5432/mlp",
        "https://s3/x?X-Amz-Signature=SECRETsecret123&y=1",
        '{"password": "SECRETsecret123", "port": 1}',
        "MINIO_SECRET_KEY=SECRETsecret123",
        "api_key: SECRETsecret123",
        "token eyJhbGciOiJIUzI1NiJ9.SECRETsecret123.SECRETsecret123",
    ],
)
def test_what_nobody_else_may_see_is_taken_out(text):
    assert "SECRETsecret" not in redacted(text)
    assert "[hidden]" in redacted(text)


def test_what_is_no_secret_stays():
    text = "registry_token_file is /run/token, at http://127.0.0.1:8000/models?limit=2"
    assert redacted(text) == text
