"""What `mlp status` says of a deployment."""

import pytest

from mlp.cli.overview import deployment_lines, deployment_table, platform_table
from mlp.targets import Platform

SERVED = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "servedVersion": 3}
GONE = {"replicas": 0, "readyReplicas": 0, "availableReplicas": 0, "servedVersion": 3}


def deployed(status):
    return {"metadata": {"name": "iris"}, "spec": {"modelName": "iris", "modelVersion": 4}, "status": status}


@pytest.mark.parametrize(("status", "serves"), [(SERVED, "3"), (GONE, "-"), (None, "-")])
def test_it_serves_what_answers_now_and_not_what_answered_last(status, serves):
    table = str(deployment_table(deployed(status))).splitlines()
    assert table[1].split()[table[0].split().index("SERVES")] == serves
    assert f"serves {serves.replace('-', 'nothing')}" in deployment_lines([deployed(status)])[0]


@pytest.mark.parametrize(
    ("ready", "processes", "state"),
    [
        (True, [{"name": "registry", "message": "an earlier failure"}], "ready"),
        (False, [{"name": "registry", "message": "the disk is full"}], "not ready: the disk is full"),
        (False, [{"name": "registry", "message": ""}, {"name": "iris", "message": "another's"}], "not ready"),
        (False, [], "not ready"),
    ],
)
def test_a_registry_that_is_not_ready_is_told_with_what_keeps_it(ready, processes, state):
    shown = platform_table(Platform("local", "/home", "http://127.0.0.1:8000", ready, processes, []))
    assert str(shown).splitlines()[0] == f"registry   http://127.0.0.1:8000   {state}"
