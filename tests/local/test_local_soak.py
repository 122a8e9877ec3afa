"""Agents that come and go again and again: `make soak`."""

import signal

import pytest

from mlp.api.deployment import ModelDeployment, ObjectMeta, Spec

RESTARTS = 20


def deployment(version) -> ModelDeployment:
    return ModelDeployment(metadata=ObjectMeta(name="iris"), spec=Spec(model_name="iris", model_version=version))


@pytest.mark.soak
def test_no_request_fails_while_agents_are_killed_and_leave_and_versions_switch(running):
    port = int(running.deploy(deployment(1)).status.url.rpartition(":")[2])
    with running.callers(port, 8) as callers:
        for number in range(RESTARTS):
            if number % 2:
                running.kill_agent()
            else:
                running.agent.send_signal(signal.SIGTERM)
                assert running.agent.wait(20) == 0
            callers.more()
            before = running.records("iris")
            running.up()
            assert set(running.records("iris")) <= set(before)
            running.deploy(deployment(number + 2))
        # The version before it may answer until it has drained.
        running.until(lambda: callers.answers[-1] == RESTARTS + 1)
    assert callers.failures == []
    assert len(callers.answers) > 5_000
