"""Who is asked for a token, and where the first tokens come from."""

from __future__ import annotations

import ast
import base64
from pathlib import Path

import pytest
from guarded_registry import ADMIN, READ, bearer, guarded, http_as, wait_for
from registry_process import kill
from sample_models import code_of

from mlp.registry import access
from mlp.registry.access.bearer import PREFIX, new_token
from mlp.registry.access.memory import SECONDS, TokenMemory
from mlp.registry.service import tokens


def test_what_is_remembered_of_a_token_is_forgotten_within_seconds() -> None:
    now = 0.0
    memory = TokenMemory(clock=lambda: now)
    memory.remember("a", None, since=0.0)
    assert memory.recall("a") is not None
    now = SECONDS
    assert memory.recall("a") is None
    assert SECONDS <= 4
    for number in range(10_001):
        memory.remember(str(number), None, since=now)
    assert memory.recall("0") is None
    assert memory.recall("10000") is not None


def test_a_token_file_is_read_again_when_it_changes(make_registry, tmp_path) -> None:
    registry = guarded(tmp_path / "rotated").start()
    try:
        file = tmp_path / "rotated" / "read.token"
        with http_as(registry, READ) as http:
            assert http.get("/models").status_code == 200
            new = "new-" + "n" * 40
            replaced = file.with_suffix(".new")
            replaced.write_text(new, "ascii")
            replaced.replace(file)  # as a mounted Secret is
            wait_for(lambda: http.get("/models", headers=bearer(new)).status_code == 200)
            assert http.get("/models").status_code == 401
            file.write_text("short", "ascii")
            wait_for(lambda: http.get("/models", headers=bearer(new)).status_code == 401)
            file.unlink()
            assert http.get("/models", headers=bearer(ADMIN)).status_code == 200
        assert new not in registry.log()
    finally:
        kill(registry)


@pytest.mark.parametrize("content", [None, "", "\n", "short", "two words " * 10, "\xe9" * 40])
def test_a_file_without_a_token_ends_the_start_with_2(make_registry, tmp_path, content: str | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content, "utf-8")
    registry = make_registry(settings={"MLP_REGISTRY_ADMIN_TOKEN_FILE": str(file)})
    assert registry.launch() == 2
    last = registry.log_lines()[-1]
    assert last["code"] == "token_file_unusable"
    assert content is None or len(content) < 5 or content not in last["message"]


def test_a_registry_for_one_machine_makes_no_tokens(make_registry) -> None:
    with make_registry().start().http() as http:
        refused = http.post("/tokens", json={"name": "ci", "scope": "read"})
        assert (refused.status_code, code_of(refused)) == (409, "registry_open")
        assert http.get("/whoami").json()["name"] == "anonymous"
        assert http.get("/models", headers=bearer("x" * 40)).status_code == 200


def test_with_tokens_it_listens_beyond_loopback_and_names_of_hosts_are_a_setting(tmp_path) -> None:
    registry = guarded(tmp_path / "wide", MLP_REGISTRY_HOST="0.0.0.0", MLP_REGISTRY_ALLOWED_HOSTS="registry.example, b")
    try:
        registry.start()
        with http_as(registry, READ) as http:
            assert http.get("/models", headers={"Host": "REGISTRY.example:8000"}).status_code == 200
            refused = http.get("/models", headers={"Host": "evil.example"})
            assert (refused.status_code, code_of(refused)) == (421, "misdirected")
    finally:
        kill(registry)


def test_no_token_is_like_another() -> None:
    made = {new_token() for _ in range(1_000)}
    assert len(made) == 1_000
    secret = [base64.urlsafe_b64decode(token.removeprefix(PREFIX) + "=") for token in made]
    assert {len(each) for each in secret} == {32}
    assert all(len({each[place] for each in secret}) > 200 for place in range(32))


def test_hashes_are_compared_in_constant_time() -> None:
    """No `==` stands beside a hash or a token: how long it takes tells how much was guessed."""
    sources = [Path(access.__file__).parent, Path(tokens.__file__)]
    compared = []
    for source in (file for each in sources for file in (each.glob("*.py") if each.is_dir() else [each])):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Compare) and any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
                compared += [source.name for name in ("hash", "sha256", "token") if name in ast.unparse(node)]
    assert compared == []
