"""A registry that asks for tokens, and those that come as files."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
from registry_process import Registry

from mlp.api.token import Scope

ADMIN = "admin-" + "a" * 40
READ = "read-" + "r" * 40


def guarded(folder: Path, **settings: str) -> Registry:
    """Return a registry on a folder, not yet started, that asks for one of these tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {}
    for setting, token in {"ADMIN": ADMIN, "READ": READ}.items():
        file = folder / f"{setting.lower()}.token"
        file.write_text(token + "\n", "ascii")
        named[f"MLP_REGISTRY_{setting}_TOKEN_FILE"] = str(file)
    return Registry(folder / "registry", settings=named | settings)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def http_as(registry: Registry, token: str | None) -> httpx.Client:
    return httpx.Client(base_url=registry.url, timeout=30, headers={} if token is None else bearer(token))


def make_token(http: httpx.Client, name: str, scope: Scope, **options: object) -> str:
    made = http.post("/tokens", json={"name": name, "scope": scope, **options})
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
