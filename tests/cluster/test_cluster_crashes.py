"""An operator that is killed in the middle of its work."""

import pytest

from tests.cluster.operator_process import wait_for

NEW, AUTOSCALED, BACK = {}, {"autoscaling": {"enabled": True, "maxReplicas": 5}, "modelVersion": 2}, {"replicas": 2}
MOST_WRITES = 12


@pytest.fixture
def namespace(new_namespace):
    return new_namespace()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("turns", "writes"), [([NEW], 4), pytest.param([NEW, AUTOSCALED, BACK], 11, marks=pytest.mark.soak)]
)
def test_an_operator_that_is_killed_after_any_single_write_leaves_what_the_next_one_completes(
    namespace, proxy, start_behind, turns, writes
):
    deaths = 0
    for spec in turns:
        namespace.deploy("fragile", **spec)
        deaths += die_at_every_write(namespace, proxy, start_behind)
        model, live = namespace.model("fragile"), namespace.deployment("fragile")
        assert model["status"]["observedGeneration"] == model["metadata"]["generation"]
        assert live["spec"]["template"]["metadata"]["labels"]["model-version"] == str(spec.get("modelVersion", 1))
        assert namespace.is_converged("fragile")
    assert live["spec"]["replicas"] == turns[-1].get("replicas", 1)
    assert deaths >= writes


def die_at_every_write(namespace, proxy, start_behind):
    """Kill one operator after the other, each after its first write, until one has nothing to write; count them."""
    for deaths in range(MOST_WRITES):
        operator = start_behind(namespace)
        killed = []

        def kill(_method, path, operator=operator, killed=killed):
            if "/events" not in path and not killed:
                killed.append(path)
                operator.kill()

        proxy.wrote = kill
        wait_for(lambda o=operator, k=killed: k or (o.leads() and is_told(namespace)), "a write, or none to do")
        operator.stop()  # a write that the server has taken, and the proxy not yet told of, ends before
        proxy.wrote = lambda _method, _path: None
        if not killed:
            return deaths
        namespace.kubectl("delete", "lease", "ml-operator")  # so that the next one need not wait for its end
    raise AssertionError("it never came to an end")


def is_told(namespace):
    """Whether the status, which is written last, speaks of the present spec."""
    model = namespace.model("fragile")
    return (model.get("status") or {}).get("observedGeneration") == model["metadata"]["generation"]
