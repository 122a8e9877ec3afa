"""`mlp webhook …`, against a registry."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from receiver import eventually, receiving
from registry_process import Registry
from sample_models import linear_model

from tests.forked import mlp_command


def mlp(registry: Registry, *arguments: str) -> subprocess.CompletedProcess[str]:
    return mlp_command("webhook", *arguments, MLP_REGISTRY_URL=registry.url)


def test_a_webhook_is_made_with_a_key_and_looked_at(make_registry: Any, tmp_path: Path) -> None:
    registry: Registry = make_registry(settings={"MLP_REGISTRY_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    key = tmp_path / "hook.key"
    refused = mlp(registry, "create", "http://localhost/", "--event", "alias.set", "--secret-file", str(key))
    assert (refused.returncode, "MLP5701" in refused.stderr, key.exists()) == (2, True, False)
    with receiving(statuses=[410]) as receiver:
        made = mlp(registry, "create", receiver.url, "--event", "version.created", "--secret-file", str(key))
        assert made.returncode == 0, made.stderr
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.read_text("ascii").strip() not in made.stdout + made.stderr
        with registry.client() as client, registry.catalog() as catalog:
            sample = linear_model(1)
            client.push("iris", sample.manifest, sample.onnx)
            eventually(lambda: [each for each in catalog.deliveries(1) if each["state"] != "waiting"], "end")
    told = mlp(registry, "deliveries", "1", "--state", "failed").stdout.splitlines()
    assert [line.split()[:2] for line in told] == [["EVENT", "STATE"], ["version.created", "failed"]]
    assert "HTTP 410" in told[1]
    gone = mlp(registry, "rm", "1", "-o", "json")
    assert json.loads(gone.stdout) == {"id": 1, "deleted": True}
