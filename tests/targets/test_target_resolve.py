import pytest

from mlp.errors import Invalid, Precondition
from mlp.targets import resolve_target


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


def test_kubernetes_is_known_and_not_available(home):
    with pytest.raises(Precondition) as failed:
        resolve_target(None, "kubernetes", home.root, default="local")
    assert failed.value.code == "target_not_available"


def test_an_unknown_target_is_invalid(home):
    with pytest.raises(Invalid) as failed:
        resolve_target("cloud", None, home.root)
    assert failed.value.code == "unknown_target"


def test_a_path_without_room_for_a_socket_is_refused_at_once(tmp_path):
    with pytest.raises(Precondition) as failed:
        resolve_target("local", None, tmp_path / ("x" * 100))
    assert failed.value.code == "home_path_too_long"
