"""At most one operator writes, whatever happens to the one that leads."""

import json
import time

import pytest

from mlp.kube.resource import LEASES
from tests.cluster.control_plane import OPERATORS
from tests.cluster.operator_process import QUICK, wait_for

LEASE = float(QUICK["MLP_LEASE_SECONDS"])
RETRY = float(QUICK["MLP_RETRY_SECONDS"])


@pytest.fixture
def namespace(new_namespace):
    return new_namespace()


def test_another_operator_takes_over_from_one_that_was_killed(namespace, start):
    first = start(namespace).wait_until_leading()
    second = start(namespace)
    wait_for(lambda: "synced" in second.events(), "the second one is ready")
    first.kill()
    begin = time.monotonic()
    second.wait_until_leading(LEASE + 3 * RETRY + 5)
    assert time.monotonic() - begin < LEASE + 5
    namespace.deploy("after")
    wait_for(lambda: namespace.is_converged("after"), "the second one works")


def test_an_operator_that_is_told_to_end_hands_over_at_once(namespace, start):
    first = start(namespace).wait_until_leading()
    second = start(namespace)
    wait_for(lambda: "synced" in second.events(), "the second one is ready")
    assert not second.leads()
    begin = time.monotonic()
    first.stop()
    assert first.process.returncode == 0
    second.wait_until_leading()
    assert time.monotonic() - begin < LEASE


def test_a_leader_that_is_cut_off_ends_before_its_lease_and_nobody_writes_without_one(
    namespace, plane, proxy, start, start_behind
):
    first = start_behind(namespace, MLP_RESYNC_SECONDS="0.05").wait_until_leading()
    second = start(namespace, kubeconfig=plane.kubeconfig_for(OPERATORS[1]))
    for number in range(3):
        namespace.deploy(f"m{number}")
    wait_for(lambda: all(namespace.is_converged(f"m{n}") for n in range(3)), "three deployments")
    proxy.stall()
    begin = time.monotonic()
    namespace.deploy("m3")
    assert first.process.wait(LEASE + 5) == 4
    assert time.monotonic() - begin < LEASE
    second.wait_until_leading(LEASE + 10)
    wait_for(lambda: namespace.is_converged("m3"), "the other one works")
    assert_every_write_was_the_holders(plane, namespace)


def assert_every_write_was_the_holders(plane, namespace):
    """Read the audit log: after another one took the Lease, the first one wrote nothing more."""
    lines = [json.loads(line) for line in plane.audit_log.read_text().splitlines()]
    mine = [line for line in lines if line.get("objectRef", {}).get("namespace") == namespace.name]
    writers = [
        (line["requestReceivedTimestamp"], line["sourceIPs"], line["user"]["uid"], line["objectRef"]["resource"])
        for line in mine
        if line["user"]["username"].endswith("ml-operator") and line["responseStatus"]["code"] < 300
    ]
    taken = min(at for at, _, uid, resource in writers if uid == "1" and resource == "leases")
    assert [each for each in writers if each[2] == "0" and each[0] > taken] == []
    assert any(uid == "1" and resource == "deployments" for _, _, uid, resource in writers)


def test_the_lease_says_who_leads(namespace, start):
    start(namespace).wait_until_leading()
    spec = namespace.client.get(LEASES, namespace.name, "ml-operator")["spec"]
    assert spec["holderIdentity"]
    assert spec["leaseTransitions"] == 0
