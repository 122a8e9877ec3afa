"""`mlp token …` against a registry that asks for tokens."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from guarded_registry import ADMIN, READ
from registry_process import Registry

from tests.forked import mlp_command


def mlp(registry: Registry, token: str | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the token in a file, as a user does."""
    settings = {"MLP_REGISTRY_URL": registry.url}
    if token is not None:
        file = registry.data.parent / f"{token[:5]}.user"
        file.write_text(token + "\n", "ascii")
        settings["MLP_REGISTRY_TOKEN_FILE"] = str(file)
    return mlp_command(*arguments, **settings)


def test_a_token_is_made_used_listed_and_revoked(guarded_registry: Registry) -> None:
    made = mlp(guarded_registry, ADMIN, "token", "create", "ci", "--scope", "write", "--expires", "90d")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert made.stdout == f"{token}\n"
    assert token.startswith("mlp_")
    assert token not in made.stderr
    assert "scope write" in made.stderr
    assert mlp(guarded_registry, token, "model", "ls").returncode == 0
    listed = mlp(guarded_registry, ADMIN, "token", "ls", "-o", "json")
    assert ("ci", "write") in [(each["name"], each["scope"]) for each in json.loads(listed.stdout)]
    assert token not in listed.stdout
    assert "ci" in mlp(guarded_registry, ADMIN, "token", "ls").stdout
    assert mlp(guarded_registry, ADMIN, "token", "revoke", "ci").returncode == 0
    refused = mlp(guarded_registry, token, "model", "ls")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "MLP5302" in refused.stderr
    assert token not in refused.stderr


def test_a_token_goes_to_a_new_file_for_its_owner_alone(guarded_registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "ci.token"
    create = ("token", "create", "filed", "--scope", "read", "--to")
    made = mlp(guarded_registry, ADMIN, *create, str(file), "-o", "yaml")
    assert made.returncode == 0, made.stderr
    token = file.read_text("ascii").strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert yaml.safe_load(made.stdout)["file"] == str(file)
    assert token not in made.stdout + made.stderr
    assert mlp(guarded_registry, token, "model", "ls").returncode == 0
    assert mlp(guarded_registry, ADMIN, *create, str(file)).returncode == 3
    assert file.read_text("ascii").strip() == token
    absent = tmp_path / "absent.token"
    taken = mlp(guarded_registry, ADMIN, *create, str(absent))
    assert (taken.returncode, absent.exists()) == (1, False)
    assert "MLP5305" in taken.stderr


@pytest.mark.parametrize(
    ("token", "arguments", "code", "said"),
    [
        (None, ("token", "ls"), 4, "MLP5301"),
        (READ, ("token", "ls"), 4, "MLP5304"),
        ("mlp_" + "z" * 43, ("model", "ls"), 4, "MLP5302"),
        ("two words", ("model", "ls"), 3, "MLP1204"),
        (ADMIN, ("token", "revoke", "nobody"), 5, "MLP5306"),
        (ADMIN, ("token", "revoke", "../models"), 2, "MLP5308"),
        (ADMIN, ("token", "create", "x"), 2, "--scope"),
        (ADMIN, ("token", "create", "x", "--scope", "root"), 2, "root"),
        (ADMIN, ("token", "create", "x", "--scope", "read", "--expires", "soon"), 2, "90d"),
        (ADMIN, ("token", "create", "x", "--scope", "read", "--expires", "0s"), 2, "1 second"),
        (ADMIN, ("token", "create", "x", "--scope", "read", "--expires", "99999999d"), 2, "10 years"),
        (ADMIN, ("token", "create", "anonymous", "--scope", "read"), 2, "MLP5307"),
    ],
)
def test_what_goes_wrong_is_told_with_its_fix(
    guarded_registry: Registry, token: str | None, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = mlp(guarded_registry, token, *arguments)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert said in ran.stderr
    assert token is None or token not in ran.stderr
