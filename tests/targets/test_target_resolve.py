import json

import pytest

from mlp.errors import Invalid, NotFound, Precondition, Refused
from mlp.targets import ClusterOptions, resolve_target


def test_the_flag_wins_over_the_setting(home):
    assert resolve_target("local", "kubernetes", home.root).name == "local"


def test_the_setting_names_the_target(home):
    target = resolve_target(None, "local", home.root)
    assert target.describe() == f"local ({home.root})"


def test_a_platform_that_runs_here_is_meant_when_nothing_is_named(running, home):
    assert resolve_target(None, None, home.root).platform().registry_ready


def test_without_any_hint_the_choices_are_listed(target, home):
    with pytest.raises(Precondition, match=r"--target local\|kubernetes") as failed:
        resolve_target(None, None, home.root)
    assert failed.value.code == "no_target"


def test_the_default_is_for_commands_that_start_something(target, home):
    assert resolve_target(None, None, home.root, default="local").name == "local"


def test_kubernetes_needs_a_kubeconfig(home):
    with pytest.raises(Precondition) as failed:
        resolve_target(None, "kubernetes", home.root, default="local")
    assert failed.value.code == "no_cluster"


def kubeconfig(folder, monkeypatch, current):
    context = {"cluster": "c", "user": "u"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": name, "context": context} for name in ("kind-dev", "production")],
        "current-context": current,
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(document))
    monkeypatch.setenv("KUBECONFIG", str(file))


def test_the_current_context_is_used_unasked_only_if_it_is_of_this_machine(home, tmp_path, monkeypatch):
    kubeconfig(tmp_path, monkeypatch, "kind-dev")
    assert "kind-dev" in resolve_target("kubernetes", None, home.root).describe()
    kubeconfig(tmp_path, monkeypatch, "production")
    with pytest.raises(Refused, match="production"):
        resolve_target("kubernetes", None, home.root)


def test_a_context_that_is_named_is_used_whatever_it_is(home, tmp_path, monkeypatch):
    kubeconfig(tmp_path, monkeypatch, "kind-dev")
    target = resolve_target(None, None, home.root, cluster=ClusterOptions(context="production"))
    assert "production" in target.describe()


def test_an_unknown_context_is_refused_with_the_names_that_there_are(home, tmp_path, monkeypatch):
    kubeconfig(tmp_path, monkeypatch, "kind-dev")
    with pytest.raises(NotFound, match="kind-dev, production"):
        resolve_target(None, None, home.root, cluster=ClusterOptions(context="prodution"))


def test_a_local_cluster_that_does_not_answer_is_not_chosen(home, tmp_path, monkeypatch):
    kubeconfig(tmp_path, monkeypatch, "kind-dev")
    with pytest.raises(Precondition) as failed:
        resolve_target(None, None, home.root)
    assert failed.value.code == "no_target"


def test_flags_for_a_cluster_are_refused_on_one_machine(home):
    for options in (ClusterOptions(context="x"), ClusterOptions(s3_endpoint="https://s3")):
        with pytest.raises(Invalid, match="is for a cluster"):
            resolve_target("local", None, home.root, cluster=options)


def test_an_unknown_target_is_invalid(home):
    with pytest.raises(Invalid) as failed:
        resolve_target("cloud", None, home.root)
    assert failed.value.code == "unknown_target"


def test_a_path_without_room_for_a_socket_is_refused_at_once(tmp_path):
    with pytest.raises(Precondition) as failed:
        resolve_target("local", None, tmp_path / ("x" * 100))
    assert failed.value.code == "home_path_too_long"
