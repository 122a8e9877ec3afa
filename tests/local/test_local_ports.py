"""Which ports an agent takes."""

import os
import re
import socket

import pytest

from mlp.errors import Conflict
from mlp.local.occupant import taken_by
from mlp.local.ports import Ports, listen
from mlp.local.settings import Settings

BEFORE = {"version": "0.1.0", "pid": 1, "started_at": "2026-01-01T00:00:00Z"}
ELSEWHERE = {**BEFORE, "registry_port": 9000, "model_port": 9001}


@pytest.mark.parametrize(
    ("before", "settings", "ports"),
    [
        (None, {}, Ports(8000, 8001)),
        (BEFORE, {}, Ports(8000, 8001)),
        (ELSEWHERE, {}, Ports(9000, 9001)),
        (ELSEWHERE, {"MLP_REGISTRY_PORT": "7000"}, Ports(7000, 9001)),
    ],
)
def test_ports_are_those_of_the_settings_then_those_of_before(before, settings, ports, monkeypatch):
    for name in ("MLP_REGISTRY_PORT", "MLP_MODEL_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert Ports.chosen(Settings(), before) == ports


def test_who_has_a_port_is_named():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Conflict, match=f"port {port} is taken") as refused:
            listen(port)
        assert re.fullmatch(rf"port {port} is taken by \S+ \(pid {os.getpid()}\)", taken_by(port))
    assert refused.value.code == "port_taken"
    assert taken_by(port) == f"port {port} is taken by another program"
